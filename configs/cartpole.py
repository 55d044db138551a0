"""What stands between CartPole and its programs."""

from collections.abc import Iterable

__all__ = ["to_numbers"]


def to_numbers(observation: Iterable[float]) -> list[float]:
    return [float(number) for number in observation]
