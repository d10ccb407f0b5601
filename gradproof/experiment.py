"""One way to call one function of the candidate, tried on many cases and compared with the truth."""

import math
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import cases as drawing
from . import references
from .candidate import Candidate
from .cases import Case
from .compare import ATOL, Comparison, compare, growth, magnitude
from .contracts import Backward, Contract, Forward, forward_of, key
from .diagnose.when import OutOfTime
from .sides import sides
from .verdicts import AGREES, MISSING, RAISES, UNDECIDED, UNFINISHED, WRONG, WRONG_SHAPE

THROUGH_FLOAT32 = 2.0**-20  # of float64 results some of whose operands were rounded to float32 on the way


@dataclass(frozen=True)
class Target:
    """A function of the candidate, and the contract that it is held to.

    alternatives: contracts that it fits just as well.  clip: gradient → the bound that it is clipped to; norm: the norm
    that all gradients together are clipped to.
    """

    name: str
    contract: Contract
    taken: tuple[str, ...]  # the optional parameters that it has
    float32: bool = False  # whether it keeps float32 buffers as its publication does
    alternatives: tuple["Target", ...] = ()
    clip: Mapping[str, float] = field(default_factory=dict)
    norm: float | None = None


@dataclass(frozen=True)
class Status:
    """One result at one case."""

    verdict: str
    comparison: Comparison | None = None
    actual: Any = None  # where there is no comparison: a shape, or what was returned instead of an array
    expected: Any = None
    float32: bool = False


@dataclass(frozen=True)
class Outcome:
    """One call: the status of every result, or the error that it ended in."""

    statuses: dict[str, Status]
    extra: tuple[str, ...] = ()
    error: dict[str, Any] | None = None

    @property
    def agrees(self) -> bool:
        return all(status.verdict == AGREES for status in self.statuses.values())


@dataclass(frozen=True)
class Lab:
    """The candidate that is experimented on, and the truths that were computed for it."""

    candidate: Candidate
    tick: Callable[[], None]  # called for every case, so that a person sees that something happens
    single: bool = False  # whether one case was asked for, which is neither shrunk nor generalised
    truths: dict[Any, Any] = field(default_factory=dict)


class NoCase(Exception):
    """A case that has no truth, because the forward itself raises on it."""


