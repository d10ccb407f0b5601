"""In the candidate's process: which other value of an expression would make wrong gradients right, and what gives it.

Every expression of a function is a place.  A gradient depends on the value at a place, and nearly always linearly, for
a backward pass is linear in what flows through it: so a few runs with the value nudged tell whether any value there
could mend the gradient, and which ("angelic values": Chandra, Torlak, Barman and Bodik, ICSE 2011).  That value is
then looked for among the arrays in scope: times a factor, plus a term, another one instead.
"""

import ast
import contextlib
import time
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import scope
from .hooks import HOOK, Hook, Hooked, is_array
from .matching import NEAR, Matcher, carried, forms_of
from .text import Tree, Unit, definitions, places
from .trial import codes, live, patched

NEWTON = 5  # steps
SEARCHING = 0.4  # of the time, for looking for values
MOST_NUMBERS = 80  # at one place in one run
Array = np.ndarray[Any, Any]


@dataclass
class Place:
    """An expression, with its value at each time that it ran, and what the results would be with others.

    touched: the pieces of the results that depend on it.  response: their derivative with respect to all its numbers;
    None where they do not depend on it linearly.  mendable: pieces that some value here would make right, others'
    rightness kept.
    """

    unit: int
    function: str
    index: int
    node: ast.expr
    values: list[Array]
    touched: set[int] = field(default_factory=set)
    response: Array | None = None
    mendable: set[int] = field(default_factory=set)
    at_once: bool = False  # whether one value mends every wrong piece that depends on it
    wanted: Array | None = None  # what has to be added to the value, where that is unique
    proposals: list[dict[str, Any]] = field(default_factory=list)

    @property
    def numbers(self) -> int:
        return sum(value.size for value in self.values)


def respond(
    names: Mapping[str, Any],
    flags: int,
    units: Sequence[Sequence[Any]],
    looked: Sequence[Sequence[str]],
    call: Callable[[], dict[str, Any]],
    expected: Mapping[str, Array],
    pieces: Mapping[str, Array],
    right: Sequence[int],
    seconds: float,
) -> dict[str, Any]:
    """What a nudge at each place does to a call, and what would mend it.

    units: as in `trial.patched`.  looked: the functions of each that are looked at.  pieces: for every result, which
    piece each of its numbers belongs to.  right: the pieces that agree already.
    """
    until = time.monotonic() + seconds
    bench = Bench(names, flags, units, looked, call, expected, pieces, set(right))
    with bench.instrumented():
        found = bench.record()
        bench.touch(found, until)
        wrong = set(bench.labels.tolist()) - bench.right
        found = [place for place in found if place.touched & wrong]
        found.sort(key=lambda place: (len(place.touched & bench.right), -len(place.touched & wrong), place.numbers))
        for place in found:
            if time.monotonic() < until - SEARCHING * seconds:
                bench.solve(place)
        hopeful = [place for place in found if place.mendable or place.response is None]
        bench.propose(hopeful, until)
    return {"places": [_described(place) for place in found]}


def _described(place: Place) -> dict[str, Any]:
    return {
        "unit": place.unit,
        "function": place.function,
        "index": place.index,
        "touched": sorted(place.touched),
        "linear": place.response is not None,
        "mendable": sorted(place.mendable),
        "at_once": place.at_once,
        "proposals": place.proposals,
    }


