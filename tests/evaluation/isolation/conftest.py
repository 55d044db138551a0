"""A jail per user, and folders that this user may enter. Linux only: elsewhere there is nothing to confine with."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.platform == "linux":
    from jail import NOBODY, Jail

    IS_ROOT = os.getuid() == 0

    @pytest.fixture(scope="session", params=["root", "ordinary"] if IS_ROOT else ["ordinary"])
    def jail(request) -> Iterator[Jail]:
        found = Jail(NOBODY if IS_ROOT and request.param == "ordinary" else None)
        yield found
        found.close()

    @pytest.fixture
    def base(jail) -> Iterator[Path]:
        """A folder of the jail's user; not below pytest's own, which only the user who runs it can enter."""
        path = Path(tempfile.mkdtemp(prefix="isolation_")).resolve()
        jail.give(path)
        yield path
        shutil.rmtree(path)

    @pytest.fixture
    def folder(base, jail) -> Path:
        """A private folder to run in, one level down."""
        path = base / "private"
        path.mkdir()
        jail.give(path)
        return path

else:
    collect_ignore_glob = ["*.py"]
