"""Racing: a program that is clearly worse than the one it must beat does not play all episodes.

Programs meet the same luck (common random numbers), so their scores are compared episode by episode. After 5, 10, 20, …
episodes, a one-sided paired t-test asks whether the program is worse; the levels of these looks add up to the stated
error rate (Bonferroni), which bounds the chance that a program as good as the bar is stopped. Where all differences are
equal there is no variance to test against, and the sign test decides.

After the Hoeffding races of Maron and Moore (1994) and the F-race of Birattari et al. (2002), as in irace
(López-Ibáñez et al., 2016), which also looks first after five instances.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from skdecide_elm.errors import ConfigError

__all__ = ["DEFAULT_ERROR_RATE", "FIRST_LOOK", "Bar", "check_error_rate", "playing_order", "set_bar"]

DEFAULT_ERROR_RATE = 0.05

FIRST_LOOK = 5
"""Episodes before the first look; a task with no more of them has no races."""


@dataclass(frozen=True)
class Bar:
    """What a program must beat, as it travels to the referee.

    Attributes:
        scores: per episode, of the program to beat.
        looks: by number of episodes after which to look, the value of t below which the program has lost.
        level: of each look.
    """

    scores: tuple[float, ...]
    looks: Mapping[int, float]
    level: float

    def is_lost(self, scores: Mapping[int, float]) -> bool:
        """Whether a program with these scores, by number of the episode, is to be stopped now."""
        critical = self.looks.get(len(scores))
        if critical is None:
            return False
        differences = self._differences(scores)
        mean = fmean(differences)
        if not (math.isfinite(mean) and mean < 0):
            return False
        spread = stdev(differences)
        if spread <= 1e-12 * abs(mean):
            return bool(0.5 ** len(differences) <= self.level)
        return mean / (spread / math.sqrt(len(differences))) < critical

    def extrapolated(self, scores: Mapping[int, float]) -> float:
        """The total to expect of a program: the bar's total and, for each episode, the mean difference so far."""
        return math.fsum(self.scores) + len(self.scores) * fmean(self._differences(scores))

    def to_json(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {"scores": self.scores, "looks": list(self.looks.items()), "level": self.level}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Bar:
        """The inverse of `to_json`."""
        return cls(tuple(record["scores"]), dict(record["looks"]), record["level"])

    def _differences(self, scores: Mapping[int, float]) -> list[float]:
        return [score - self.scores[number] for number, score in scores.items()]


def set_bar(scores: Sequence[float], error_rate: float) -> Bar | None:
    """The bar that a program with these scores by episode sets; None where there are too few episodes to race.

    Args:
        error_rate: the chance, at most, that a program which is no worse is stopped.
    """
    counts = list(itertools.takewhile(lambda n: n < len(scores), (FIRST_LOOK * 2**k for k in itertools.count())))
    if not counts:
        return None
    from scipy.special import stdtrit  # here, because evaluation processes need none of it

    level = error_rate / len(counts)
    return Bar(tuple(scores), {count: float(stdtrit(count - 1, level)) for count in counts}, level)


def check_error_rate(error_rate: float) -> None:
    """Check that a race can have that error rate.

    Raises:
        ConfigError: it cannot.
    """
    if not 0 < error_rate < 0.5:
        raise ConfigError(f"expected an error rate of races between 0 and 0.5, such as 0.05; found {error_rate}")


def playing_order(instances: int, episodes: int) -> list[int]:
    """The numbers of a task's episodes in the order of a race: one of each instance, then another of each, …

    A task numbers them instance by instance.
    """
    return [instance * episodes + number for number in range(episodes) for instance in range(instances)]
