"""What edits are tried on: cases that fail, in blocks that are right or wrong, and how far a source has come."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..cases import Case
from ..contracts import Backward, Dimensions, sizes_of
from ..experiment import Experiment, NoCase, Outcome
from ..verdicts import AGREES
from .text import Unit, original_line

CALL = 2.0  # seconds beyond those for one call, after which its process is ended
UNEDITED, LEAST = 5.0, 0.5  # seconds for one call of the source as it is, and at least for one that is edited
RESPONSE = 0.3  # of the time that is left, for looking at places
Piece = tuple[int, str, int]  # probe, result, block of it


@dataclass(frozen=True)
class Probe:
    """A case on which something is wrong, and what should come out; pieces: which block every number belongs to."""

    case: Case
    message: Mapping[str, Any]
    expected: Mapping[str, Any]
    pieces: Mapping[str, Any]


@dataclass(frozen=True)
class Standing:
    """How far a source is from being right: the first probe that fails, the pieces that are right, and an error.

    right: all pieces of the probes before that one, and those of it that agree.
    """

    probe: int
    right: frozenset[Piece]
    complete: bool
    error: Mapping[str, Any] | None = None

    def better(self, other: "Standing") -> bool:
        if self.complete or self.probe != other.probe:
            return self.complete or self.probe > other.probe
        if self.error is not None:
            return other.error is not None and _progress(self.error, other.error)
        return other.error is not None or self.right > other.right

    @property
    def rank(self) -> tuple[Any, ...]:
        """The better the smaller."""
        error = self.error
        return -self.probe, error is not None, -len(self.right), -((error or {}).get("at") or 0)


def _progress(error: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Whether an error comes later than another, or at the same line for another reason."""
    if error.get("function") != before.get("function"):
        return False
    here, there = error.get("at") or 0, before.get("at") or 0
    said = (error.get("type"), error.get("message")) != (before.get("type"), before.get("message"))
    names = ("NameError", "AttributeError", "KeyError", "UnboundLocalError")
    return here > there or (here == there and said and before.get("type") in names)


@dataclass
class Bench:
    """One function that is to be mended, and what its edits are tried on.

    editable: unit number → the functions of it that may be edited, the function itself first.  originals: the units
    as they are loaded.
    """

    experiment: Experiment
    probes: list[Probe]
    units: tuple[Unit, ...]
    originals: tuple[Unit, ...]
    editable: Mapping[int, Sequence[str]]
    until: float
    tick: Callable[[int], None] = lambda tried: None
    pure: bool = False  # whether a call must not change what it was given, which its message asks for
    suspects: list[int] = field(default_factory=list)  # lines, see `verdicts.Repair`
    tried: int = 0
    timed: bool = False
    slowest: float = UNEDITED  # seconds for one call
    seen: set[tuple[str, ...]] = field(default_factory=set)

    def changed(self, units: Sequence[Unit]) -> list[list[Any]]:
        """The units that are not as they were loaded, for a message."""
        return [
            [unit.label, unit.first, unit.text, list(unit.functions)]
            for unit, original in zip(units, self.originals, strict=True)
            if unit.text != original.text
        ]

    def standings(self, variants: Sequence[tuple[Unit, ...]]) -> list[Standing]:
        """How each source stands: on the first probe, and on the others if that is all right."""
        found: list[Standing] = []
        answers = self._answers([self.changed(units) for units in variants], self.probes[0])
        for units, answer in zip(variants, answers, strict=True):
            standing = self._standing(0, answer, frozenset(), units)
            for number in range(1, len(self.probes)):
                if not standing.complete:
                    break
                (answer,) = self._answers([self.changed(units)], self.probes[number])
                standing = self._standing(number, answer, standing.right, units)
            found.append(standing)
        return found

    def _placed(self, error: Mapping[str, Any], units: Sequence[Unit]) -> Mapping[str, Any]:
        """An error with the line at which it would be in the original, where no edit has moved it."""
        if not error.get("line"):
            return error
        at = error["line"]
        for unit, original in zip(units, self.originals, strict=True):
            if unit.text != original.text and original.label == error.get("label"):
                inside = at - original.first + 1
                if 1 <= inside <= unit.text.count("\n"):
                    at = original.first - 1 + original_line(original.text, unit.text, inside)
        return {**error, "at": at}

    def _standing(
        self, number: int, answer: Mapping[str, Any], before: frozenset[Piece], units: Sequence[Unit]
    ) -> Standing:
        probe = self.probes[number]
        outcome = self.experiment.outcome(probe.case, answer)
        if outcome.error is not None:
            return Standing(number, before, False, self._placed(outcome.error, units))
        right = right_pieces(probe, outcome)
        complete = outcome.agrees
        if self.pure:
            complete = complete and not answer.get("changed")
            right |= set() if answer.get("changed") else {("", 0)}
        return Standing(number, before | {(number, name, piece) for name, piece in right}, complete)

    def _answers(self, variants: Sequence[list[list[Any]]], probe: Probe) -> list[dict[str, Any]]:
        """The candidate's answers; an edit after which its process ends, or never answers, does not cost the others."""
        self.tried += len(variants)
        self.tick(self.tried)
        candidate = self.experiment.lab.candidate
        started = time.monotonic()
        answer = candidate.call(
            do="trial",
            seconds=self.slowest,
            variants=list(variants),
            message=dict(probe.message),
            limit=min(self.slowest + CALL, candidate.timeout),
        )
        if not self.timed and "trials" in answer:  # the source as it is: an edit may take several times as long
            self.timed, self.slowest = True, max(LEAST, 5 * (time.monotonic() - started))
        if "trials" in answer:
            return list(answer["trials"])
        told = {"error": answer.get("error", {"type": "Crash", "message": ""})}
        at = (answer.get("at") or {}).get("at")
        if not isinstance(at, int) or not 0 <= at < len(variants) or time.monotonic() > self.until:
            return [told] * len(variants)
        before = self._answers(variants[:at], probe) if at else []
        return [*before, told, *(self._answers(variants[at + 1 :], probe) if at + 1 < len(variants) else [])]

    def response(self, units: Sequence[Unit], standing: Standing) -> list[dict[str, Any]]:
        """What `response.respond` says of the editable functions."""
        probe = self.probes[standing.probe]
        left = self.until - time.monotonic()
        sent, looked, numbers = [], [], []
        for number, unit in enumerate(units):
            if number in self.editable or unit.text != self.originals[number].text:
                sent.append([unit.label, unit.first, unit.text, list(unit.functions)])
                looked.append(list(self.editable.get(number, ())))
                numbers.append(number)
        labels, right, offset = {}, [], 0
        for name, pieces in probe.pieces.items():
            labels[name] = pieces + offset
            right += [
                int(piece + offset)
                for piece in np.unique(pieces)
                if (standing.probe, name, int(piece)) in standing.right
            ]
            offset += int(pieces.max(initial=0)) + 1
        answer = self.experiment.lab.candidate.call(
            do="respond",
            units=sent,
            looked=looked,
            message=dict(probe.message),
            expected=dict(probe.expected),
            pieces=labels,
            right=right,
            seconds=max(0.5, RESPONSE * left),
            limit=max(2.0, left),
        )
        found = answer.get("places", [])
        return [{**place, "unit": numbers[place["unit"]]} for place in found if 0 <= place["unit"] < len(numbers)]


