"""Randomness that repeats: the same program has the same luck in every evaluation."""

from __future__ import annotations

import functools
import hashlib
import random
import secrets
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["derive_seed", "make_unseeded_generators_follow", "seed_everything", "wide_seed"]


def derive_seed(seed: int, *path: int | str) -> int:
    """A seed of 32 bits for what the path names, such as ``derive_seed(seed, instance, episode)``.

    It tells nothing of the other seeds, unless ``seed`` can be guessed: then it tells all. See `wide_seed`.
    """
    return int.from_bytes(_hashed(seed, *path)[:4], "big")


def wide_seed(random_seed: int | None) -> int:
    """A seed of 128 bits that no program guesses: drawn, or, for a run that can be repeated, derived from a number.

    A derived one is as safe as the number: whoever tries all small numbers finds it.
    """
    if random_seed is None:
        return secrets.randbits(128)
    return int.from_bytes(_hashed(random_seed, "episodes")[:16], "big")


def _hashed(*path: int | str) -> bytes:
    return hashlib.sha256("/".join(map(str, path)).encode()).digest()


def seed_everything(seed: int, domain: object = None) -> None:
    """Fix `random`, `numpy.random` and the domain, if it has a method ``seed``."""
    random.seed(seed)
    np.random.seed(seed)
    seed_domain = getattr(domain, "seed", None)
    if callable(seed_domain):
        seed_domain(seed)


def make_unseeded_generators_follow() -> None:
    """Make generators that nobody seeds take their seed from `random` rather than from the operating system.

    Programs like to write ``numpy.random.default_rng()`` or ``random.Random()``; a gymnasium space that is sampled, or
    an environment that is reset, without a seed does the same. It changes these libraries: only for a process of ours.
    """
    original = random.Random.seed

    def seed(self: random.Random, a: Any = None, version: int = 2) -> None:
        original(self, random.getrandbits(64) if a is None else a, version)

    random.Random.seed = seed  # type: ignore[method-assign]
    np.random.default_rng = _following(np.random.default_rng)
    try:
        from gymnasium.utils import seeding
    except ImportError:
        return
    seeding.np_random = _following(seeding.np_random)


def _following(original: Callable[..., Any]) -> Any:
    @functools.wraps(original)
    def seeded(seed: Any = None) -> Any:
        return original(random.getrandbits(32) if seed is None else seed)

    return seeded
