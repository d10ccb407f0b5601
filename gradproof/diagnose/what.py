"""What a wrong gradient is in relation to the truth: another sign, a factor, another gradient, another order.

A relation is told only where it holds by the comparison rule in every element, and where it could not hold by chance:
what it says must be far from the truth in at least TELLING elements.  Arrays alone are looked at, never the source.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..compare import ATOL, FLOAT32, RTOL, compare
from ..contracts import Dimensions, sizes_of
from ..experiment import status_of
from ..verdicts import AGREES
from .where import GATE_NAMES, OPERAND_NAMES

Arrays = Mapping[str, NDArray[Any]]

TELLING = 3  # elements
FAR = 1e4  # times what the comparison rule allows
EXAMPLES = ("m", "N", "T")  # dimensions over which contributions are summed
LARGEST_ORDER = 4  # packed blocks, of which every order is tried


@dataclass(frozen=True)
class Relation:
    """name: the kind, for programs.  message: for people.  of: what it is about, for programs.

    of is the dimension of a factor, the other gradient, the words of the alternative, the bound of a clipped one; for
    blocks "gates" or "operands".
    """

    name: str
    message: str
    of: str = ""


def relations(
    actual: Mapping[str, Any],
    expected: Arrays,
    dimensions: Mapping[str, Dimensions],
    sizes: Mapping[str, int],
    gates: str = "",
    S: float = 1,
    G: float = 1,
    alternatives: Mapping[str, Arrays] | None = None,
    float32: bool = False,
) -> dict[str, list[Relation]]:
    """What each gradient that is wrong, and clearly related to a truth, is; the others have no entry.

    actual: what was returned, by name; what is no array, or is absent, is passed over.  expected: the truths of the
    same case.  dimensions: their shapes in names, gates: the order in which packed gates stand.  S, G: of the
    comparison rule.  alternatives: other truths by their words, {"no da is carried ...": {"dx": ...}}.  float32:
    whether results may be as far off as float32 rounds.  A case whose sizes are larger than 1 and differ tells most.
    """
    rule = _Rule(S, G, float32)
    wrong = {
        name: np.asarray(array)
        for name, array in actual.items()
        if name in expected and _comparable(array) and not _agrees(rule, array, expected[name])
    }
    found: dict[str, list[Relation]] = {}
    for name, array in wrong.items():
        if array.shape == expected[name].shape:
            one = _One(name, array, expected[name], rule)
            found[name] = [
                *_zero(one),
                *_factor(one, sizes),
                *_rounded(one),
                *_clipped(one),
                *_transposed(one),
                *_blocks(one, dimensions[name], sizes, gates),
                *_steps(one, dimensions[name]),
                *_another(one, expected, wrong),
            ]
        else:
            found[name] = list(_reshaped(name, array, expected[name], dimensions[name], rule))
    for name, told in _alternatives(wrong, expected, alternatives or {}, rule).items():
        found[name] += told
    return {name: told for name, told in found.items() if told}


@dataclass(frozen=True)
class _Rule:
    """The comparison rule of one call."""

    S: float
    G: float
    float32: bool

    def same(self, actual: NDArray[Any], other: NDArray[Any]) -> bool:
        return status_of(actual, other, self.S, self.G, float32=self.float32).verdict == AGREES

    def far(self, a: NDArray[Any], b: NDArray[Any], factor: float = FAR) -> NDArray[np.bool_]:
        """Where two arrays differ by much more than the rule allows."""
        allowed = RTOL * np.maximum(np.abs(a), np.abs(b)) + ATOL * self.S * self.G**2
        return np.asarray(np.abs(a - b) > factor * allowed)

    def nonzero(self, array: NDArray[Any]) -> NDArray[np.bool_]:
        return self.far(array, np.zeros_like(array))


@dataclass(frozen=True)
class _One:
    """A wrong gradient of the right shape."""

    name: str
    actual: NDArray[Any]
    expected: NDArray[Any]
    rule: _Rule

    def equals(self, other: NDArray[Any]) -> bool:
        """Whether it is another array, and not because that is much the same as the truth."""
        rounded = self.rule.float32 or _through_float32(self.actual)
        telling = self.rule.far(other, self.expected, 16 * FLOAT32 if rounded else FAR)
        return self.rule.same(self.actual, other) and int(telling.sum()) >= TELLING


def _through_float32(array: NDArray[Any]) -> bool:
    with np.errstate(over="ignore"):
        return bool(array.any() and np.array_equal(array.astype(np.float32), array))


def _comparable(array: Any) -> bool:
    return isinstance(array, np.ndarray) and array.dtype.kind in "fiu" and bool(np.isfinite(array).all())


def _agrees(rule: _Rule, array: NDArray[Any], expected: NDArray[Any]) -> bool:
    """As the verdict has it, but for an array that went through float32: that is a relation."""
    if array.shape != expected.shape:
        return False
    return compare(array, expected, rule.S, rule.G, float32=rule.float32 or array.dtype == np.float32).agrees


def _zero(one: _One) -> Iterator[Relation]:
    if not one.actual.any() and one.equals(np.zeros_like(one.expected)):
        yield Relation("zero", f"{one.name} is zero everywhere")


def _factor(one: _One, sizes: Mapping[str, int]) -> Iterator[Relation]:
    for value, name, words, of in _factors(sizes):
        if one.equals(value * one.expected):
            yield Relation(name, f"{one.name} is {words}", of)
            return
    if min(sizes.values(), default=1) == 1:
        return  # where an axis has size 1, an outer product with a wrong vector is a multiple of the right one
    nonzero = one.rule.nonzero(one.expected)
    if len(np.unique(np.abs(one.expected[nonzero]))) < TELLING or not one.actual[nonzero].all():
        return
    value = float(np.median(one.actual[nonzero] / one.expected[nonzero]))
    if one.equals(value * one.expected):
        shown = f"{value:.3g}" if abs(value - 1) > 0.01 else f"(1 {'-' if value < 1 else '+'} {abs(value - 1):.2g})"
        yield Relation("constant", f"{one.name} is about {shown} times the truth everywhere")


def _factors(sizes: Mapping[str, int]) -> list[tuple[float, str, str, str]]:
    """The factors that have a name: (factor, relation, words, dimension); the first that fits counts."""
    found = [
        (-1.0, "sign", "-1 times the truth", ""),
        (2.0, "factor", "2 times the truth", ""),
        (0.5, "factor", "half the truth", ""),
        (-2.0, "factor", "-2 times the truth", ""),
        (-0.5, "factor", "-1/2 times the truth", ""),
    ]
    summed = [name for name in EXAMPLES if name in sizes]
    products = {name: sizes[name] for name in sizes}
    products |= {f"{a} {b}": sizes[a] * sizes[b] for a, b in itertools.combinations(summed, 2)}
    for name, size in products.items():
        known = set(name.split()) <= set(EXAMPLES) and list(products.values()).count(size) == 1
        times, divided = (name, name) if known else (str(size), str(size))
        of, minus = name if known else "", "minus "
        found += [
            (float(size), "multiplied", f"{times} times the truth", of),
            (1 / size, "divided", f"the truth divided by {divided}", of),
            (-float(size), "multiplied", f"{minus}{times} times the truth", of),
            (-1 / size, "divided", f"{minus}the truth divided by {divided}", of),
        ]
    return found


def _rounded(one: _One) -> Iterator[Relation]:
    if one.rule.same(one.actual, one.expected):  # though not without allowing for float32
        yield Relation("float32", f"{one.name} is the truth rounded to float32")


def _clipped(one: _One) -> Iterator[Relation]:
    """At least two elements at the same bound, and some within it: one alone may have any size."""
    bound = float(np.abs(one.actual).max(initial=0))
    cut = one.rule.far(np.clip(one.expected, -bound, bound), one.expected)
    if 2 <= cut.sum() < cut.size and bound > 0 and one.rule.same(one.actual, np.clip(one.expected, -bound, bound)):
        yield Relation("clipped", f"{one.name} is the truth clipped to ±{bound:.6g}", f"{bound:.6g}")


def _transposed(one: _One) -> Iterator[Relation]:
    if one.expected.ndim == 2 and one.expected.shape == one.expected.T.shape and one.equals(one.expected.T):
        yield Relation("transposed", f"{one.name} is the truth transposed")


def _blocks(one: _One, dimensions: Dimensions, sizes: Mapping[str, int], gates: str) -> Iterator[Relation]:
    """The blocks of a packed axis in another order; the order that moves fewest."""
    for axis, dimension in enumerate(dimensions):
        terms = dimension.split("+")
        if not 1 < len(terms) <= LARGEST_ORDER:
            continue
        blocks = np.split(one.expected, np.cumsum(sizes_of(tuple(terms), sizes))[:-1], axis=axis)
        orders = sorted(itertools.permutations(range(len(terms))), key=_moved)
        for order in orders[1:]:
            if one.equals(np.concatenate([blocks[i] for i in order], axis=axis)):
                of = "gates" if len(gates) == len(terms) else "operands"
                yield Relation("blocks", f"in {one.name} {_order_in_words(order, terms, gates)}", of)
                break


def _moved(order: tuple[int, ...]) -> int:
    return sum(place != block for place, block in enumerate(order))


def _order_in_words(order: tuple[int, ...], terms: list[str], gates: str) -> str:
    packed = len(gates) == len(terms)
    names = [GATE_NAMES[gate] for gate in gates] if packed else [OPERAND_NAMES.get(term, term) for term in terms]
    moved = [names[place] for place, block in enumerate(order) if place != block]
    if len(moved) == 2:
        return f"the blocks of {moved[0]} and {moved[1]} are swapped"
    if packed:
        return f"the blocks stand in the order {','.join(gates[block] for block in order)}, not {','.join(gates)}"
    return f"the blocks of {', '.join(moved[:-1])} and {moved[-1]} stand in another order"


def _steps(one: _One, dimensions: Dimensions) -> Iterator[Relation]:
    if "T" not in dimensions:
        return
    axis = dimensions.index("T")
    actual, expected = np.moveaxis(one.actual, axis, 0), np.moveaxis(one.expected, axis, 0)
    if len(expected) < 2:
        return
    if one.equals(np.flip(one.expected, axis)):
        yield Relation("reversed", f"{one.name} is the truth with its time steps in reverse")
    if len(expected) < TELLING:
        return
    # what stands at the end from which it was shifted does not matter
    if _One(one.name, actual[1:], expected[1:], one.rule).equals(expected[:-1]):
        yield Relation("shifted", f"{one.name} is from t=1 on the truth of the step before", "before")
    if _One(one.name, actual[:-1], expected[:-1], one.rule).equals(expected[1:]):
        last = len(expected) - 2
        yield Relation("shifted", f"{one.name} is up to t={last} the truth of the step after", "after")


def _another(one: _One, expected: Arrays, wrong: Arrays) -> Iterator[Relation]:
    """The truth of a gradient of another name; zeros are nobody's."""
    for other, truth in expected.items():
        if other == one.name or truth.shape != one.expected.shape or one.rule.nonzero(truth).sum() < TELLING:
            continue
        if one.equals(truth):
            if (
                other in wrong
                and one.rule.same(wrong[other], one.expected)
                and _One(other, wrong[other], truth, one.rule).equals(one.expected)
            ):
                yield Relation("swapped", f"{one.name} and {other} are swapped", other)
            else:
                yield Relation("another", f"{one.name} is the truth of {other}", other)


