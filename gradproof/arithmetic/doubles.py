"""The floats themselves as scalars: what dual numbers run on to give a gradient in float64."""

import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction

from .scalar import Scalar


class Doubles:
    name = "float64"

    @contextmanager
    def active(self) -> Iterator["Doubles"]:
        yield self

    def constant(self, value: Fraction) -> "Double":
        return Double(float(value), self)

    def suspect(self, value: float, reason: str) -> "Double":
        return Double(value, self)

    def unknown(self, reason: str) -> "Double":
        return Double(math.nan, self)

    def infinite(self, value: float) -> "Double":
        return Double(value, self)

    def variable(self, name: str, value: float) -> "Double":
        return Double(value, self)

    def pi(self) -> "Double":
        return Double(math.pi, self)


class Double(Scalar):
    __slots__ = ("engine", "x")
    taint = None

    def __init__(self, x: float, engine: Doubles):
        self.x, self.engine = x, engine

    @property
    def shadow(self) -> float:
        return self.x

    def is_constant(self) -> bool:
        return True

    def may_be(self, other: "Double") -> bool:
        return self.x == other.x

    def plus(self, other: "Double") -> "Double":
        return Double(self.x + other.x, self.engine)

    def minus(self, other: "Double") -> "Double":
        return Double(self.x - other.x, self.engine)

    def times(self, other: "Double") -> "Double":
        return Double(self.x * other.x, self.engine)

    def negative(self) -> "Double":
        return Double(-self.x, self.engine)

    def inverse(self) -> "Double":
        return Double(1 / self.x if self.x else math.copysign(math.inf, self.x), self.engine)

    def over(self, other: "Double") -> "Double":
        if other.x:
            return Double(self.x / other.x, self.engine)
        return self.times(other.inverse())

    def power(self, exponent: int) -> "Double":
        if not self.x and exponent < 0:
            return self.inverse()
        try:
            return Double(self.x**exponent, self.engine)
        except OverflowError:
            return Double(math.copysign(math.inf, self.x) if exponent % 2 else math.inf, self.engine)

    def exp(self) -> "Double":
        return self._by(math.exp, math.inf)

    def tanh(self) -> "Double":
        return self._by(math.tanh, math.nan)

    def log(self) -> "Double":
        return self._by(math.log, math.nan) if self.x else Double(-math.inf, self.engine)

    def log1p(self) -> "Double":
        return self._by(math.log1p, math.nan)

    def expm1(self) -> "Double":
        return self._by(math.expm1, math.inf)

    def sqrt(self) -> "Double":
        return self._by(math.sqrt, math.nan)

    def function(self, name: str) -> "Double":
        return self._by(getattr(math, name.replace("arc", "a")), math.nan)

    def _by(self, function: object, otherwise: float) -> "Double":
        result = otherwise
        with suppress(ValueError, OverflowError):
            result = function(self.x)  # type: ignore[operator]
        return Double(result, self.engine)