def probe_of(experiment: Experiment, case: Case, pure: bool = False) -> Probe:
    """A case as a probe: its results in blocks by time step, by gate, by what a weight acts on.

    pure: whether the call is also asked what it changed of what it was given.  Raises NoCase.
    """
    expected, _, _ = experiment.truth(case)
    if case in experiment.skipped:
        raise NoCase(str(case))
    contract = experiment.target.contract
    pieces = {}
    for name, array in expected.items():
        pieces[name] = _blocks(array, _dimensions(contract, name), case.sizes)
    asked: Any = None
    if pure:
        asked = experiment.arrays(replace(case, seed=case.seed + 1))[0] if isinstance(contract, Backward) else True
    return Probe(case, experiment.message(case, probe=asked), expected, pieces)


def _dimensions(contract: Any, name: str) -> Dimensions:
    if isinstance(contract, Backward):
        return contract.forward.inputs[contract.gradients[name]]
    dimensions: Dimensions = contract.outputs[name]
    return dimensions


def _blocks(array: Any, dimensions: Dimensions, sizes: Mapping[str, int]) -> Any:
    pieces = np.zeros(array.shape, dtype=int)
    for axis, dimension in enumerate(dimensions[: array.ndim]):
        if dimension == "T":
            along = np.arange(array.shape[axis])
        elif "+" in dimension:
            lengths = [sizes_of((term,), sizes)[0] for term in dimension.split("+")]
            along = np.repeat(np.arange(len(lengths)), lengths)
        else:
            continue
        shape = [1] * array.ndim
        shape[axis] = array.shape[axis]
        pieces = pieces * (int(along.max(initial=0)) + 1) + along.reshape(shape)
    return pieces


def still_wrong(bench: Bench, standing: Standing) -> list[str]:
    """The results that are not all right on the first probe that fails."""
    probe = bench.probes[standing.probe]
    return [
        name
        for name, pieces in probe.pieces.items()
        if any((standing.probe, name, int(piece)) not in standing.right for piece in np.unique(pieces))
    ]


def right_pieces(probe: Probe, outcome: Outcome) -> set[tuple[str, int]]:
    """The blocks of an outcome that agree with what was expected."""
    found = set()
    for name, pieces in probe.pieces.items():
        status = outcome.statuses.get(name)
        if status is None or (status.verdict != AGREES and status.comparison is None):
            continue
        wrong = np.zeros(pieces.shape, bool) if status.comparison is None else status.comparison.wrong
        found |= {(name, int(piece)) for piece in np.unique(pieces) if not wrong[pieces == piece].any()}
    return found
