"""Verdicts without tolerance: the candidate and the truth computed in exact arithmetic, and compared there.

A field says whether two results are the same expression, up to the chance of its random residues; balls say rigorously
that two numbers differ, however little, or bound how far apart they can be.  See notes/exact.md.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import cases as drawing
from .arithmetic import balls
from .arithmetic import field as fields
from .arithmetic.engines import decoded, field_of
from .arithmetic.scalar import Unsupported
from .cases import Case
from .contracts import forward_of, names_of
from .diagnose import when
from .experiment import Experiment, NoCase, cotangents_in, results_of
from .sides import Obstacle, event_in_words
from .verdicts import (
    AGREES,
    EQUAL,
    IDENTICAL,
    UNDECIDED,
    VERIFIED,
    WRONG,
    Finding,
    Function,
    Result,
    verdict_of,
)

# Small, because exact numbers are slow, and pairwise distinct within a contract, so that no swapped axis fits.
SIZES = {"n_a": 2, "T": 3, "n_x": 4, "m": 5, "n_y": 6, "H": 2, "D": 4, "N": 5, "V": 6, "M": 7}
LARGEST = 4000  # numbers among the inputs of a case, times its time steps
SHRINKING = 5.0  # seconds
NEAR = 1e-6  # errors, relative to the numbers that went in, so small that floats see only some of them
SEEDS = 24  # tries with other residues
SIGNS = 10  # times that a field is asked again where a root may have the wrong sign
DIGITS, LARGEST_DIGITS = 30, 500  # decimals to which balls agree that are called equal
GRAVE = (IDENTICAL, EQUAL, UNDECIDED, WRONG)
ARITHMETICS = ("float64", "arb", "field", "all")


@dataclass
class Decision:
    """What exact arithmetic says of one result: identical, equal, wrong or undecided.

    digits: to which it is equal.  difference: its relative size where it differs.  reason: why it is undecided.
    """

    verdict: str
    digits: int | None = None
    difference: float | None = None
    reason: str | None = None
    index: tuple[int, ...] = ()
    actual: float | None = None
    expected: float | None = None
    rooted: bool = False  # whether it is identical through a square root, of which a field may take the other sign


@dataclass
class Exact:
    """What exact arithmetic says of a function at one case: by result, and the lines that did not run."""

    case: Case
    decisions: dict[str, Decision] = field(default_factory=dict)
    unreached: set[int] | None = None  # None: the candidate did not run
    tiny: list[str] = field(default_factory=list)  # constants that were taken for zero
    without_tiny: bool = False


def cases(experiment: Experiment) -> list[Case]:
    """The cases on which exact arithmetic decides: one of distinct sizes, and one in which every size is 1 but T."""
    if experiment.lab.single:
        return list(experiment.explored)
    names = names_of(experiment.target.contract)
    small = forward_of(experiment.target.contract).sizes or {name: SIZES[name] for name in names}
    return [Case(small), Case({name: 2 if name == "T" else 1 for name in names})]


def judge(function: Function, experiment: Experiment, arithmetic: str, digits: int) -> None:
    """Refine the verdicts of a function that floats have judged: identical, equal, or wrong beyond what floats see."""
    if experiment.dead is not None or function.failure is not None:
        return
    said = Exactly(experiment, arithmetic, digits)
    found = [exact for exact in map(said.of, cases(experiment)) if exact.decisions]
    for result in function.results:
        decisions = [(exact.case, exact.decisions[result.name]) for exact in found if result.name in exact.decisions]
        if result.right and decisions:
            case, decision = max(decisions, key=lambda one: GRAVE.index(one[1].verdict))
            if decision.verdict == UNDECIDED:
                result.reason = decision.reason
            elif decision.verdict == WRONG:
                _beyond_floats(result, function, said, case)
            else:
                result.verdict, result.exact_digits = decision.verdict, decision.digits
        elif result.verdict == WRONG and result.case is not None and result.index is not None and not result.alone:
            _confirm(result, function, said)
    function.exact = [str(exact.case) for exact in found]
    reached = [exact.unreached for exact in found if exact.unreached is not None]
    function.unreached = sorted(set.intersection(*reached)) if reached else []
    if function.verdict in (VERIFIED, WRONG):
        function.verdict = verdict_of(function.results)
    function.rests_on_floats = function.verdict == VERIFIED and any(r.verdict == AGREES for r in function.results)


class Exactly:
    """What exact arithmetic says of one function, remembered by case, so that shrinking is cheap."""

    def __init__(self, experiment: Experiment, arithmetic: str, digits: int):
        self.experiment, self.arithmetic, self.digits = experiment, arithmetic, digits
        self.known: dict[Case, Exact] = {}
        self.quick: dict[Case, Exact] = {}  # by one arithmetic alone

    def of(self, case: Case) -> Exact:
        if case not in self.known:
            self.known[case] = decide(self.experiment, case, self.arithmetic, self.digits)
        return self.known[case]

    def wrong(self, name: str) -> Callable[[Case], bool]:
        """Whether a result is wrong at a case; raises OutOfTime when that has been asked for too long."""
        until = time.monotonic() + SHRINKING

        def fails(case: Case) -> bool:
            exact = self.known.get(case) or self.quick.get(case)
            if exact is None:
                if time.monotonic() > until:
                    raise when.OutOfTime
                quick = "field" if self.arithmetic == "all" else self.arithmetic
                exact = self.quick[case] = decide(self.experiment, case, quick, self.digits)
            decision = exact.decisions.get(name)
            return decision is not None and decision.verdict == WRONG

        return fails


def _beyond_floats(result: Result, function: Function, said: Exactly, case: Case) -> None:
    """A result that is wrong by so little that floats do not see it, or not where it matters: shrink it exactly."""
    fails, experiment = said.wrong(result.name), said.experiment
    result.condition = None
    if not experiment.lab.single:
        with contextlib.suppress(when.OutOfTime):
            smaller = when.smallest(fails, case)
            if said.of(smaller).decisions[result.name].verdict == WRONG:
                case = smaller
            seen = {other: fails(other) for other in [*said.known, *said.quick]}
            cotangents = cotangents_in(experiment)
            result.condition = when.condition(
                fails,
                lambda other: not experiment.truth(other)[0][result.name].any(),
                case,
                cotangents,
                seen,
                drawing.base(experiment.target.contract),
            )
    decision = said.of(case).decisions[result.name]
    result.verdict, result.rigorous, result.difference = WRONG, True, decision.difference
    result.case, result.index = str(case), list(decision.index)
    result.actual, result.expected = decision.actual, decision.expected
    result.everywhere, result.where, result.by_time = True, [], None  # as far as floats could see
    _blame_tiny(result, function, said, case)


def _blame_tiny(result: Result, function: Function, said: Exactly, case: Case) -> None:
    """Is it right without a tiny constant, such as one that keeps a logarithm from zero?"""
    for arithmetic in ("field", "arb") if said.arithmetic == "all" else (said.arithmetic,):
        exact = decide(said.experiment, case, arithmetic, said.digits, without_tiny=True)
        decision = exact.decisions.get(result.name)
        if decision is not None and decision.verdict in (IDENTICAL, EQUAL):
            told = f"{result.name} is {decision.verdict} with 0 for {', '.join(exact.tiny)}"
            function.findings.append(Finding("tiny", f"{told}: floats cannot tell, exact arithmetic can"))
            return


def _confirm(result: Result, function: Function, said: Exactly) -> None:
    """A result that floats call wrong: is it so in exact arithmetic, and by how much, at the same case?"""
    assert result.case is not None
    case = drawing.parse(result.case, said.experiment.target.contract)
    decision = said.of(case).decisions.get(result.name)
    if decision is None:
        return
    if decision.verdict == WRONG:
        result.rigorous, result.difference = True, decision.difference
        comparison = said.experiment.run(case).statuses[result.name].comparison
        if comparison is not None and comparison.error < NEAR:
            _beyond_floats(result, function, said, case)
    elif decision.verdict in (IDENTICAL, EQUAL):
        told = "its formulas are right, and what is wrong is rounding, an overflow, or a buffer of another dtype"
        message = f"{result.name} is {decision.verdict} in exact arithmetic at {result.case}: {told}"
        function.findings.append(Finding("rounding", message))
    else:
        result.reason = decision.reason


def decide(
    experiment: Experiment, case: Case, arithmetic: str = "all", digits: int = DIGITS, without_tiny: bool = False
) -> Exact:
    """What the exact arithmetics, or one of them, say of every result at a case."""
    exact = Exact(case, without_tiny=without_tiny)
    names = list(results_of(experiment.target.contract))
    try:
        shapes = experiment.arrays(case)
    except NoCase:
        return exact
    size = sum(array.size for arrays in shapes for array in arrays.values()) * case.sizes.get("T", 1)
    if size > LARGEST or experiment.target.norm:
        told = "clipped to a norm" if experiment.target.norm else "too many numbers in this case for exact arithmetic"
        exact.decisions = {name: Decision(UNDECIDED, reason=told) for name in names}
        return exact
    said: list[dict[str, Decision]] = []
    for engine in ("field", "arb"):
        if arithmetic in (engine, "all"):
            different = {name for one in said for name, decision in one.items() if decision.verdict == WRONG}
            try:
                if engine == "field":
                    said.append(_by_field(experiment, case, exact, alone=arithmetic == "field"))
                else:
                    said.append(_by_balls(experiment, case, exact, digits, different))
            except (Obstacle, Unsupported) as obstacle:
                said.append({name: Decision(UNDECIDED, reason=str(obstacle)) for name in names})
    for name in names:
        found = [decisions[name] for decisions in said if name in decisions]
        if found:
            exact.decisions[name] = _together(found)
    return exact


def _together(found: list[Decision]) -> Decision:
    """Two engines' decisions: balls are sure that numbers differ, to any size, and a field that expressions do not.

    Through a square root a field may take one sign for the other, which balls see.
    """
    by = {decision.verdict: decision for decision in reversed(found)}
    sized = [one for one in found if one.verdict == WRONG and one.difference is not None]
    if sized:
        return sized[0]
    return next((by[verdict] for verdict in (IDENTICAL, WRONG, EQUAL) if verdict in by), found[0])


def _by_field(experiment: Experiment, case: Case, exact: Exact, alone: bool) -> dict[str, Decision]:
    """alone: whether no balls are asked besides, so that a sign which a root may have wrong takes several residues."""
    found, seed = _in_field(experiment, case, exact, case.seed)
    rooted = [name for name, decision in found.items() if decision.verdict == IDENTICAL and decision.rooted]
    with contextlib.suppress(Obstacle):  # many roots at once, which few residues have
        for _ in range(SIGNS if alone and rooted else 0):
            again, seed = _in_field(experiment, case, exact, seed + 1)
            for name in rooted:
                if name in again and again[name].verdict != IDENTICAL:
                    found[name] = Decision(UNDECIDED, reason=fields.TWO_SIGNS)
    return found


def _in_field(experiment: Experiment, case: Case, exact: Exact, seed: int) -> tuple[dict[str, Decision], int]:
    """The decisions with the residues of this seed, or of the first one after it that will do; and that seed."""
    levels = fields.LEVELS
    for _ in range(SEEDS):
        engine = field_of(levels, seed)
        words = {"name": "field", "levels": levels, "seed": seed}
        try:
            expected, answer = experiment.sides(case, engine, words, exact.without_tiny)
        except fields.LevelsExhausted:
            answer = {"retry": "levels"}
        except fields.Unlucky:
            answer = {"retry": "seed"}
        if answer.get("retry") == "levels":
            if levels >= fields.LARGEST_LEVELS:
                raise Obstacle("more exponentials inside one another than the field has levels")
            levels *= 2
        elif answer.get("retry") == "seed":
            seed += 1000
        else:
            return _compared(answer, expected, engine, exact, _by_residues), seed
    raise Obstacle("square roots or quotients that random residues do not have")


def _by_balls(
    experiment: Experiment, case: Case, exact: Exact, digits: int, different: Set[str] = frozenset()
) -> dict[str, Decision]:
    """different: results of which a field says that they differ, so that being close is no reason to stop."""
    precision = min(max(balls.PRECISION, 4 * digits), balls.LARGEST_PRECISION)
    while True:
        engine = balls.Balls(precision)
        with engine.active():
            words = {"name": "arb", "precision": precision}
            expected, answer = experiment.sides(case, engine, words, exact.without_tiny)
            found = _compared(answer, expected, engine, exact, lambda a, b: _by_distance(a, b, digits))
        unsure = any(
            decision.reason == IMPRECISE or (decision.verdict == EQUAL and name in different)
            for name, decision in found.items()
        )
        if not unsure or precision == balls.LARGEST_PRECISION:
            return found
        precision = min(4 * precision, balls.LARGEST_PRECISION)


IMPRECISE = f"balls of {balls.LARGEST_PRECISION} bits still overlap without being close"


def _compared(
    answer: Mapping[str, Any],
    expected: Mapping[str, Any],
    engine: Any,
    exact: Exact,
    compare: Callable[[Any, Any], Decision],
) -> dict[str, Decision]:
    exact.unreached = set(answer["unreached"])
    exact.tiny = list(dict.fromkeys(event_in_words(event) for event in answer.get("tiny", [])))
    decisions = {name: Decision(UNDECIDED, reason="not an array of this shape on exact numbers") for name in expected}
    for name, words in answer["exact"].items():
        if name in expected:
            try:
                actual = decoded(words, engine)
            except ValueError as error:
                raise Obstacle(str(error)) from None
            if actual.shape == expected[name].shape:
                decisions[name] = _worst(actual, expected[name], compare, answer)
    return decisions


def _worst(actual: Any, expected: Any, compare: Callable[[Any, Any], Decision], answer: Mapping[str, Any]) -> Decision:
    """The decision on an array: wrong if an element is, else undecided if one is, else equal, else identical."""
    worst = Decision(IDENTICAL)
    worst.rooted = any(fields.TWO_SIGNS in (x.taint for x in (a, b)) for _, a, b in _pairs(actual, expected))
    for index, a, b in _pairs(actual, expected):
        decision = compare(a, b)
        if decision.verdict == WRONG:  # balls have the doubt about a constant in their radius
            doubt = _doubt(answer) or (None if decision.difference is not None else a.taint or b.taint)
            if doubt is not None:
                decision = Decision(UNDECIDED, reason=doubt)
        graver = GRAVE.index(decision.verdict) - GRAVE.index(worst.verdict)
        if graver > 0 or (graver == 0 and _less_sure(decision, worst)):
            worst = decision
            worst.index, worst.actual, worst.expected = index, a.shadow, b.shadow
    return worst


def _pairs(actual: Any, expected: Any) -> Iterator[tuple[tuple[int, ...], Any, Any]]:
    for index in np.ndindex(actual.shape):
        yield index, actual[index], expected[index]


def _less_sure(decision: Decision, worst: Decision) -> bool:
    if decision.verdict == EQUAL:
        return (decision.digits or 0) < (worst.digits or 0)
    return (decision.difference or 0) > (worst.difference or 0)


def _doubt(answer: Mapping[str, Any]) -> str | None:
    """What happened on the way that makes a difference mean nothing."""
    for kind in ("leaks", "ties"):
        for event in answer[kind]:
            return event_in_words(event)
    return None


def _by_residues(actual: Any, expected: Any) -> Decision:
    same = fields.same(actual, expected)
    if same is None:
        return Decision(UNDECIDED, reason="a logarithm beyond the levels of the field")
    return Decision(IDENTICAL if same else WRONG)


def _by_distance(actual: Any, expected: Any, digits: int) -> Decision:
    how, size, shared = balls.difference(actual, expected, digits)
    if how == "differs":
        return Decision(WRONG, difference=size)
    if how == "equal":
        return Decision(EQUAL, digits=shared)
    taint = actual.taint or expected.taint
    finite = actual.x.is_finite() and expected.x.is_finite()
    return Decision(UNDECIDED, reason=taint or (IMPRECISE if finite else "no finite number"))
