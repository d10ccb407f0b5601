"""In the candidate's process: what in scope gives the value that a place should have.

A factor, a term, another array, products of two and three: thousands of candidates are compared at once with what the
response at the place says of them, and none has to be run.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from . import scope

if TYPE_CHECKING:
    from .response import Bench, Place


NEAR = 1e-7  # relative: of what is predicted, which a run confirms
PROPOSALS = 16  # by place
CARRIED = 10  # by name that stays zero
RUNS = 60  # by place, of candidates whose effect cannot be foreseen
Array = np.ndarray[Any, Any]


def _unlikely(node: ast.expr) -> float:
    """How far-fetched it is that an expression as a whole is another one: a name is soon mistaken."""
    return 0.0 if isinstance(node, ast.Name) else min(0.75, 0.1 * sum(1 for _ in ast.walk(node)))


@dataclass
class _Block:
    """Candidates of one form: how they change the value, their texts and costs, and a row of changes for each."""

    how: str
    texts: Sequence[str]
    costs: Array
    deltas: Array


class Matcher:
    """The value that one place should have, in terms of what is in scope there."""

    def __init__(self, bench: "Bench", place: "Place", forms: list[tuple[str, float, Array]]):
        self.bench, self.place = bench, place
        self.value = np.concatenate([value.ravel() for value in place.values])
        self.texts = [text for text, _, _ in forms]
        self.costs = np.array([cost for _, cost, _ in forms])
        self.forms = np.stack([numbers for _, _, numbers in forms]) if forms else np.zeros((0, self.value.size))
        self.pairs = _pairs(self.costs, 3.5)

    def proposals(self) -> list[dict[str, Any]]:
        found: list[tuple[int, float, dict[str, Any]]] = []
        blocks = list(self._blocks())
        if self.place.response is None and self.place.wanted is None:
            found += self._by_runs(blocks)
        else:
            for block in blocks:
                counts = self._counts(block.deltas)
                for index in np.flatnonzero(counts):
                    found.append(self._proposal(block, int(index), int(counts[index])))
            if not found and self.place.wanted is not None:
                found += self._by_wanted(blocks)
            if not found and self.place.response is None:  # of a square, say, there is another root
                found += self._by_runs(blocks)
        found.sort(key=lambda one: one[:2])
        return [proposal for _, _, proposal in found[:PROPOSALS]]

    def _proposal(self, block: _Block, index: int, count: int) -> tuple[int, float, dict[str, Any]]:
        cost = float(block.costs[index])
        return -count, cost, {"how": block.how, "text": block.texts[index], "cost": cost, "count": count}

    def _counts(self, deltas: Array) -> Array:
        """How many pieces each change makes right."""
        fine = np.isfinite(deltas).all(axis=1) & (np.abs(np.nan_to_num(deltas)).max(axis=1, initial=0) > 0)
        if self.place.response is not None:
            return self.bench.mended(self.place, np.where(fine[:, None], deltas, 0.0).T) * fine
        wanted = self.place.wanted
        assert wanted is not None
        used = np.isfinite(wanted)
        off = np.abs(np.where(fine[:, None], deltas, np.inf) - wanted)[:, used].max(axis=1, initial=0)
        return np.asarray(
            (off <= NEAR * (1 + np.abs(wanted[used]).max(initial=0))) * len(self.place.mendable), dtype=int
        )

    def _blocks(self) -> Iterator[_Block]:
        value, forms, costs, node = self.value, self.forms, self.costs, self.place.node
        constants = np.array([-1.0, 2.0, 0.5])
        yield _Block("times", ("-1", "2", "0.5"), np.array([1.25, 1.5, 1.5]), (constants[:, None] - 1) * value)
        if not len(forms):
            return
        leaf, own = not isinstance(node, (ast.BinOp, ast.UnaryOp)), ast.unparse(node)
        other = [
            index
            for index, text in enumerate(self.texts)
            if text != own and (leaf or costs[index] <= 1.5) and f"{own} * " not in text
        ]
        texts = [self.texts[index] for index in other]
        yield _Block("instead", texts, costs[other] + _unlikely(node), forms[other] - value)
        yield _Block("times", self.texts, costs, value * forms - value)
        with np.errstate(divide="ignore", invalid="ignore"):
            yield _Block("over", self.texts, costs + 1, value / forms - value)
        yield _Block("plus", self.texts, costs + 0.5, forms)
        yield _Block("minus", self.texts, costs + 0.5, -forms)
        a, b = self.pairs
        products = _Products(self.texts, (a, b))
        yield _Block("plus", products, costs[a] + costs[b] + 1, forms[a] * forms[b])
        yield _Block("minus", products, costs[a] + costs[b] + 1, -forms[a] * forms[b])

    def _by_wanted(self, blocks: Sequence[_Block]) -> Iterator[tuple[int, float, dict[str, Any]]]:
        """Candidates that give what is wanted as far as the numbers in scope can be trusted, and longer terms.

        What an earlier execution should have been changes what is in scope at a later one: only the first execution
        that wants a change counts.
        """
        wanted = self.place.wanted
        assert wanted is not None
        known = np.isfinite(wanted)
        tolerance = NEAR * max(1.0, float(np.abs(wanted[known]).max(initial=0)))
        stop = 0
        for value in self.place.values:
            start, stop = stop, stop + value.size
            if np.nanmax(np.abs(wanted[start:stop]), initial=0) > tolerance:
                break
        until, known = stop, known[:stop]
        first = wanted[:stop][known]
        if np.abs(first).max(initial=0) <= tolerance or not len(self.forms):
            return
        for block in blocks if stop < np.isfinite(wanted).sum() else ():
            with np.errstate(invalid="ignore"):
                off = np.abs(block.deltas[:, :stop][:, known] - first).max(axis=1, initial=0)
            for index in np.flatnonzero(off <= tolerance):
                _, cost, proposal = self._proposal(block, int(index), 0)
                yield 0, cost + 3, proposal
        simple = np.flatnonzero(self.costs <= 2.5)
        forms, costs = self.forms[simple][:, :until][:, known], self.costs[simple]
        a, b = _pairs(costs, 5.0, itself=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            third = first / (forms[a] * forms[b])
            ratio = (self.value[:until][known] + first) / self.value[:until][known]
            for sign, how in ((1.0, "plus"), (-1.0, "minus")):
                yield from self._matches(how, sign * third, forms, costs, simple, (a, b), 1.5)
            yield from self._matches("times", ratio / forms, forms, costs, simple, (np.arange(len(simple)),), 1.0)

    def _matches(
        self, how: str, left: Array, forms: Array, costs: Array, simple: Array, used: tuple[Array, ...], more: float
    ) -> Iterator[tuple[int, float, dict[str, Any]]]:
        """Forms that complete a product: left is what is missing of it, for every choice of the other factors."""
        with np.errstate(invalid="ignore"):
            rows, found = np.nonzero(np.abs(left[:, None, 0] - forms[None, :, 0]) <= 1e-6)
            near = np.abs(left[rows] - forms[found]) <= 1e-6 * np.abs(forms[found]) + 1e-9
        for row, index in zip(rows[near.all(axis=1)], found[near.all(axis=1)], strict=True):
            chosen = [*(int(part[row]) for part in used), int(index)]
            if chosen == sorted(chosen):
                cost = float(costs[chosen].sum()) + more
                text = " * ".join(self.texts[simple[one]] for one in chosen)
                yield 0, cost, {"how": how, "text": text, "cost": cost, "count": 0}

    def _by_runs(self, blocks: Sequence[_Block]) -> Iterator[tuple[int, float, dict[str, Any]]]:
        """Where results do not depend linearly on the value: simple candidates, each in a run of its own."""
        bench, labels = self.bench, self.bench.labels
        cheap = [
            (float(cost), block, index)
            for block in blocks
            if block.how != "over" and not isinstance(block.texts, _Products)
            for index, cost in enumerate(block.costs)
        ]
        for _, block, index in sorted(cheap, key=lambda one: one[0])[:RUNS]:
            delta = block.deltas[index]
            nudged = bench.nudged(self.place, delta) if np.isfinite(delta).all() else None
            if nudged is None:
                continue
            near = np.abs(nudged - bench.target) <= NEAR * bench.scale
            if near[np.isin(labels, list(bench.right))].all():
                count = sum(bool(near[labels == piece].all()) for piece in set(labels.tolist()) - bench.right)
                if count:
                    yield self._proposal(block, index, count)


def carried(place: "Place", ends: list[dict[str, Array]], at: bool) -> list[dict[str, Any]]:
    """Of a name that stays zero in a loop: what the end of an earlier step should have put into it.

    ends: the scopes at the last statement of each step.
    """
    wanted = place.wanted
    if wanted is None or not np.isfinite(wanted).all() or any(value.any() for value in place.values):
        return []
    parts = np.split(wanted, np.cumsum([value.size for value in place.values])[:-1])
    first = next((number for number, part in enumerate(parts) if np.abs(part).max() > NEAR), 0)
    if first == 0 or len(ends) < first:
        return []
    forms = forms_of([parts[first].reshape(place.values[first].shape)], [ends[first - 1]], at, aliases=True)
    if not forms:
        return []
    texts, costs = [text for text, _, _ in forms], np.array([cost for _, cost, _ in forms])
    numbers = np.stack([form for _, _, form in forms])
    a, b = _pairs(costs, 4.5)
    found: list[dict[str, Any]] = []
    choices: list[tuple[Sequence[str], Array, Array]] = [(texts, costs, numbers)]
    choices.append((_Products(texts, (a, b)), costs[a] + costs[b], numbers[a] * numbers[b]))
    for names, prices, values in choices:
        off = np.abs(values - parts[first]).max(axis=1, initial=0)
        for index in np.flatnonzero(off <= NEAR * (1 + np.abs(parts[first]).max())):
            found.append({"how": "carry", "text": names[int(index)], "cost": float(prices[index]), "count": 1})
    return sorted(found, key=lambda one: float(one["cost"]))[:CARRIED]


class _Products(Sequence[str]):
    """The texts of products, made when they are asked for."""

    def __init__(self, texts: Sequence[str], factors: tuple[Array, Array]):
        self.texts, self.factors = texts, factors

    def __len__(self) -> int:
        return len(self.factors[0])

    def __getitem__(self, index: Any) -> Any:
        return " * ".join(self.texts[factor[index]] for factor in self.factors)


def _pairs(costs: Array, most: float, itself: bool = False) -> tuple[Array, Array]:
    """Pairs of forms that together cost at most so much."""
    a, b = np.triu_indices(len(costs), 0 if itself else 1)
    kept = costs[a] + costs[b] <= most
    return a[kept], b[kept]


def forms_of(
    values: Sequence[Array], scopes: list[dict[str, Array]], at: bool, aliases: bool = False
) -> list[tuple[str, float, Array]]:
    """Text, cost and numbers of what may stand beside these values, of which each has a scope.

    aliases: whether different texts may have the same numbers, as a sum and its first summand.
    """
    shared = [text for text in scopes[0] if all(text in one for one in scopes)]
    found: list[tuple[str, float, Array]] = []
    seen: set[bytes] = set()

    def is_new(numbers: Array) -> bool:
        key = np.round(numbers, 12).tobytes()
        known = (key in seen and not aliases) or not np.isfinite(numbers).all() or not numbers.any()
        seen.add(key)
        return not known

    for text in sorted(shared, key=lambda text: (scope.cost(text), len(text))):
        parts = []
        for one, value in zip(scopes, values, strict=True):
            array = one[text]
            try:
                fits = np.broadcast_shapes(array.shape, value.shape) == value.shape
            except ValueError:
                fits = False
            if not fits or (array.ndim == 0 and value.ndim > 0 and not scope.is_size(text, array)):
                break
            parts.append(np.broadcast_to(array, value.shape).astype(np.float64).ravel())
        else:
            numbers = np.concatenate(parts)
            if is_new(numbers):
                found += scope.forms(text, numbers, size=all(one[text].ndim == 0 for one in scopes))
    shapes = [value.shape for value in values]
    if all(len(shape) == 2 for shape in shapes):
        for text, arrays in scope.products(scopes, shapes, at):
            numbers = np.concatenate([array.ravel() for array in arrays])
            if is_new(numbers):
                found.append((text, 2.0 + min(1.0, 0.5 * scope.cost(text) / 2), numbers))
    return found
