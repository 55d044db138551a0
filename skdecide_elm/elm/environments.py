"""Three small environments that run in seconds: a function, a string, an image."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ENVIRONMENTS",
    "FunctionOptim",
    "ImageGeneration",
    "ImageOptim",
    "MatchString",
    "Text",
    "Vector",
    "ackley",
    "draw",
]

Array = NDArray[np.float64]


def ackley(x: Array) -> float:
    """Ackley's function (1987): many local minima, and the global one, 0, at the origin."""
    return float(20 + np.e - 20 * np.exp(-0.2 * np.sqrt(np.mean(x**2))) - np.exp(np.mean(np.cos(2 * np.pi * x))))


@dataclass(frozen=True)
class Vector:
    """Numbers that are their own phenotype."""

    values: Array

    def __str__(self) -> str:
        return f"({', '.join(f'{value:.6g}' for value in self.values)})"

    def to_phenotype(self) -> Array:
        """The numbers."""
        return self.values


class FunctionOptim:
    """Find the minima of Ackley's function; behaviour is the point itself.

    Args:
        ndim: of the points.
        seed: of all draws.
    """

    batch_size = 1
    max_fitness = 0.0

    def __init__(self, ndim: int = 2, seed: int = 0) -> None:
        self.behavior_space: Array = np.array([[-4.0] * ndim, [4.0] * ndim])
        self.rng = np.random.default_rng(seed)

    def random(self) -> list[Vector]:
        """A point drawn uniformly."""
        low, high = self.behavior_space
        return [Vector(self.rng.uniform(low, high))]

    def mutate(self, genomes: Sequence[Vector]) -> list[Vector]:
        """Move one coordinate of each."""
        return [Vector(_with_one_moved(genome.values, self.rng, 1.0)) for genome in genomes]

    def fitness(self, genome: Vector) -> float:
        """Minus the value of the function."""
        return -ackley(genome.values)


@dataclass(frozen=True)
class Text:
    """A string as numbers, one per letter, between which search can move."""

    values: Array

    def __str__(self) -> str:
        letters = np.clip(np.round(self.values).astype(int), 0, len(string.ascii_letters) - 1)
        return "".join(string.ascii_letters[letter] for letter in letters)

    def to_phenotype(self) -> Array:
        """The first two numbers: maps of all letters would be too large."""
        return self.values[:2]


class MatchString:
    """Find a string; fitness is minus the distance of its letters in the alphabet.

    Args:
        target: the string, of two or more ASCII letters.
        batch_size: variants per step.
        seed: of all draws.
    """

    max_fitness = 0.0

    def __init__(self, target: str = "MapElites", batch_size: int = 1, seed: int = 0) -> None:
        if len(target) < 2 or any(letter not in string.ascii_letters for letter in target):
            raise ValueError(f"expected a target of two or more ASCII letters; found {target!r}")
        self._target = np.array([string.ascii_letters.index(letter) for letter in target], dtype=float)
        self.batch_size = batch_size
        self.behavior_space: Array = np.array([[0.0, 0.0], [float(len(string.ascii_letters))] * 2])
        self.rng = np.random.default_rng(seed)

    def random(self) -> list[Text]:
        """Strings of letters drawn uniformly."""
        size = (self.batch_size, len(self._target))
        return [Text(values) for values in self.rng.uniform(0, len(string.ascii_letters), size)]

    def mutate(self, genomes: Sequence[Text]) -> list[Text]:
        """Move one letter of each."""
        return [Text(_with_one_moved(genome.values, self.rng, 5.0)) for genome in genomes]

    def fitness(self, genome: Text) -> float:
        """Minus the sum of the distances of the letters."""
        return -float(np.abs(np.round(genome.values) - self._target).sum())


