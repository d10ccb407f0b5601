"""What NumPy and Python ask of a number, for the exact ones: operators, comparisons, and the face of a NumPy scalar.

An exact number has a shadow, the float that it is nearly; branches follow it.  `taint` says why what it stands for is
not certain, such as a constant of full mantissa; it is handed on to everything that is computed from it.
"""

import math
import operator
from abc import abstractmethod
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Protocol

import numpy as np

from . import record
from .rational import rational

NEAR = 1e-11  # relative distance of two shadows below which their order is a matter of rounding


class Unsupported(Exception):
    """Something that an arithmetic has no exact number for."""


class Engine(Protocol):
    """An arithmetic: where its numbers come from."""

    name: str

    def constant(self, value: Fraction) -> "Scalar":
        """The number for a rational."""

    def suspect(self, value: float, reason: str) -> "Scalar":
        """The number for a float of which it is not known what it stands for."""

    def unknown(self, reason: str) -> "Scalar":
        """A number of which nothing is known."""

    def infinite(self, value: float) -> "Scalar":
        """The number for an infinity or nan."""

    def variable(self, name: str, value: float) -> "Scalar":
        """The number for an input of this value; the same name gives the same number."""

    def pi(self) -> "Scalar":
        """The number for the circle constant."""


def number(engine: Engine, value: Any) -> "Scalar":
    """The engine's number for one of Python's or NumPy's; TypeError for what is no real number."""
    if isinstance(value, Scalar):
        return engine.constant_of(value) if hasattr(engine, "constant_of") else value
    if isinstance(value, (bool, np.bool_, int, np.integer)):
        return engine.constant(Fraction(int(value)))
    if isinstance(value, Fraction):
        return engine.constant(value)
    if isinstance(value, (float, np.floating)):
        as_float = float(value)
        if not math.isfinite(as_float):
            return engine.infinite(as_float)
        exact = Fraction(0) if record.is_dropped(as_float) else rational(as_float)
        if exact is not None:
            return engine.constant(exact)
        return engine.suspect(as_float, record.described(f"the constant {as_float!r}"))
    if isinstance(value, np.ndarray) and value.ndim == 0 and value.dtype.kind in "biuf":
        return number(engine, value.item())
    raise TypeError(f"{type(value).__name__} is no real number")


