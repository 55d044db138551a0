"""The exceptions of skdecide_elm.

::

    ElmError
    ├── ConfigError            a setting that cannot work (also a ValueError)
    ├── UnsupportedDomainError a domain that lacks a characteristic the solver needs (also a TypeError)
    ├── ProgramError           a program that cannot be used
    │   ├── MarkerError        evolve-block markers missing, nested or unmatched
    │   └── PlannerError       a program that does not define a usable Planner
    ├── ReplyError             an LLM reply from which no child program can be made
    ├── RequestError           an LLM request that failed for good
    ├── ReplayError            a request to which a recording has no reply
    ├── MissingDomainError     sample_action needs the rollout domain and did not get it
    ├── CheckpointError        a checkpoint that is damaged, foreign or too new
    └── EvaluationError        the evaluation machinery itself failed (never the program under test)

Every message says what was expected, what was found, and what to do about it.
"""

__all__ = [
    "CheckpointError",
    "ConfigError",
    "ElmError",
    "EvaluationError",
    "MarkerError",
    "MissingDomainError",
    "PlannerError",
    "ProgramError",
    "ReplayError",
    "ReplyError",
    "RequestError",
    "UnsupportedDomainError",
]


class ElmError(Exception):
    """Base of all exceptions that skdecide_elm raises on purpose."""


class ConfigError(ElmError, ValueError):
    """A setting that cannot work."""


class UnsupportedDomainError(ElmError, TypeError):
    """A domain that lacks a characteristic the solver needs."""


class ProgramError(ElmError):
    """A program that cannot be used."""


class MarkerError(ProgramError, ValueError):
    """Evolve-block markers are missing, nested or unmatched."""


class PlannerError(ProgramError):
    """A program that does not define a usable ``Planner``."""


class ReplyError(ElmError):
    """An LLM reply from which no child program can be made.

    ``kind`` is a short stable name under which the run's statistics count the reply.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class RequestError(ElmError):
    """An LLM request that failed for good.

    ``kind`` is the name of the error that ended it, under which the run's statistics count it; ``attempts`` are the
    requests that were made.
    """

    def __init__(self, kind: str, message: str, attempts: int = 1) -> None:
        super().__init__(message)
        self.kind = kind
        self.attempts = attempts


class ReplayError(ElmError):
    """A request to which a recording has no reply."""


class MissingDomainError(ElmError, ValueError):
    """``sample_action`` needs the rollout domain and did not get it."""


class CheckpointError(ElmError):
    """A checkpoint that is damaged, foreign or too new."""


class EvaluationError(ElmError):
    """The evaluation machinery itself failed; the program under test is not to blame."""
