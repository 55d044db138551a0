"""Numbers for readers."""

from __future__ import annotations

import math

__all__ = ["count", "number", "percent", "plural", "short", "ticks"]


def number(value: float | None) -> str:
    """A score or a measure, to six digits; a dash where there is none."""
    return "–" if value is None or math.isnan(value) else _signed(f"{value:.6g}")


def short(value: float) -> str:
    """For an axis: to four digits."""
    return _signed(f"{value:.4g}" if abs(value) < 10_000 or not math.isfinite(value) else f"{value:,.0f}")


def count(value: int) -> str:
    """A whole number, by thousands."""
    return f"{value:,}"


def plural(value: int, one: str, many: str) -> str:
    """A number with its noun."""
    return f"{count(value)} {one if value == 1 else many}"


def percent(share: float) -> str:
    """A part of the whole; what is not nothing does not look like nothing."""
    return "<1%" if 0 < share < 0.01 else f"{share:.0%}"


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers from ``low`` to ``high``, some ``about`` of them."""
    rough = (high - low) / about
    if not rough > 0 or not math.isfinite(rough):
        return [low]
    magnitude = 10.0 ** math.floor(math.log10(rough))
    step = next(step for step in (magnitude, 2 * magnitude, 5 * magnitude, 10 * magnitude) if step >= rough)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [tick * step for tick in range(first, last + 1)]


def _signed(text: str) -> str:
    return text.replace("inf", "∞").replace("-", "−")
