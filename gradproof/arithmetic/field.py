"""Arithmetic in a chain of finite fields, in which exp is a true homomorphism: equal expressions give equal residues.

A number is its residues modulo primes p_0 > p_1 > ... with p_j = k_j p_{j+1} + 1.  In the field of p_j there is an
element g_j of order p_{j+1}, so that

    exp(x) mod p_j = g_j ** (x mod p_{j+1}) mod p_j

satisfies exp(x + y) = exp(x) exp(y) exactly; it costs one level.  Inputs are random residues: two different rational
expressions agree on them with a probability of about degree / p (Schwartz 1980, Zippel 1979); the chain does the same
for exponentials, after Gonnet, "Determining equivalence of expressions in random polynomial time", STOC 1984.
notes/exact.md explains it.
"""

import hashlib
import math
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from operator import add, mul, neg, sub
from typing import Any

import flint

from .record import described
from .scalar import Scalar, Unsupported, minus, over, plus, times

BITS = 61  # of the smallest prime
LEVELS = 8
LARGEST_LEVELS = 64
MODULUS = 24  # primes are -1 modulo this: then -1 is no square, 2 and 3 are squares, and third roots are unique
TWO_SIGNS = "a square root, which has two signs in a field"


class LevelsExhausted(Exception):
    """More exponentials inside one another than the chain has levels."""


class Unlucky(Exception):
    """These random residues do not do, because a divisor is zero or a radicand no square; others will."""