@dataclass(frozen=True)
class ImageGeneration:
    """An image and the drawing program that made it: one circle per line, ``x y radius red green blue``."""

    program_str: str
    result_obj: Array = field(repr=False)

    def __str__(self) -> str:
        grey = self.result_obj.mean(axis=-1)
        return "\n".join("".join(" .:-=#"[int(value / 256 * 6)] for value in row) for row in grey[::2])

    def to_phenotype(self) -> Array:
        """Mean of the red, green and blue channel."""
        mean: Array = self.result_obj.mean(axis=(0, 1))
        return mean


class ImageOptim:
    """Draw a target image, by programs of a small drawing language (executed here, and harmless).

    Args:
        size: of the images, in pixels per side.
        target: an array of shape (size, size, 3); None: a yellow circle in the middle of black.
        mutate_program: varies the text of a program, such as an LLM; None: numbers of a line are redrawn, and lines
            added and removed.
        seed: of all draws.
    """

    batch_size = 1
    max_fitness = 0.0

    def __init__(
        self,
        size: int = 32,
        target: Array | None = None,
        mutate_program: Callable[[str], str] | None = None,
        seed: int = 0,
    ) -> None:
        middle = f"{size / 2} {size / 2} {size / 3.2} 255 255 0"
        self._size = size
        self._target = draw(middle, size) if target is None else target
        self._mutate_program = mutate_program or self._vary
        self.behavior_space: Array = np.array([[0.0] * 3, [255.0] * 3])
        self.rng = np.random.default_rng(seed)

    def random(self) -> list[ImageGeneration]:
        """An image of one circle."""
        return self._drawn([self._circle()])

    def mutate(self, genomes: Sequence[ImageGeneration]) -> list[ImageGeneration]:
        """Images of varied programs; a program that cannot be drawn is dropped."""
        return self._drawn([self._mutate_program(genome.program_str) for genome in genomes])

    def fitness(self, genome: ImageGeneration) -> float:
        """Minus the mean absolute difference to the target, per pixel and channel."""
        return -float(np.abs(genome.result_obj - self._target).mean())

    def _drawn(self, programs: Sequence[str]) -> list[ImageGeneration]:
        images = []
        for program in programs:
            try:
                images.append(ImageGeneration(program, draw(program, self._size)))
            except ValueError:
                continue
        return images

    def _vary(self, program: str) -> str:
        lines = program.splitlines()
        choice = self.rng.random()
        if choice < 0.15 and len(lines) < 8:
            return "\n".join([*lines, self._circle()])
        index = int(self.rng.integers(len(lines)))
        if choice < 0.3 and len(lines) > 1:
            del lines[index]
            return "\n".join(lines)
        numbers, fresh = lines[index].split(), self._circle().split()
        which = int(self.rng.integers(len(numbers)))
        numbers[which] = fresh[which]
        lines[index] = " ".join(numbers)
        return "\n".join(lines)

    def _circle(self) -> str:
        place = self.rng.uniform(0, self._size, 2)
        radius = self.rng.uniform(1, self._size / 2)
        return " ".join(f"{value:.1f}" for value in (*place, radius, *self.rng.uniform(0, 255, 3)))


def draw(program: str, size: int) -> Array:
    """The image of a drawing program, of shape (size, size, 3), each channel from 0 to 255.

    Raises:
        ValueError: a line is not six numbers.
    """
    image = np.zeros((size, size, 3))
    rows, columns = np.mgrid[:size, :size]
    for line in program.splitlines():
        x, y, radius, *colour = map(float, line.split())
        if len(colour) != 3:
            raise ValueError(f"expected x y radius red green blue; found {line!r}")
        image[(columns - x) ** 2 + (rows - y) ** 2 <= radius**2] = np.clip(colour, 0, 255)
    return image


def _with_one_moved(values: Array, rng: np.random.Generator, scale: float) -> Array:
    moved: Array = values.copy()
    moved[rng.integers(len(moved))] += rng.uniform(-scale, scale)
    return moved


ENVIRONMENTS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {"function_optim": FunctionOptim, "match_string": MatchString, "image_evolution": ImageOptim}
)
"""By OpenELM's names."""
