"""Dual numbers over any of the arithmetics: a forward that runs on them gives its own directional derivatives.

A dual number is a primal and its derivatives in some directions: x + dx_1 e_1 + dx_2 e_2 + ... with e_i e_j = 0
(Wengert, "A simple automatic derivative evaluation program", Communications of the ACM, 1964).  With <u, v> the sum of
the products of all elements, a backward is right when

    <cotangents, J v> = <gradients, v>

for a direction v; over a field, with random residues for v, that decides it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import numpy as np

from .scalar import Scalar, Unsupported

DERIVATIVES = {
    "sin": lambda x: x.function("cos"),
    "cos": lambda x: -x.function("sin"),
    "tan": lambda x: 1 + x.function("tan") ** 2,
    "arcsin": lambda x: 1 / (1 - x * x).sqrt(),
    "arccos": lambda x: -1 / (1 - x * x).sqrt(),
    "arctan": lambda x: 1 / (1 + x * x),
    "arcsinh": lambda x: 1 / (1 + x * x).sqrt(),
    "arccosh": lambda x: 1 / (x * x - 1).sqrt(),
    "arctanh": lambda x: 1 / (1 - x * x),
    "erf": lambda x: 2 / x.engine.pi().sqrt() * (-x * x).exp(),
    "erfc": lambda x: -2 / x.engine.pi().sqrt() * (-x * x).exp(),
}


class Duals:
    """Dual numbers over `base`, with derivatives in `directions` directions."""

    def __init__(self, base: Any, directions: int):
        self.base, self.directions = base, directions
        self.name = base.name
        floats = base.name == "float64"
        zero = 0.0 if floats else base.constant(Fraction(0))
        self.none = np.full(directions, zero, dtype=np.float64 if floats else object)

    @contextmanager
    def active(self) -> Iterator["Duals"]:
        with self.base.active():
            yield self

    def constant_of(self, value: Scalar) -> "Dual":
        return value if isinstance(value, Dual) else Dual(value, self.none, self)

    def constant(self, value: Fraction) -> "Dual":
        return Dual(self.base.constant(value), self.none, self)

    def suspect(self, value: float, reason: str) -> "Dual":
        return Dual(self.base.suspect(value, reason), self.none, self)

    def unknown(self, reason: str) -> "Dual":
        return Dual(self.base.unknown(reason), self.none, self)

    def infinite(self, value: float) -> "Dual":
        return Dual(self.base.infinite(value), self.none, self)

    def variable(self, name: str, value: float) -> "Dual":
        return Dual(self.base.variable(name, value), self.none, self)

    def pi(self) -> "Dual":
        return Dual(self.base.pi(), self.none, self)


class Dual(Scalar):
    """The primal x and its derivatives d, an array with one for each direction."""

    __slots__ = ("d", "engine", "x")

    def __init__(self, x: Any, d: Any, engine: Duals):
        self.x, self.d, self.engine = x, d, engine

    @property
    def shadow(self) -> float:
        return float(self.x.shadow)

    @property
    def taint(self) -> str | None:  # type: ignore[override]
        return self.x.taint

    def is_constant(self) -> bool:
        return self.d is self.engine.none and self.x.is_constant()

    def may_be(self, other: "Dual") -> bool:
        return bool(self.x.may_be(other.x))

    def _chain(self, value: Any, derivative: Any) -> "Dual":
        return Dual(value, scaled(self.d, derivative), self.engine)

    def plus(self, other: "Dual") -> "Dual":
        return Dual(self.x + other.x, self.d + other.d, self.engine)

    def minus(self, other: "Dual") -> "Dual":
        return Dual(self.x - other.x, self.d - other.d, self.engine)

    def times(self, other: "Dual") -> "Dual":
        return Dual(self.x * other.x, scaled(self.d, other.x) + scaled(other.d, self.x), self.engine)

    def negative(self) -> "Dual":
        return Dual(-self.x, -self.d, self.engine)

    def inverse(self) -> "Dual":
        inverse = 1 / self.x
        return self._chain(inverse, -inverse * inverse)

    def power(self, exponent: int) -> "Dual":
        if exponent == 0:
            return self.engine.constant(Fraction(1))
        return self._chain(self.x.power(exponent), self.x.power(exponent - 1) * exponent)

    def exp(self) -> "Dual":
        e = self.x.exp()
        return self._chain(e, e)

    def tanh(self) -> "Dual":
        t = self.x.tanh()
        return self._chain(t, 1 - t * t)

    def log(self) -> "Dual":
        return self._chain(self.x.log(), 1 / self.x)

    def log1p(self) -> "Dual":
        return self._chain(self.x.log1p(), 1 / (1 + self.x))

    def expm1(self) -> "Dual":
        return self._chain(self.x.expm1(), self.x.exp())

    def sqrt(self) -> "Dual":
        root = self.x.sqrt()
        return self._chain(root, 1 / (2 * root))

    def function(self, name: str) -> "Dual":
        if name not in DERIVATIVES:
            raise Unsupported(f"the derivative of {name}")
        return self._chain(self.x.function(name), DERIVATIVES[name](self.x))

    def piecewise(self, constant: Any) -> "Dual":
        return Dual(self.x.piecewise(constant), self.engine.none, self.engine)


def scaled(d: Any, factor: Scalar) -> Any:
    """Derivatives times a number; in float64 all at once."""
    if d.dtype != object:
        return d * factor.shadow
    each = np.empty(len(d), dtype=object)
    each[:] = [derivative * factor for derivative in d]
    return each


def seeded(engine: Duals, primals: list[Scalar], directions: Any) -> list[Dual]:
    """The dual numbers of these primals; directions (primals, directions), floats or numbers of the base."""
    return [Dual(x, d, engine) for x, d in zip(primals, directions, strict=True)]