class Scalar:
    """An exact number.  A subclass defines the operations below; everything else follows from them."""

    __slots__ = ()
    engine: Any
    taint: str | None

    @property
    @abstractmethod
    def shadow(self) -> float: ...

    @abstractmethod
    def plus(self, other: Any) -> "Scalar": ...

    @abstractmethod
    def times(self, other: Any) -> "Scalar": ...

    @abstractmethod
    def inverse(self) -> "Scalar": ...

    @abstractmethod
    def negative(self) -> "Scalar": ...

    @abstractmethod
    def exp(self) -> "Scalar": ...

    @abstractmethod
    def log(self) -> "Scalar": ...

    @abstractmethod
    def sqrt(self) -> "Scalar": ...

    @abstractmethod
    def function(self, name: str) -> "Scalar":
        """One of math's other functions by its name."""

    @abstractmethod
    def power(self, exponent: int) -> "Scalar": ...

    @abstractmethod
    def is_constant(self) -> bool:
        """Whether it is known to be a rational, which may stand as an exponent."""

    @abstractmethod
    def may_be(self, other: Any) -> bool:
        """Whether it is the same number as another, as far as can be told."""

    def minus(self, other: Any) -> "Scalar":
        return self.plus(other.negative())

    def over(self, other: Any) -> "Scalar":
        return self.times(other.inverse())

    # Python's operators

    def __add__(self, other: Any) -> Any:
        return self.plus(other) if type(other) is type(self) else self._with(other, plus)

    def __radd__(self, other: Any) -> Any:
        return self._with(other, plus, reflected=True)

    def __sub__(self, other: Any) -> Any:
        return self.minus(other) if type(other) is type(self) else self._with(other, minus)

    def __rsub__(self, other: Any) -> Any:
        return self._with(other, minus, reflected=True)

    def __mul__(self, other: Any) -> Any:
        return self.times(other) if type(other) is type(self) else self._with(other, times)

    def __rmul__(self, other: Any) -> Any:
        return self._with(other, times, reflected=True)

    def __truediv__(self, other: Any) -> Any:
        return self.over(other) if type(other) is type(self) else self._with(other, over)

    def __rtruediv__(self, other: Any) -> Any:
        return self._with(other, over, reflected=True)

    def __pow__(self, other: Any, modulus: None = None) -> Any:
        return self._with(other, power)

    def __rpow__(self, other: Any) -> Any:
        return self._with(other, power, reflected=True)

    def _with(self, other: Any, operation: Callable[[Any, Any], Any], reflected: bool = False) -> Any:
        if isinstance(other, np.ndarray) and other.ndim:
            return NotImplemented  # the array's own operator goes element by element
        try:
            other = number(self.engine, other)
        except TypeError:
            return NotImplemented
        if type(other) is not type(self):
            return self.mixed(other, operation, reflected)
        return operation(other, self) if reflected else operation(self, other)

    def mixed(self, other: "Scalar", operation: Callable[[Any, Any], Any], reflected: bool) -> Any:
        """The operation with a number of another form of the same engine."""
        raise TypeError(f"{type(self).__name__} and {type(other).__name__} do not mix")

    def __neg__(self) -> Any:
        return self.negative()

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return self.negative() if self < 0 else self

    def __floordiv__(self, other: Any) -> Any:
        return (self / other).floor()

    def __mod__(self, other: Any) -> Any:
        return self - other * (self // other)

    # comparisons follow the shadow

    def __lt__(self, other: Any) -> Any:
        return self._compared(other, operator.lt)

    def __le__(self, other: Any) -> Any:
        return self._compared(other, operator.le)

    def __gt__(self, other: Any) -> Any:
        return self._compared(other, operator.gt)

    def __ge__(self, other: Any) -> Any:
        return self._compared(other, operator.ge)

    def __eq__(self, other: Any) -> Any:
        return self._compared(other, operator.eq)

    def __ne__(self, other: Any) -> Any:
        return self._compared(other, operator.ne)

    def __hash__(self) -> int:
        return hash(self.shadow)

    def __bool__(self) -> bool:
        return bool(self != 0)

    def _compared(self, other: Any, compare: Callable[[float, float], bool]) -> Any:
        if isinstance(other, np.ndarray) and other.ndim:
            return NotImplemented
        theirs = other.shadow if isinstance(other, Scalar) else other
        if not isinstance(theirs, (int, float, np.number, np.bool_)):
            return NotImplemented
        mine, theirs = self.shadow, float(theirs)
        close = mine != theirs and abs(mine - theirs) <= NEAR * min(abs(mine), abs(theirs))
        if close or (mine == theirs and other is not self and not self.may_be(number(self.engine, other))):
            record.tie("a comparison of numbers that agree to eleven digits")
        return compare(mine, theirs)

    # where exactness is lost

    def __float__(self) -> float:
        record.leak("float()")
        return self.shadow

    def __int__(self) -> int:
        record.leak("int()")
        return int(self.shadow)

    def __complex__(self) -> complex:
        record.leak("complex()")
        return complex(self.shadow)

    def __round__(self, digits: int | None = None) -> Any:
        return self.piecewise(lambda shadow: round(shadow, digits or 0))

    def __repr__(self) -> str:
        return repr(self.shadow)

    def __format__(self, specification: str) -> str:
        return format(self.shadow, specification)

    def __copy__(self) -> "Scalar":
        return self

    def __deepcopy__(self, memo: Any) -> "Scalar":
        return self

    # what NumPy's loops over objects call, by these names

    def tanh(self) -> Any:
        two = self + self
        if two.shadow > 0:
            e = (-two).exp()
            return (1 - e) / (1 + e)
        e = two.exp()
        return (e - 1) / (e + 1)

    def logistic(self) -> Any:
        if self.shadow >= 0:
            return 1 / (1 + (-self).exp())
        e = self.exp()
        return e / (1 + e)

    def sinh(self) -> Any:
        e = self.exp()
        return (e - 1 / e) / 2

    def cosh(self) -> Any:
        e = self.exp()
        return (e + 1 / e) / 2

    def expm1(self) -> Any:
        return self.exp() - 1

    def exp2(self) -> Any:
        return 2**self

    def log1p(self) -> Any:
        return (1 + self).log()

    def log2(self) -> Any:
        return self.log() / number(self.engine, 2).log()

    def log10(self) -> Any:
        return self.log() / number(self.engine, 10).log()

    def cbrt(self) -> Any:
        return self.function("cbrt")

    def fabs(self) -> Any:
        return abs(self)

    def piecewise(self, constant: Callable[[float], float]) -> Any:
        """A function that is constant between jumps."""
        return number(self.engine, constant(self.shadow))

    def sign(self) -> Any:
        return self.piecewise(lambda shadow: float(np.sign(shadow)))

    def floor(self) -> Any:
        return self.piecewise(math.floor)

    def ceil(self) -> Any:
        return self.piecewise(math.ceil)

    def trunc(self) -> Any:
        return self.piecewise(math.trunc)

    def rint(self) -> Any:
        return self.piecewise(round)

    __floor__, __ceil__, __trunc__ = floor, ceil, trunc

    # the face of a NumPy scalar

    shape: tuple[int, ...] = ()
    ndim = 0
    size = 1
    dtype = np.dtype(np.float64)
    itemsize = 8
    imag = 0

    @property
    def T(self) -> Any:
        return self

    @property
    def real(self) -> Any:
        return self

    def item(self, *_: Any) -> Any:
        return self

    def tolist(self) -> Any:
        return self

    def conjugate(self) -> Any:
        return self

    conj = conjugate

    def copy(self, order: str = "C") -> Any:
        return self

    def squeeze(self, axis: Any = None) -> Any:
        return self

    def sum(self, *_: Any, **__: Any) -> Any:
        return self

    mean = max = min = prod = transpose = sum

    def astype(self, dtype: Any, **_: Any) -> Any:
        return self._array().astype(dtype)[()]

    def reshape(self, *shape: Any, **_: Any) -> Any:
        return self._array().reshape(*shape)

    def flatten(self, order: str = "C") -> Any:
        return self._array().reshape(1)

    ravel = flatten

    def __getitem__(self, key: Any) -> Any:
        return self._array()[key]

    def dot(self, other: Any) -> Any:
        return self * other

    def _array(self) -> Any:
        from ..lifting.array import lifted

        return lifted(self)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        from ..lifting.ufuncs import apply_ufunc

        return apply_ufunc(ufunc, method, *inputs, **options)

    def __array_function__(self, function: Any, types: Any, positional: Any, keyword: Any) -> Any:
        from ..lifting.functions import apply_function

        return apply_function(function, positional, keyword)


def plus(a: Scalar, b: Scalar) -> Any:
    return a.plus(b)


def minus(a: Scalar, b: Scalar) -> Any:
    return a.minus(b)


def times(a: Scalar, b: Scalar) -> Any:
    return a.times(b)


def over(a: Scalar, b: Scalar) -> Any:
    return a.over(b)


def power(base: Scalar, exponent: Scalar) -> Any:
    """An integer power by products, a half by the root, any other through the logarithm."""
    if exponent.is_constant() and exponent.taint is None and math.isfinite(exponent.shadow):
        twice = rational(2 * exponent.shadow)
        if twice is not None and twice.denominator == 1:
            return base.power(int(twice) // 2) if twice % 2 == 0 else base.sqrt().power(int(twice))
    return (exponent * base.log()).exp()


FUNCTIONS = ("sin", "cos", "tan", "arcsin", "arccos", "arctan", "arcsinh", "arccosh", "arctanh", "erf", "erfc", "gamma")


def _named(name: str) -> Callable[[Any], Any]:
    def method(self: Any) -> Any:
        return self.function(name)

    method.__name__ = name
    return method


for _name in FUNCTIONS:
    setattr(Scalar, _name, _named(_name))