class Field:
    """A chain of primes, and the random residues of its inputs, both from the seed."""

    name = "field"

    def __init__(self, levels: int = LEVELS, seed: int = 0):
        self.levels, self.seed = levels, seed
        generator = random.Random(f"chain {levels} {seed}")
        primes = [_prime(generator)]
        while len(primes) < levels:
            primes.append(_next(primes[-1]))
        primes.reverse()
        self.rings = [flint.fmpz_mod_ctx(p) for p in primes]
        self.roots = [_of_order(ring, (p - 1) // q) for ring, p, q in zip(self.rings, primes, primes[1:], strict=False)]
        self.constants: dict[Fraction, Residue] = {}

    @contextmanager
    def active(self) -> Iterator["Field"]:
        yield self

    def constant(self, value: Fraction) -> "Residue":
        if value not in self.constants:
            try:
                shadow = float(value)
            except OverflowError:
                shadow = math.inf if value > 0 else -math.inf
            self.constants[value] = Residue(self.residues(value), shadow, None, self, value)
        return self.constants[value]

    def suspect(self, value: float, reason: str) -> "Residue":
        exact = Fraction(value)
        return Residue(self.residues(exact), value, reason, self, exact)

    def unknown(self, reason: str) -> "Residue":
        return Residue((), math.nan, reason, self)

    def residues(self, value: Fraction) -> tuple[Any, ...]:
        try:
            return tuple(ring(value.numerator) / ring(value.denominator) for ring in self.rings)
        except ZeroDivisionError:
            raise Unlucky from None

    def infinite(self, value: float) -> "Residue":
        return self.unknown("nan") if math.isnan(value) else Residue((), value, None, self)

    def variable(self, name: str, value: float) -> "Residue":
        """Random residues: squares where the value is positive, and no squares where it is negative.

        Exponentials are squares, so that sqrt(x * x) is abs(x) for every product x of variables and exponentials.
        """
        generator = random.Random(f"{self.seed} {name}")
        drawn = [(ring(generator.getrandbits(192)), ring) for ring in self.rings]
        return Residue(tuple(x if _is_square(x, ring) == (value > 0) else -x for x, ring in drawn), value, None, self)

    def pi(self) -> "Residue":
        return self.variable("the circle constant", math.pi)


class Residue(Scalar):
    """The residues r, the first of them modulo p_0; as many as exponentials have left.  c: the rational that it is.

    An infinity has no residues, nor has a number of which nothing is known, whose shadow is nan.  u: the number that it
    is the exponential of, where that is known.
    """

    __slots__ = ("c", "engine", "r", "s", "taint", "u")

    def __init__(self, r: tuple[Any, ...], s: float, taint: str | None, engine: Field, c: Fraction | None = None):
        self.r, self.s, self.taint, self.engine, self.c = r, s, taint, engine, c
        self.u: Residue | None = None

    @property
    def shadow(self) -> float:
        return self.s

    def is_constant(self) -> bool:
        return self.c is not None

    def may_be(self, other: Scalar) -> bool:
        return same(self, other) is not False

    def mixed(self, other: Scalar, operation: Callable[[Any, Any], Any], reflected: bool) -> Any:
        return other.mixed(self, operation, not reflected)

    def plus(self, other: "Residue") -> "Residue":
        c = None if self.c is None or other.c is None else self.c + other.c
        return self._result(other, tuple(map(add, self.r, other.r)), self.s + other.s, c)

    def minus(self, other: "Residue") -> "Residue":
        c = None if self.c is None or other.c is None else self.c - other.c
        return self._result(other, tuple(map(sub, self.r, other.r)), self.s - other.s, c)

    def times(self, other: "Residue") -> "Residue":
        if (self.c == 0 and other.r) or (other.c == 0 and self.r):
            return self if self.c == 0 else other
        c = None if self.c is None or other.c is None else self.c * other.c
        return self._result(other, tuple(map(mul, self.r, other.r)), self.s * other.s, c)

    def over(self, other: "Residue") -> "Residue":
        return self.times(other.inverse())

    def negative(self) -> "Residue":
        return Residue(tuple(map(neg, self.r)), -self.s, self.taint, self.engine, None if self.c is None else -self.c)

    def inverse(self) -> "Residue":
        if not self.r:
            return self if math.isnan(self.s) else self.engine.constant(Fraction(0))
        if self.c == 0:
            return Residue((), math.inf, self.taint, self.engine)
        try:
            r = tuple(x.inverse() for x in self.r)
        except ZeroDivisionError:
            raise Unlucky from None
        c = None if self.c is None else 1 / self.c
        return Residue(r, 1 / self.s if self.s else math.inf, self.taint, self.engine, c)

    def power(self, exponent: int) -> "Residue":
        if exponent < 0:
            return self.inverse().power(-exponent)
        if exponent == 0:
            return self.engine.constant(Fraction(1))
        if not self.r:
            return Residue((), self.s**exponent, self.taint, self.engine)
        try:
            s = self.s**exponent
        except OverflowError:
            s = math.inf
        c = None if self.c is None else self.c**exponent
        return Residue(tuple(x**exponent for x in self.r), s, self.taint, self.engine, c)

    def exp(self) -> "Residue":
        if self.c == 0:
            return self.engine.constant(Fraction(1))
        if not self.r:
            return self if not self.s < 0 else self.engine.constant(Fraction(0))
        if len(self.r) < 2:
            raise LevelsExhausted
        r = tuple(g ** int(x) for g, x in zip(self.engine.roots, self.r[1:], strict=False))
        made = Residue(r, _exp(self.s), self.taint, self.engine)
        made.u = self
        return made

    def log(self) -> Any:
        if self.c == 1:
            return self.engine.constant(Fraction(0))
        if self.u is not None:
            return self.u
        if not self.r and not self.s < 0:  # infinite, or unknown
            return self
        if self.s <= 0 or not self.r:
            if self.c == 0:
                return Residue((), -math.inf, self.taint, self.engine)
            raise Unsupported("the logarithm of a number that is not positive")
        return Logarithm(self, 1, math.log(self.s))

    def sqrt(self) -> "Residue":
        """The root that is a square itself: of these the product is again one, so that roots multiply."""
        if self.c == 0 or (not self.r and not self.s < 0):
            return self
        if self.s < 0:
            raise Unsupported("the square root of a negative number")
        if self.c is not None and (exact := _root(self.c)) is not None:
            return self.engine.constant(exact)
        r = []
        for x, ring in zip(self.r, self.engine.rings, strict=False):
            root = x ** ((int(ring.modulus()) + 1) // 4)
            if root * root != x:
                break
            r.append(root)
        if not r:
            raise Unlucky
        return Residue(tuple(r), math.sqrt(self.s), self.taint or TWO_SIGNS, self.engine)

    def root(self, degree: int) -> "Residue | None":
        """The positive root of a positive number whose degree is a product of twos and threes; None of others."""
        result = self
        while degree % 3 == 0:
            result, degree = result.cbrt(), degree // 3
        while degree % 2 == 0:
            result, degree = result.sqrt(), degree // 2
        return result if degree == 1 else None

    def cbrt(self) -> "Residue":
        """The only number in the field whose cube it is."""
        orders = (int(ring.modulus()) - 1 for ring in self.engine.rings)
        r = tuple(x ** pow(3, -1, order) for x, order in zip(self.r, orders, strict=False))
        return Residue(r, math.copysign(abs(self.s) ** (1 / 3), self.s), self.taint, self.engine)

    def function(self, name: str) -> Any:
        """Inverse hyperbolic functions are logarithms.  Of others, a number of its own for every argument.

        It is the same for the same, and has no relation to those of different ones.
        """
        if name == "arctanh":
            return ((1 + self) / (1 - self)).log() / 2
        if name in ("arcsinh", "arccosh"):
            return (self + (self * self + (1 if name == "arcsinh" else -1)).sqrt()).log()
        words = [f"{name} {int(x)}".encode() for x in self.r]
        r = tuple(
            ring(int.from_bytes(hashlib.sha256(word).digest()))
            for ring, word in zip(self.engine.rings, words, strict=False)
        )
        shadow = math.nan
        with suppress(ValueError, OverflowError, AttributeError):
            shadow = getattr(math, name.replace("arc", "a"))(self.s)
        taint = self.taint or described(f"{name}, of which a field knows no rules,")
        return Residue(r, shadow, taint, self.engine)

    def _result(self, other: "Residue", r: tuple[Any, ...], s: float, c: Fraction | None) -> "Residue":
        if not r:  # an infinity, or unknown
            return Residue((), s, self.taint or other.taint or ("nan" if math.isnan(s) else None), self.engine)
        return Residue(r, s, self.taint or other.taint, self.engine, c)


class Logarithm(Scalar):
    """The number log(e) / q, known by e, because there is no logarithm in a field: sums of them are products."""

    __slots__ = ("e", "q", "s")

    def __init__(self, e: Residue, q: int, s: float):
        self.e, self.q, self.s = e, q, s

    @property
    def engine(self) -> Field:
        return self.e.engine

    @property
    def taint(self) -> str | None:  # type: ignore[override]
        return self.e.taint

    @property
    def shadow(self) -> float:
        return self.s

    def is_constant(self) -> bool:
        return False

    def may_be(self, other: Scalar) -> bool:
        return same(self, other) is not False

    def mixed(self, other: Scalar, operation: Callable[[Any, Any], Any], reflected: bool) -> Any:
        """With a residue: a sum becomes a logarithm, a rational factor a power, and nothing else is known."""
        assert isinstance(other, Residue)
        if operation in (plus, minus):
            other = Logarithm(other.exp(), 1, other.s)
            return operation(other, self) if reflected else operation(self, other)
        factor = other if operation is times else other.inverse() if operation is over and not reflected else None
        c = None if factor is None else factor.c
        if c is not None and max(abs(c.numerator), c.denominator) <= 10**6:
            return self.scaled(c) if c else self.engine.constant(c)
        mine = self.opaque("a product or power of a logarithm")
        return operation(other, mine) if reflected else operation(mine, other)

    def scaled(self, c: Fraction) -> "Logarithm":
        return Logarithm(self.e.power(c.numerator), self.q * c.denominator, self.s * float(c))

    def plus(self, other: "Logarithm") -> "Logarithm":
        q = math.lcm(self.q, other.q)
        e = self.e.power(q // self.q).times(other.e.power(q // other.q))
        return Logarithm(e, q, self.s + other.s)

    def negative(self) -> "Logarithm":
        return Logarithm(self.e.inverse(), self.q, -self.s)

    def times(self, other: "Logarithm") -> Any:
        return self.opaque("a product of logarithms").times(other.opaque("a product of logarithms"))

    def inverse(self) -> Any:
        return self.opaque("a quotient by a logarithm").inverse()

    def over(self, other: "Logarithm") -> Any:
        return self.opaque("a quotient by a logarithm").times(other.inverse())

    def power(self, exponent: int) -> Any:
        return self if exponent == 1 else self.opaque("a power of a logarithm").power(exponent)

    def exp(self) -> Any:
        root = self.e.root(self.q)
        return self.opaque("a root").exp() if root is None else root

    def log(self) -> Any:
        return self.function("log")

    def sqrt(self) -> Any:
        return self.opaque("the root of a logarithm").sqrt()

    def function(self, name: str) -> Any:
        return self.opaque(f"{name} of a logarithm").function(name)

    def opaque(self, what: str) -> Residue:
        """A residue for it, with no relation to any other."""
        e = self.e.function(f"log / {self.q}")
        return Residue(e.r, self.s, self.e.taint or described(f"{what}, of which a field knows no rules,"), self.engine)


def same(actual: Scalar, expected: Scalar) -> bool | None:
    """Whether two numbers are the same; None where it cannot be told."""
    if isinstance(actual, Residue) and isinstance(expected, Residue):
        if not actual.r or not expected.r:
            return True if not (actual.r or expected.r) and actual.s == expected.s else None
        return all(a == b for a, b in zip(actual.r, expected.r, strict=False))
    try:
        a, b = map(_as_logarithm, (actual, expected))
    except LevelsExhausted:
        return None
    return same(a.e.power(b.q), b.e.power(a.q))


def _as_logarithm(x: Any) -> Logarithm:
    return x if isinstance(x, Logarithm) else Logarithm(x.exp(), 1, x.shadow)


def encoded(x: Scalar) -> list[Any]:
    """A number as words that can be sent: its shadow, what kind it is, and its residues."""
    if isinstance(x, Logarithm):
        return [repr(x.s), x.q, *(hex(int(part)) for part in x.e.r)]
    assert isinstance(x, Residue)
    return [repr(x.s), 0, *(hex(int(part)) for part in x.r)]


def decoded(words: list[Any], taint: str | None, engine: Field) -> Scalar:
    """The number of `encoded`.  Raises ValueError for anything else."""
    shadow, q, *r = words
    if type(q) is not int or not 0 <= q < 2**64 or (q and not r) or (not r and math.isfinite(float(shadow))):
        raise ValueError("a number without residues")
    residue = Residue(
        tuple(ring(int(part, 16)) for ring, part in zip(engine.rings, r, strict=False)), float(shadow), taint, engine
    )
    return Logarithm(residue, q, float(shadow)) if q else residue


def _exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def _root(value: Fraction) -> Fraction | None:
    """The root of a rational that is a square."""
    root = Fraction(math.isqrt(value.numerator), math.isqrt(value.denominator))
    return root if root * root == value else None


def _is_square(x: Any, ring: Any) -> bool:
    """Whether a residue has a root: Euler's criterion."""
    return bool(x ** ((int(ring.modulus()) - 1) // 2) == ring(1))


def _prime(generator: random.Random) -> int:
    """A random prime of BITS bits that is -1 modulo MODULUS."""
    while True:
        q = generator.getrandbits(BITS) | 1 << (BITS - 1)
        q -= q % MODULUS + 1
        if flint.fmpz(q).is_prime():
            return q


def _next(q: int) -> int:
    """The least prime k q + 1 that is -1 modulo MODULUS."""
    k = 2
    while not flint.fmpz(k * q + 1).is_prime():
        k += MODULUS
    return k * q + 1


def _of_order(ring: Any, cofactor: int) -> Any:
    """An element other than 1 whose order is (p - 1) / cofactor, a prime."""
    h = 2
    while (g := ring(h) ** cofactor) == ring(1):
        h += 1
    return g
