"""`ELM`: an environment and an algorithm from one configuration."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from skdecide_elm.elm.environments import ENVIRONMENTS
from skdecide_elm.elm.map_elites import CVTMAPElites, MAPElites
from skdecide_elm.elm.protocols import Environment
from skdecide_elm.errors import ConfigError

__all__ = ["ELM", "CVTMAPElitesConfig", "ELMConfig", "MAPElitesConfig"]


@dataclass(frozen=True)
class _QDConfig:
    """What both algorithms need.

    Attributes:
        init_steps: random steps.
        total_steps: all steps, the random ones included.
        atol: how close to the environment's highest fitness is near enough to stop.
        history_length: solutions kept per niche.
        save_history: keep every solution.
        seed: of the algorithm.
    """

    init_steps: int = 250
    total_steps: int = 2500
    atol: float = 0.0
    history_length: int = 1
    save_history: bool = False
    seed: int = 42


@dataclass(frozen=True)
class MAPElitesConfig(_QDConfig):
    """MAP-Elites on a grid.

    Attributes:
        map_grid_size: niches per dimension: one number for all, or one for each.
    """

    map_grid_size: tuple[int, ...] = (5,)


@dataclass(frozen=True)
class CVTMAPElitesConfig(_QDConfig):
    """MAP-Elites around centroids.

    Attributes:
        n_niches: how many.
        cvt_samples: points that are clustered to find the centroids.
    """

    n_niches: int = 12
    cvt_samples: int = 10_000


@dataclass(frozen=True)
class ELMConfig:
    """An environment by name with its arguments, and an algorithm.

    Attributes:
        env: one of `skdecide_elm.elm.ENVIRONMENTS`.
        env_options: its arguments.
        qd: the algorithm.
    """

    env: str = "function_optim"
    env_options: dict[str, Any] = field(default_factory=dict)
    qd: MAPElitesConfig | CVTMAPElitesConfig = field(default_factory=MAPElitesConfig)


class ELM:
    """Runs an algorithm on an environment.

    Args:
        config: what to run.
        env: an environment instead of the one that the configuration names.

    Attributes:
        environment: the environment.
        qd_algorithm: the algorithm, with its maps.

    Raises:
        ConfigError: there is no environment of that name.
    """

    def __init__(self, config: ELMConfig, env: Environment[Any] | None = None) -> None:
        self.config = config
        if env is None and config.env not in ENVIRONMENTS:
            raise ConfigError(f"expected an environment among {', '.join(ENVIRONMENTS)}; found {config.env!r}")
        self.environment: Environment[Any] = env or ENVIRONMENTS[config.env](**config.env_options)
        self.qd_algorithm = _algorithm(self.environment, config.qd)

    def run(self, init_steps: int | None = None, total_steps: int | None = None) -> str:
        """Run the algorithm; the numbers of steps default to those of the configuration.

        Returns:
            The best solution as a text.
        """
        qd = self.config.qd
        return self.qd_algorithm.search(
            qd.init_steps if init_steps is None else init_steps,
            qd.total_steps if total_steps is None else total_steps,
            qd.atol,
        )


def _algorithm(
    env: Environment[Any], config: MAPElitesConfig | CVTMAPElitesConfig
) -> MAPElites[Any] | CVTMAPElites[Any]:
    shared: dict[str, Any] = {
        "history_length": config.history_length,
        "save_history": config.save_history,
        "seed": config.seed,
    }
    if isinstance(config, CVTMAPElitesConfig):
        return CVTMAPElites(env, config.n_niches, cvt_samples=config.cvt_samples, **shared)
    size = config.map_grid_size
    return MAPElites(env, size[0] if len(size) == 1 else size, **shared)