def _reshaped(
    name: str, actual: NDArray[Any], expected: NDArray[Any], dimensions: Dimensions, rule: _Rule
) -> Iterator[Relation]:
    """What an array of another shape is: the truth transposed, without an axis, or before a sum."""

    def holds(array: NDArray[Any]) -> bool:
        nonzero = rule.nonzero(expected)
        return array.shape == expected.shape and nonzero.sum() >= TELLING and rule.same(array, expected)

    if actual.ndim == expected.ndim == 2 and holds(actual.T):
        yield Relation("transposed", f"{name} is the truth transposed")
    elif actual.size == expected.size and holds(actual.reshape(expected.shape)):
        if actual.squeeze().shape == expected.squeeze().shape:
            less = "without its axis of size 1" if actual.ndim < expected.ndim else "with an axis of size 1 too many"
            yield Relation("squeezed", f"{name} is the truth {less}")
    elif (axes := _summed(actual, expected, holds)) is not None:
        yield Relation("unsummed", f"{name} is the truth before its sum over axis {axes}", str(axes))


def _summed(actual: NDArray[Any], expected: NDArray[Any], holds: Callable[[NDArray[Any]], bool]) -> int | None:
    """The axis whose sum is the truth."""
    for axis in range(actual.ndim):
        for keep in (True, False):
            if actual.shape[axis] > 1 and holds(actual.sum(axis=axis, keepdims=keep)):
                return axis
    return None


def _alternatives(
    wrong: Arrays, expected: Arrays, alternatives: Mapping[str, Arrays], rule: _Rule
) -> dict[str, list[Relation]]:
    """For each wrong gradient, the alternatives that it is; of several those that explain most gradients."""
    fitting = {
        words: {
            name
            for name, array in wrong.items()
            if name in truths
            and array.shape == truths[name].shape == expected[name].shape
            and rule.nonzero(truths[name]).sum() >= TELLING  # zeros are nobody's
            and _One(name, array, expected[name], rule).equals(truths[name])
        }
        for words, truths in alternatives.items()
    }
    told: dict[str, list[Relation]] = {}
    for name in wrong:
        words_of = [words for words, names in fitting.items() if name in names]
        most = max((len(fitting[words]) for words in words_of), default=0)
        told[name] = [
            Relation("alternative", f"{name} is what comes out when {words}", words)
            for words in words_of
            if len(fitting[words]) == most
        ]
    return told
