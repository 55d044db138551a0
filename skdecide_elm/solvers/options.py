"""What the constructors of all solvers have in common: how programs are evaluated, how a search runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from openevolve.config import Config, EvaluatorConfig
from openevolve.prompt.templates import TemplateManager
from skdecide import Domain

from skdecide_elm.backends.backend import BackendSettings
from skdecide_elm.backends.openevolve import Arms, ProposalOptions
from skdecide_elm.errors import ConfigError, ProgramError
from skdecide_elm.evaluation import RolloutTask, ScriptTask, Task, WorkerMode
from skdecide_elm.evaluation.dask_executor import Parallel
from skdecide_elm.evaluation.racing import DEFAULT_ERROR_RATE, check_error_rate
from skdecide_elm.evaluation.randomness import wide_seed
from skdecide_elm.evaluation.tasks import Tasks

__all__ = [
    "EvaluationOptions",
    "RunOptions",
    "episodes_seed",
    "evaluation_seconds",
    "positive",
    "read_program",
    "system_message",
]

_DEFAULT_SECONDS = 60.0


@dataclass(frozen=True)
class EvaluationOptions:
    """What a solver makes of evaluations; the solvers' docstrings say what each means."""

    validation_domain_factories: Sequence[Callable[[], Domain]] | None
    test_domain_factories: Sequence[Callable[[], Domain]] | None
    validation_candidates: int
    evaluator_racing: float
    evaluator_cache: bool
    has_own_seed: bool

    @property
    def racing(self) -> float | None:
        """The error rate of races; None without races.

        Raises:
            ConfigError: it can be none.
        """
        if not self.evaluator_racing:
            return None
        rate = DEFAULT_ERROR_RATE if self.evaluator_racing is True else float(self.evaluator_racing)
        check_error_rate(rate)
        return rate


@dataclass(frozen=True)
class RunOptions:
    """How a solver runs its search; the solvers' docstrings say what each means."""

    evaluator_path: str | Path | None
    output_dir: str | Path | None
    target_score: float | None
    nb_iterations: int | None
    evaluator_parallel: Parallel
    evaluator_worker_mode: WorkerMode | None
    evaluation: EvaluationOptions
    proposals: ProposalOptions

    @property
    def folder(self) -> Path | None:
        """Where results are written, wherever the caller goes next."""
        return None if self.output_dir is None else Path(self.output_dir).resolve()

    def iterations(self, config: Config) -> int:
        """How many iterations `solve` makes.

        Raises:
            ConfigError: less than one.
        """
        return positive("nb_iterations", config.max_iterations if self.nb_iterations is None else self.nb_iterations)

    def workers(self, config: Config) -> Parallel:
        """Evaluations at a time; the configuration's default of 1 cannot be told from a choice and means: one per core.

        Raises:
            ConfigError: less than one.
        """
        asked = self.evaluator_parallel
        if asked is not None:
            return positive("evaluator_parallel", asked) if isinstance(asked, int) else asked
        configured: int = config.evaluator.parallel_evaluations
        return configured if configured > 1 else None

    def backend_settings(self, config: Config, identity: dict[str, str], arms: Arms) -> BackendSettings:
        """What the search behind the solver needs to know.

        Args:
            identity: what the search is about, by name.
            arms: who proposes.

        Raises:
            ConfigError: a number below one.
        """
        return BackendSettings(
            identity=identity,
            output_dir=self.folder,
            checkpoint_interval=config.checkpoint_interval,
            workers=self.workers(config),
            worker_mode=self.evaluator_worker_mode,
            cached=self.evaluation.evaluator_cache,
            candidates=positive("validation_candidates", self.evaluation.validation_candidates),
            keeps_seed=self.evaluation.has_own_seed,
            record=arms.record,
        )

    def tasks(self, task: RolloutTask, features: Sequence[str]) -> Tasks:
        """What programs are evaluated on.

        Args:
            features: descriptors that the search asks for, beside those of the task.

        Raises:
            ConfigError: there is no such script.
        """
        described = replace(task, descriptors=tuple(dict.fromkeys([*task.descriptors, *features])))
        script = None if self.evaluator_path is None else _script_task(task, self.evaluator_path)
        validation, test = self.evaluation.validation_domain_factories, self.evaluation.test_domain_factories
        return Tasks(described, script, tuple(validation or ()), tuple(test or ()))


def read_program(path: str | Path) -> str:
    """The text of the program in a file.

    Raises:
        ProgramError: there is no such file, or it is not UTF-8 text.
    """
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ProgramError(
            f"expected the text of a program at {path}; {error}; give the path of a Python file"
        ) from error


def system_message(config: Config) -> str:
    """The system message of a configuration: its text, or the template that it names."""
    message: str = config.prompt.system_message
    templates = TemplateManager(custom_template_dir=config.prompt.template_dir)
    return str(templates.templates.get(message, message))


def episodes_seed(evaluator_seed: int | None, config: Config, is_seeded: bool) -> int:
    """The seed of the episodes: as asked for, or one that no program guesses.

    Args:
        is_seeded: whether the configuration's ``random_seed`` was chosen, so that the run shall be repeatable.
    """
    return wide_seed(config.random_seed if is_seeded else None) if evaluator_seed is None else evaluator_seed


def evaluation_seconds(evaluator_timeout: float | None, config: Config) -> float:
    """The time limit of an evaluation; the configuration's default cannot be told from a choice and means: 60."""
    configured = float(config.evaluator.timeout)
    default = _DEFAULT_SECONDS if configured == EvaluatorConfig().timeout else configured
    return default if evaluator_timeout is None else evaluator_timeout


def positive(name: str, value: int) -> int:
    """A number of at least 1.

    Raises:
        ConfigError: it is less.
    """
    if value < 1:
        raise ConfigError(f"expected {name} to be at least 1; found {value}")
    return value


def _script_task(task: RolloutTask, evaluator_path: str | Path) -> Task:
    script = Path(evaluator_path).resolve()
    if not script.is_file():
        raise ConfigError(
            f"expected a script with evaluate(program_path) at {script}; there is none; check evaluator_path"
        )
    return ScriptTask(str(script), task.timeout, task.memory_limit_mb)
