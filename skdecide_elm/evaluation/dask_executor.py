"""Evaluations on dask, by name or address: a client that is ours to open and to close."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, TypeAlias

from skdecide_elm.errors import ConfigError, EvaluationError
from skdecide_elm.evaluation.executor_pool import Workers
from skdecide_elm.evaluation.pool import default_worker_count

__all__ = ["DaskExecutor", "Parallel"]

Parallel: TypeAlias = "Workers | str"
"""Evaluations at a time, None: one per core; or an executor that runs them; or where dask is, see `DaskExecutor`."""

_LOCAL = "dask"
_CONNECT_SECONDS = 30


class DaskExecutor:
    """An executor that connects to dask when it is first used, and again after it was closed.

    Args:
        where: ``dask``: the cluster of the client that is open in this process, or a local one with a process per core
            if none is; or the address of a scheduler, such as ``tcp://host:8786``.

    Raises:
        ConfigError: neither of these, or `distributed` is not installed.
    """

    def __init__(self, where: str) -> None:
        if where != _LOCAL and "://" not in where:
            raise ConfigError(
                f"expected a number of evaluations at a time, an executor, 'dask', or the address of a dask scheduler "
                f"such as 'tcp://host:8786'; found {where!r}"
            )
        try:
            import distributed  # noqa: F401 - an extra: it is wanted only here
        except ImportError as error:
            raise ConfigError(
                f"expected the package distributed for evaluations on {where!r}; it is not installed; "
                f"pip install skdecide_elm[dask]"
            ) from error
        self._where = where
        self._lock = threading.Lock()
        self._client: Any = None
        self._opened = ExitStack()

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Any:
        """Have a function called on the cluster.

        Raises:
            EvaluationError: no scheduler answers.
        """
        return self._connected().submit(function, *arguments)

    def nthreads(self) -> dict[str, int]:
        """Functions called at a time, by worker. Raises as `submit` does."""
        return dict(self._connected().nthreads())

    def close(self) -> None:
        """Disconnect, and end the cluster if it was started here; a client that others have opened stays open."""
        with self._lock:
            self._client = None
            self._opened.close()

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = self._local() if self._where == _LOCAL else self._open(self._where)
            return self._client

    def _local(self) -> Any:
        from distributed import LocalCluster, get_client

        try:
            return get_client()
        except ValueError:  # none is open
            # an evaluation has processes of its own beside the worker's
            make: Any = LocalCluster
            cluster = make(default_worker_count(), threads_per_worker=1, processes=True, dashboard_address=None)
            return self._open(self._opened.enter_context(cluster))

    def _open(self, where: Any) -> Any:
        from distributed import Client

        connect: Any = Client
        try:
            # not the default client: others in this process shall not meet it
            return self._opened.enter_context(connect(where, timeout=_CONNECT_SECONDS, set_as_default=False))
        except OSError as error:
            raise EvaluationError(
                f"expected a dask scheduler at {where}; {error}; check that it runs and can be reached"
            ) from error