class Bench:
    def __init__(
        self,
        names: Mapping[str, Any],
        flags: int,
        units: Sequence[Sequence[Any]],
        looked: Sequence[Sequence[str]],
        call: Callable[[], dict[str, Any]],
        expected: Mapping[str, Array],
        pieces: Mapping[str, Array],
        right: set[int],
    ):
        self.names, self.flags, self.units, self.call = names, flags, units, call
        self.hook, self.right = Hook(), right
        self.nodes: list[tuple[int, str, int, ast.expr]] = []  # unit, function, index in it, node
        self.statements: list[ast.stmt] = []
        self.recipes: dict[tuple[int, str], scope.Recipes] = {}
        self.hooked: list[tuple[str, types.CodeType]] = []
        self.inner: set[int] = set()  # products within products, of which the outermost tells enough
        self.loops: dict[int, int] = {}  # the number of a place in a loop → that of one in the loop's last statement
        for number, (label, first, text, _) in enumerate(units):
            tree, module = Tree(Unit(label, first, text, ())), ast.parse(text)
            numbers = {}
            for name in looked[number]:
                mine, other = definitions(tree.module).get(name), definitions(module).get(name)
                if mine is None or other is None:
                    continue
                self.recipes[number, name] = scope.recipes(tree, mine)
                for index, (node, same) in enumerate(zip(places(mine), places(other), strict=True)):
                    numbers[id(same)] = len(self.nodes)
                    parent = tree.parents.get(node)
                    if _is_product(node) and parent is not None and _is_product(parent):
                        self.inner.add(len(self.nodes))
                    self.nodes.append((number, name, index, node))
                    self.statements.append(tree.statement(node))
                self._note_loops(tree, number, name)
            found = codes(Hooked(numbers).visit(module), label, first, flags)
            self.hooked += [(name, found[name]) for name in looked[number] if name in found]
        self.names_of_results = [name for name in expected if name in pieces]
        with patched(names, units, flags):
            base = self._results(call())
        self.names_of_results = [n for n in self.names_of_results if n in base and base[n].shape == expected[n].shape]
        if not self.names_of_results:
            raise ValueError("no result has the right shape")
        self.labels = np.concatenate([pieces[name].ravel() for name in self.names_of_results])
        self.target = np.concatenate([expected[name].ravel() for name in self.names_of_results])
        self.base = self._flat(base)
        self.scale = max(1e-30, float(np.abs(self.target).max()), float(np.abs(self.base).max()))
        self.residual = self.target - self.base
        self.residual[np.isin(self.labels, list(right))] = 0.0

    def _note_loops(self, tree: Tree, unit: int, name: str) -> None:
        mine = [k for k, (number, function, _, _) in enumerate(self.nodes) if (number, function) == (unit, name)]
        for k in mine:
            loop = next((n for n in tree.ancestors(self.nodes[k][3]) if isinstance(n, (ast.For, ast.While))), None)
            if loop is not None:
                inside = [other for other in mine if loop in tree.ancestors(self.nodes[other][3])]
                last = [
                    other
                    for other in inside
                    if loop.body[-1] in (self.statements[other], *tree.ancestors(self.statements[other]))
                ]
                if last:
                    self.loops[k] = last[0]

    def _results(self, answer: Mapping[str, Any]) -> dict[str, Array]:
        results = answer.get("results", {})
        return {
            name: results[name]
            for name in self.names_of_results
            if isinstance(results.get(name), np.ndarray) and results[name].dtype.kind in "fiub"
        }

    def _flat(self, results: Mapping[str, Array]) -> Array:
        return np.concatenate([results[name].astype(np.float64).ravel() for name in self.names_of_results])

    @contextlib.contextmanager
    def instrumented(self) -> Iterator[None]:
        """While this holds, the functions call the hook at every place."""
        with patched(self.names, self.units, self.flags):
            functions = [(live(self.names, name), code) for name, code in self.hooked]
            before = [function.__code__ for function, _ in functions]
            try:
                for function, code in functions:
                    function.__code__ = code
                    function.__globals__[HOOK] = self.hook
                yield
            finally:
                for (function, _), code in zip(functions, before, strict=True):
                    function.__code__ = code
                    function.__globals__.pop(HOOK, None)

    def run(self, at: int, values: Sequence[Array]) -> Array | None:
        """The results with other values at a place; None where it raises or they have another shape.

        The values are absolute: what an earlier execution changes does not reach a later one through this place.
        """
        self.hook.at, self.hook.count, self.hook.values = at, 0, list(values)
        results = self._results(self.call())
        if len(results) != len(self.names_of_results):
            return None
        flat = self._flat(results)
        return flat if flat.shape == self.base.shape and np.isfinite(flat).all() else None

    def record(self) -> list[Place]:
        """The places where there are arrays of floats, with all their values in one call."""
        found: dict[int, Place] = {}
        spoilt = set()

        def note(index: int, value: Any, frame: Any) -> None:
            if is_array(value) and index not in spoilt:
                if index not in found:
                    found[index] = Place(*self.nodes[index], values=[])
                found[index].values.append(np.array(value, dtype=np.float64))
            else:
                spoilt.add(index)

        self.hook.recorder = note
        try:
            self.call()
        finally:
            self.hook.recorder = None
        self.numbers = {id(place): index for index, place in found.items()}
        return [
            place
            for index, place in sorted(found.items())
            if index not in spoilt
            and index not in self.inner
            and 0 < place.numbers <= MOST_NUMBERS
            and _finite(place.values)
        ]

    def touch(self, found: list[Place], until: float) -> None:
        """Which pieces depend on each place."""
        random = np.random.default_rng(0)
        for place in found:
            if time.monotonic() > until:
                return
            nudged = self.nudged(place, random.normal(size=place.numbers))
            if nudged is None:
                continue
            moved = np.abs(nudged - self.base) > 1e-12 * self.scale
            place.touched = set(self.labels[moved].tolist())

    def solve(self, place: Place) -> None:
        """The response at a place, and the pieces that a value there could mend."""
        nothing = np.zeros(place.numbers)
        response = self._slopes(place, nothing, self.base)
        if response is None:
            return
        size = np.concatenate([np.full(value.size, float(np.abs(value).max()) or 1.0) for value in place.values])
        nudge = np.random.default_rng(1).normal(size=place.numbers) * size
        nudged = self.nudged(place, nudge)
        if nudged is None:
            return
        if np.abs(self.base + response @ nudge - nudged).max() <= NEAR * max(self.scale, float(np.abs(nudged).max())):
            place.response = response
            self._feasible(place)
        else:
            self._newton(place, response)

    def nudged(self, place: Place, nudge: Array) -> Array | None:
        ends = np.cumsum([value.size for value in place.values])[:-1]
        parts = [v + part.reshape(v.shape) for part, v in zip(np.split(nudge, ends), place.values, strict=True)]
        return self.run(self.numbers[id(place)], parts)

    def _slopes(self, place: Place, around: Array, there: Array, step: float = 1.0) -> Array | None:
        columns = []
        size = [float(np.abs(value).max()) or 1.0 for value in place.values for _ in range(value.size)]
        for number in range(place.numbers):
            nudge = around.copy()
            nudge[number] += step * size[number]
            nudged = self.nudged(place, nudge)
            if nudged is None:
                return None
            columns.append((nudged - there) / (step * size[number]))
        return np.stack(columns, axis=1)

    def _newton(self, place: Place, response: Array) -> None:
        """The value that mends what depends on a place, where it does so through products with itself."""
        if place.numbers > MOST_NUMBERS // 4:
            return
        rows = np.isin(self.labels, list(place.touched))
        wrong = np.where(np.isin(self.labels, list(self.right)), self.base, self.target)
        around, there, nothing = np.zeros(place.numbers), self.base, np.zeros(place.numbers)
        for _ in range(NEWTON):
            slopes = self._slopes(place, around, there, 1e-5)
            if slopes is None:
                return
            known = self._known(slopes[rows], nothing)
            if known is None:
                return
            change, *_ = np.linalg.lstsq(slopes[rows], (wrong - there)[rows], rcond=1e-9)
            around = around + change
            nudged = self.nudged(place, around)
            if nudged is None:
                return
            there = nudged
            if np.abs(there - wrong)[rows].max() <= 1e-9 * self.scale:
                place.wanted, place.mendable, place.at_once = around + known, place.touched - self.right, True
                return

    def _feasible(self, place: Place) -> None:
        assert place.response is not None
        wrong = place.touched - self.right
        rows = np.isin(self.labels, list(place.touched))
        found = self._solution(place.response, rows)
        if found is not None:
            place.mendable, place.at_once = wrong, True
            place.wanted = self._known(place.response[rows], found)
            return
        kept = place.touched & self.right
        for piece in sorted(wrong):
            if self._solution(place.response, np.isin(self.labels, [piece, *kept])) is not None:
                place.mendable.add(piece)
        # several at once, so that a term is not guessed from one number
        rows = np.isin(self.labels, [*place.mendable, *kept])
        found = self._solution(place.response, rows) if place.mendable else None
        if found is not None:
            place.wanted = self._known(place.response[rows], found)

    def _known(self, response: Array, found: Array) -> Array | None:
        """A solution, nan where nothing depends on it (the last carry, say); None if it is not the only one."""
        used = np.abs(response).max(axis=0, initial=0) > 1e-9 * self.scale
        if np.linalg.matrix_rank(response[:, used], tol=1e-9 * self.scale) < used.sum():
            return None
        return np.where(used, found, np.nan)

    def _solution(self, response: Array, rows: Array) -> Array | None:
        part, wanted = response[rows], self.residual[rows]
        found, *_ = np.linalg.lstsq(part, wanted, rcond=1e-11)
        near = np.abs(part @ found - wanted).max(initial=0) <= NEAR * self.scale
        return found if near else None

    def propose(self, hopeful: list[Place], until: float) -> None:
        """Look among what is in scope for the value that each place should have."""
        wanted = {id(self.statements[self.numbers[id(place)]]) for place in hopeful}
        wanted |= {id(self.statements[end]) for end in self.loops.values()}
        snapshots = self._snapshots(wanted)
        for place in hopeful:
            if time.monotonic() > until:
                return
            scopes = snapshots.get(self.numbers[id(place)], [])
            if len(scopes) == len(place.values):
                at = self.recipes[place.unit, place.function].at
                place.proposals = Matcher(self, place, forms_of(place.values, scopes, at)).proposals()
                loop = self.loops.get(self.numbers[id(place)])
                if loop is not None and isinstance(place.node, ast.Name):
                    place.proposals += carried(place, snapshots.get(loop, []), at)

    def _snapshots(self, wanted: set[int]) -> dict[int, list[dict[str, Array]]]:
        """What is in scope at every execution of the places in these statements."""
        found: dict[int, list[dict[str, Array]]] = {}
        last: dict[int, tuple[int, dict[str, Array]]] = {}

        def note(index: int, value: Any, frame: Any) -> None:
            statement = id(self.statements[index])
            if statement not in wanted:
                return
            known = last.get(statement)
            if known is None or index <= known[0]:
                unit, name, _, _ = self.nodes[index]
                last[statement] = index, scope.arrays(frame, self.recipes[unit, name])
            else:
                last[statement] = index, known[1]
            found.setdefault(index, []).append(last[statement][1])

        self.hook.recorder = note
        try:
            self.call()
        finally:
            self.hook.recorder = None
        return found

    def mended(self, place: Place, deltas: Array) -> Array:
        """For every column of changes how many wrong pieces it makes right; none where a right one breaks."""
        assert place.response is not None
        rows = np.isin(self.labels, [*place.mendable, *(place.touched & self.right)])
        labels = self.labels[rows]
        near = np.abs(place.response[rows] @ deltas - self.residual[rows, None]) <= NEAR * self.scale
        moved = np.isin(labels, list(self.right))
        counts = sum(near[labels == piece].all(axis=0).astype(int) for piece in place.mendable)
        return np.asarray(counts * near[moved].all(axis=0), dtype=int) * np.ones(deltas.shape[1], dtype=int)


def _is_product(node: ast.AST) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult)


def _finite(values: Sequence[Array]) -> bool:
    return all(np.isfinite(value).all() for value in values)
