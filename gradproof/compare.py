"""When two arrays agree: the one rule behind every verdict and every test.

    |actual - expected| <= RTOL |expected| + ATOL S G**2,
    S = max|cotangent| * max(1, max|input|),    G = max(1, max|gradient| / max|cotangent|)

A purely relative rule flags correct code as soon as gates saturate, because 1 - a**2 cancels; S is the size of the
numbers that such a difference was made from.  G is how much a gradient grows on its way back: a rounding error of a
hidden state reaches the gradient through the second derivative, which grows as the square.  benchmarks/
comparison_rule.py prints how close correct code comes to the bound, with and without G.
Shapes are compared exactly: broadcasting must not hide a (1, n) bias.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

RTOL = 1e-12
ATOL = 5e-13
# float32 has 29 bits fewer, but its own rounding stays well inside of that: the same command prints how far.
FLOAT32 = 2.0**27


@dataclass(frozen=True)
class Comparison:
    """Two arrays of one shape, element by element.

    wrong: where they differ by more than the rule allows.  index: the element that breaks it by most, or that comes
    closest.  error: max |actual - expected| / (|expected| + S), of which `digits` is the number of decimals.
    """

    wrong: NDArray[np.bool_]
    index: tuple[int, ...]
    actual: float
    expected: float
    max_abs: float
    max_rel: float
    error: float

    @property
    def agrees(self) -> bool:
        return not self.wrong.any()

    @property
    def digits(self) -> int:
        """Decimal digits to which the arrays agree, at most 16; 0 when they do not."""
        if not self.error < 1:
            return 0
        return min(16, int(-np.log10(self.error))) if self.error > 0 else 16


def magnitude(inputs: Iterable[NDArray[Any]], cotangents: Iterable[NDArray[Any]] | None = None) -> float:
    """S.  Without cotangents, for the outputs of a forward, their factor is 1."""
    return max(1.0, _largest(inputs)) * (1.0 if cotangents is None else _largest(cotangents))


def growth(gradients: Iterable[NDArray[Any]], cotangents: Iterable[NDArray[Any]]) -> float:
    """G, from the true gradients of one call."""
    upstream = _largest(cotangents)
    return max(1.0, _largest(gradients) / upstream) if upstream > 0 else 1.0


def _largest(arrays: Iterable[NDArray[Any]]) -> float:
    return max((float(np.abs(array).max(initial=0)) for array in arrays), default=0.0)


def compare(
    actual: NDArray[Any], expected: NDArray[Any], S: float, G: float = 1.0, *, float32: bool = False
) -> Comparison:
    """Compare under the rule, with float32's bounds when `actual` was rounded to it.

    The shapes must be the same.  An element that is not finite is wrong unless both are the same infinity or nan.
    Raises ValueError when the shapes differ, or S or G is not finite.
    """
    if not np.isfinite(S) or not np.isfinite(G):
        raise ValueError(f"S is {S} and G is {G}; expected finite numbers")
    if actual.shape != expected.shape:
        raise ValueError(f"actual has shape {actual.shape}; expected {expected.shape}")
    actual, expected = np.asarray(actual, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    same = (actual == expected) | (np.isnan(actual) & np.isnan(expected))
    with np.errstate(invalid="ignore", over="ignore"):
        difference = np.where(same, 0.0, np.abs(actual - expected))
    difference = np.where(np.isnan(difference), np.inf, difference)
    scale = np.where(np.isfinite(expected), np.abs(expected), 0.0)
    factor = FLOAT32 if float32 else 1.0
    allowed = factor * (RTOL * scale + ATOL * S * G**2)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        excess = np.where(difference == 0, 0.0, difference / np.maximum(allowed, np.finfo(float).tiny))
        relative = np.where(difference == 0, 0.0, difference / scale)
        error = np.where(difference == 0, 0.0, difference / (scale + S))
    index = tuple(int(i) for i in np.unravel_index(int(np.argmax(excess)), actual.shape)) if actual.size else ()
    return Comparison(
        wrong=difference > allowed,
        index=index,
        actual=float(actual[index]) if actual.size else 0.0,
        expected=float(expected[index]) if actual.size else 0.0,
        max_abs=float(difference.max(initial=0)),
        max_rel=float(relative.max(initial=0)),
        error=float(error.max(initial=0)),
    )
