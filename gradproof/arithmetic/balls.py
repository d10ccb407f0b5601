"""Ball arithmetic: a number is a midpoint and a radius that certainly contains it, by Arb in python-flint.

Two balls that do not overlap are different numbers, however near; that is rigorous (Johansson, "Arb: efficient
arbitrary-precision midpoint-radius interval arithmetic", IEEE Transactions on Computers, 2017).
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import flint

from .record import described
from .scalar import Scalar

PRECISION = 256  # bits, four times as many on demand, up to
LARGEST_PRECISION = 4096
ROUNDING = 64  # units in the last place by which a constant may be off that was computed in floats
NAMES = {"arcsin": "asin", "arccos": "acos", "arctan": "atan", "arcsinh": "asinh", "arccosh": "acosh"}
NAMES["arctanh"] = "atanh"


class Balls:
    """The arithmetic at a precision in bits; `active` must hold around every computation with it."""

    name = "arb"

    def __init__(self, precision: int = PRECISION):
        self.precision = precision

    @contextmanager
    def active(self) -> Iterator["Balls"]:
        kept = flint.ctx.prec
        flint.ctx.prec = self.precision
        try:
            yield self
        finally:
            flint.ctx.prec = kept

    def constant(self, value: Fraction) -> "Ball":
        return Ball(flint.arb(flint.fmpq(value.numerator, value.denominator)), None, self)

    def suspect(self, value: float, reason: str) -> "Ball":
        """A rounded constant is a ball around it: what differs by more than its rounding still differs rigorously."""
        return Ball(flint.arb(value, ROUNDING * math.ulp(value)), reason, self)

    def unknown(self, reason: str) -> "Ball":
        return Ball(flint.arb.nan(), reason, self)

    def infinite(self, value: float) -> "Ball":
        return Ball(flint.arb(value), None, self)

    def variable(self, name: str, value: float) -> "Ball":
        return Ball(flint.arb(value), None, self)

    def pi(self) -> "Ball":
        return Ball(flint.arb.pi(), None, self)


class Ball(Scalar):
    __slots__ = ("engine", "taint", "x")

    def __init__(self, x: Any, taint: str | None, engine: Balls):
        self.x, self.taint, self.engine = x, taint, engine

    @property
    def shadow(self) -> float:
        return float(self.x)

    def is_constant(self) -> bool:
        return bool(self.x.is_exact())

    def may_be(self, other: "Ball") -> bool:
        return bool(self.x.overlaps(other.x))

    def plus(self, other: "Ball") -> "Ball":
        return Ball(self.x + other.x, self.taint or other.taint, self.engine)

    def minus(self, other: "Ball") -> "Ball":
        return Ball(self.x - other.x, self.taint or other.taint, self.engine)

    def times(self, other: "Ball") -> "Ball":
        return Ball(self.x * other.x, self.taint or other.taint, self.engine)

    def over(self, other: "Ball") -> "Ball":
        return Ball(self.x / other.x, self.taint or other.taint, self.engine)

    def inverse(self) -> "Ball":
        return Ball(1 / self.x, self.taint, self.engine)

    def negative(self) -> "Ball":
        return Ball(-self.x, self.taint, self.engine)

    def power(self, exponent: int) -> "Ball":
        return Ball(self.x**exponent, self.taint, self.engine)

    def exp(self) -> "Ball":
        return Ball(self.x.exp(), self.taint, self.engine)

    def tanh(self) -> "Ball":
        return Ball(self.x.tanh(), self.taint, self.engine)

    def sinh(self) -> "Ball":
        return Ball(self.x.sinh(), self.taint, self.engine)

    def cosh(self) -> "Ball":
        return Ball(self.x.cosh(), self.taint, self.engine)

    def expm1(self) -> "Ball":
        return Ball(self.x.expm1(), self.taint, self.engine)

    def log1p(self) -> "Ball":
        return Ball(self.x.log1p(), self.taint, self.engine)

    def log(self) -> "Ball":
        return Ball(self.x.log(), self.taint, self.engine)

    def sqrt(self) -> "Ball":
        return Ball(self.x.sqrt(), self.taint, self.engine)

    def function(self, name: str) -> "Ball":
        arb = getattr(self.x, NAMES.get(name, name), None)
        if arb is not None:
            return Ball(arb(), self.taint, self.engine)
        if name == "cbrt":
            root = -(-self.x).root(3) if self.x < 0 else self.x.root(3)
            return Ball(root, self.taint, self.engine)
        return self.engine.unknown(self.taint or described(f"{name}, which balls do not compute,"))


def difference(actual: Ball, expected: Ball, digits: int) -> tuple[str, float, int]:
    """How two balls compare: "differs", "equal" or "unknown"; the relative size of the difference; decimals they share.

    "equal": the same to `digits` decimals, relative to the expected number.  There is no absolute floor: a wrong factor
    on a saturated gate makes a difference of 1e-87.
    """
    most = int(actual.engine.precision * math.log10(2))
    if not (actual.x.is_finite() and expected.x.is_finite()):
        return "unknown", math.nan, 0
    apart = actual.x - expected.x
    if apart.is_zero():
        return "equal", 0.0, most
    size = expected.x.abs_upper()
    if size.is_zero():
        return ("unknown" if apart.contains(0) else "differs"), math.inf, 0
    relative = apart.abs_upper() / size
    shared = int((-relative.log() / flint.arb(10).log()).lower().floor().unique_fmpz())
    if not apart.contains(0):
        return "differs", float(relative), shared
    near = expected.x.abs_lower() * flint.arb(10) ** -digits >= apart.abs_upper()
    return ("equal" if near else "unknown"), float(relative), min(shared, most)


def encoded(ball: Ball) -> list[Any]:
    """A ball as words that can be sent: midpoint and radius, each a mantissa and a power of two."""
    if not ball.x.is_finite():
        return [repr(float(ball.x))]
    return [hex(int(part)) for half in (ball.x.mid(), ball.x.rad()) for part in half.man_exp()]


def decoded(words: list[Any], taint: str | None, engine: Balls) -> Ball:
    """The ball of `encoded`.  Raises ValueError for anything else."""
    if len(words) == 1:
        return Ball(flint.arb(float(words[0])), taint, engine)
    mantissa, exponent, radius, scale = (int(word, 16) for word in words)
    if max(abs(exponent), abs(scale)) > 10**7 or max(mantissa.bit_length(), radius.bit_length()) > 10**5:
        raise ValueError("a ball of impossible size")
    middle, around = _exactly(mantissa, exponent), _exactly(radius, scale)
    return Ball(flint.arb(middle, around), taint, engine)


def _exactly(mantissa: int, exponent: int) -> Any:
    """mantissa * 2**exponent, without rounding."""
    kept = flint.ctx.prec
    flint.ctx.prec = max(kept, mantissa.bit_length() + 2)
    try:
        return flint.arb(mantissa) * flint.arb(2) ** exponent
    finally:
        flint.ctx.prec = kept