class Experiment:
    """One way to call one function, tried on many cases; outcomes are remembered, so that shrinking is cheap.

    forward: the candidate's own forward that makes the cache, None for the reference's.  cells: the candidate's
    functions or classes that are replaced by those of the reference, {its name: name in manual/}.
    """

    def __init__(self, lab: Lab, target: Target, forward: Target | None = None, cells: Mapping[str, str] | None = None):
        self.lab, self.target, self.forward, self.cells = lab, target, forward, cells
        self.tried: dict[Case, Outcome] = {}
        self.explored: list[Case] = []  # those tried before shrinking
        self.skipped: dict[Case, dict[str, Any]] = {}  # cases that are none, and why
        self.cell_calls = 0  # how often the cell's replacement was called
        self.dead: dict[str, Any] | None = None  # the error after which no more cases are tried
        self.cut = False  # whether the time limit left cases untried
        self.until = math.inf  # when shrinking has to end
        self.shrunk: list[Case] = []
        self._drawn: tuple[Case | None, Any] = (None, None)

    @property
    def forward_taken(self) -> tuple[str, ...]:
        """Optional inputs that are drawn and not zero: those that the candidate's forward takes."""
        forward = self.target if isinstance(self.target.contract, Forward) else self.forward
        return forward.taken if forward else ()

    @property
    def agrees(self) -> bool:
        """Whether every case that was tried agrees, and none ended the process."""
        return self.dead is None and all(outcome.agrees for outcome in self.tried.values())

    @property
    def unfinished(self) -> dict[str, int]:
        """Names that a template's None is left in, with their lines."""
        definition = self.lab.candidate.definitions.get(self.target.name)
        return definition.unfinished if definition else {}

    def run(self, case: Case) -> Outcome:
        """The outcome of a case.  Raises OutOfTime for a new one when the process has died or shrinking must end."""
        if case not in self.tried:
            if self.dead is not None or time.monotonic() > self.until:
                raise OutOfTime
            self.lab.tick()
            self.tried[case] = self.call(case)
        return self.tried[case]

    def explore(self, cases: list[Case]) -> "Experiment":
        """Try the cases until the process dies, or until they have taken as long as a single call may."""
        started = time.monotonic()
        for case in cases:
            if self.dead is not None or time.monotonic() > started + self.lab.candidate.timeout:
                self.cut = True
                break
            self.run(case)
        self.explored = list(self.tried)
        self.until = time.monotonic() + max(self.lab.candidate.timeout, 2 * (time.monotonic() - started))
        return self

    def fails(self, name: str, verdict: str | None = None) -> Callable[[Case], bool]:
        """Whether a case gives a result this verdict, or any but `agrees`."""

        def failing(case: Case) -> bool:
            status = self.run(case).statuses.get(name)
            return status is not None and (status.verdict != AGREES if verdict is None else status.verdict == verdict)

        return failing

    def arrays(self, case: Case) -> tuple[dict[str, Any], dict[str, Any]]:
        """Inputs and cotangents, the same arrays when the same case is asked for again: nobody may write into them."""
        if case != self._drawn[0]:
            contract = self.target.contract
            inputs = drawing.inputs_of(forward_of(contract), case, self.forward_taken)
            cotangents = {}
            if isinstance(contract, Backward):
                cotangents = drawing.cotangents_of(contract, case, self.target.taken)
            self._drawn = case, (inputs, cotangents)
        return self._drawn[1]

    def ask(self, case: Case, probe: Any = None, steps: int | None = None, shift: float = 0) -> dict[str, Any]:
        """The candidate's answer; steps: of how many time steps there are cotangents; shift: added to the logits."""
        limit = None if probe is None else 4 * self.lab.candidate.timeout  # a probe is several calls
        return self.lab.candidate.call(limit=limit, **self.message(case, probe, steps, shift))

    def message(self, case: Case, probe: Any = None, steps: int | None = None, shift: float = 0) -> dict[str, Any]:
        """What the candidate is asked to do."""
        contract = self.target.contract
        inputs, cotangents = self.arrays(case)
        if shift:
            inputs = {name: array + shift * (name == forward_of(contract).logits) for name, array in inputs.items()}
        if steps is not None:
            cotangents = {name: array[..., :steps] for name, array in cotangents.items()}
        message = {
            "contract": key(contract),
            "function": self.target.name,
            "taken": self.target.taken,
            "cells": self.cells,
            "probe": probe,
        }
        if isinstance(contract, Forward):
            return {"do": "forward", "inputs": inputs, **message}
        if self.forward is None:
            cache = references.cache_of(contract.forward, inputs)
            return {"do": "backward", "cotangents": cotangents, "cache": cache, **message}
        return {
            "do": "backward",
            "inputs": inputs,
            "cotangents": cotangents,
            "forward": self.forward.name,
            "forward_taken": self.forward_taken,
            **message,
        }

    def truth(self, case: Case) -> tuple[dict[str, Any], float, float]:
        """What every result should be, and the S and G of the comparison rule."""
        contract = self.target.contract
        what = (*key(contract), str(forward_of(contract).options), str(self.target.clip), self.target.norm)
        asked = (what, case, self.forward_taken, self.target.taken)
        if asked not in self.lab.truths:
            inputs, cotangents = self.arrays(case)
            forward = forward_of(contract)
            if isinstance(contract, Forward):
                outputs = references.primals(forward, case.sizes, inputs)
                self.lab.truths[asked] = outputs, magnitude(inputs.values()), 1.0
                return self.lab.truths[asked]
            upstream = {name: drawing.zeros(shape, case.sizes) for name, shape in forward.outputs.items()}
            upstream |= {output: cotangents[name] for name, output in contract.cotangents.items()}
            upstream |= {output: np.ones_like(upstream[output]) for output in contract.unit}
            _, gradients = references.outputs_and_gradients(forward, case.sizes, inputs, upstream)
            expected = {name: gradients[of] for name, of in contract.gradients.items()}
            given = [*cotangents.values(), *(upstream[output] for output in contract.unit)]
            S, G = magnitude(inputs.values(), given), growth(expected.values(), given)
            for name, bound in self.target.clip.items():
                expected[name] = np.clip(expected[name], -bound, bound)
            if self.target.norm is not None:
                norm = np.sqrt(sum(np.sum(array**2) for array in expected.values()))
                factor = min(1.0, self.target.norm / norm) if norm > 0 else 1.0
                expected = {name: factor * array for name, array in expected.items()}
            self.lab.truths[asked] = expected, S, G
        return self.lab.truths[asked]

    def sides(
        self, case: Case, engine: Any, words: Mapping[str, Any], without_tiny: bool = False
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The expected results and the candidate's answer on exact numbers; see `sides.sides`."""
        return sides(self, case, engine, words, without_tiny)

    def is_unfinished(self, error: Mapping[str, Any]) -> bool:
        """Whether an error comes from a None that a template left in this very function."""
        if error["message"].startswith("returned NoneType"):
            return True
        if error.get("function") != self.target.name.rpartition(".")[2]:
            return False
        words = set(re.findall(r"\w+", error.get("text") or ""))
        return any(name in words and line < error["line"] for name, line in self.unfinished.items())

    def call(self, case: Case) -> Outcome:
        """Have the candidate compute a case, and compare."""
        answer = self.ask(case)
        self.cell_calls += answer.get("cell_calls", 0)
        outcome = self.outcome(case, answer)
        if outcome.error is not None and outcome.error.get("fatal"):
            self.dead = outcome.error
        return outcome

    def outcome(self, case: Case, answer: Mapping[str, Any]) -> Outcome:
        """An answer to a case, compared with the truth."""
        error = answer.get("error") or answer.get("forward_error")
        if error:
            return self._failed({**error, "in_forward": "forward_error" in answer, "case": str(case)})
        expected, S, G = self.truth(case)
        returned = answer["results"]
        statuses = {}
        for name, array in expected.items():
            optional = name in optional_results_of(self.target.contract)
            if name not in returned:
                if not optional:  # a layer may keep them where nobody looks
                    statuses[name] = Status(UNDECIDED if self.target.contract.constructor else MISSING)
                continue
            status = status_of(returned[name], array, S, G, float32=self.target.float32)
            if not (optional and status.verdict in (UNFINISHED, WRONG_SHAPE)):  # then it is something else
                statuses[name] = status
        return Outcome(statuses, tuple(name for name in returned if name not in expected))

    def _failed(self, error: dict[str, Any]) -> Outcome:
        verdict = UNFINISHED if self.is_unfinished(error) else RAISES
        names = [
            name for name in results_of(self.target.contract) if name not in optional_results_of(self.target.contract)
        ]
        return Outcome({name: Status(verdict) for name in names}, error=error)


def cotangents_in(experiment: Experiment) -> tuple[str, ...]:
    """The cotangents that the function takes."""
    contract = experiment.target.contract
    if isinstance(contract, Forward):
        return ()
    return tuple(c for c in contract.cotangents if c in experiment.target.taken or c not in contract.optional)


def results_of(contract: Contract) -> Mapping[str, Any]:
    """The names of what is judged: the gradients of a backward, the outputs of a forward."""
    return contract.gradients if isinstance(contract, Backward) else contract.outputs


def optional_results_of(contract: Contract) -> tuple[str, ...]:
    """Those that may be absent."""
    return contract.optional_gradients if isinstance(contract, Backward) else contract.optional_outputs


def status_of(returned: Any, expected: Any, S: float, G: float, *, float32: bool = False) -> Status:
    """The verdict on one returned value: is it an array of the right shape, and of the right numbers?

    float32: whether it may be as far off as float32 rounds.
    """
    if not isinstance(returned, np.ndarray):
        if returned.get("none"):
            return Status(UNFINISHED, actual="None", expected=list(expected.shape))
        return Status(WRONG_SHAPE, actual=returned.get("shape", returned["what"]), expected=list(expected.shape))
    if returned.shape != expected.shape:
        return Status(WRONG_SHAPE, actual=list(returned.shape), expected=list(expected.shape))
    if np.iscomplexobj(returned):
        if returned.imag.any():
            return Status(WRONG_SHAPE, actual="complex numbers", expected=list(expected.shape))
        returned = returned.real
    rounded = returned.dtype == np.float32
    found = compare(returned, expected, S, G, float32=rounded)
    if not found.agrees and (float32 or _was_float32(returned, expected, S * G**2)):
        wider = compare(returned, expected, S, G, float32=True)
        near = np.allclose(returned, expected, rtol=THROUGH_FLOAT32, atol=THROUGH_FLOAT32 * S * G**2)
        found, rounded = (wider, True) if wider.agrees and (near or not float32) else (found, rounded)
    return Status(AGREES if found.agrees else WRONG, found, float32=rounded)


def _was_float32(array: Any, expected: Any, scale: float) -> bool:
    """Whether an array of another dtype holds the right values as a float32 buffer rounds them."""
    with np.errstate(over="ignore"):
        fits = np.array_equal(array.astype(np.float32).astype(np.float64), array)
    return bool(fits and np.allclose(array, expected, rtol=2.0**-22, atol=ATOL * scale))
