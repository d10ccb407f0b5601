"""An experiment on a pair whose truth is its own forward, run on dual numbers in the candidate's process."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from .. import cases as drawing
from ..arithmetic.engines import decoded
from ..cases import Case
from ..compare import compare, growth, magnitude
from ..contracts import Backward
from ..experiment import Experiment, NoCase, Outcome
from ..sides import LIMIT, Obstacle
from ..verdicts import WRONG
from .contract import Plan, plan_of

PRECISELY = 300  # numbers among the inputs up to which a truth is computed to many digits, where floats disagree
LARGEST = 2000  # numbers among the inputs of a case: each is a direction for the dual numbers

ROUNDING = 1e-10  # relative, by which a forward that runs twice may differ from itself where it cancels


class NoTruth(Obstacle):
    """Why the forward cannot be differentiated."""


class OwnExperiment(Experiment):
    """skipped: cases on which the forward itself raises, with what it raises.  untrue: those without a truth, and why.
    unsteady: why no truth can be trusted, not even where there seems to be one.  confirmed: results that are wrong
    beyond the rounding of the truth itself.
    """

    def __init__(self, *arguments: Any, **options: Any):
        super().__init__(*arguments, **options)
        self.untrue: dict[Case, str] = {}
        self.unsteady: str | None = None
        self.confirmed: set[str] = set()
        self._shapes: dict[Case, dict[str, tuple[int, ...]]] = {}

    @property
    def backward(self) -> Backward:
        assert isinstance(self.target.contract, Backward)
        return self.target.contract

    @property
    def plan(self) -> Plan:
        return plan_of(self.backward.spelling)

    def arrays(self, case: Case) -> tuple[dict[str, Any], dict[str, Any]]:
        """Inputs, and cotangents of the shapes that the forward returns at these sizes; raises NoCase."""
        contract = self.backward
        inputs = drawing.inputs_of(contract.forward, case)
        sized = replace(case, cotangents=1.0, zeroed=(), seed=case.seed if contract.forward.constants else 0)
        if sized not in self._shapes:
            if sum(array.size for array in inputs.values()) > LARGEST:
                raise self._no_case(case, {"type": "", "message": f"has more than {LARGEST} numbers"})
            answer = self.lab.candidate.call(do="own", what="outputs", plan=contract.spelling, inputs=inputs)
            if "error" in answer:
                raise self._no_case(case, answer["error"])
            returned = answer["results"]
            if not set(contract.forward.outputs).issubset(returned):
                raise self._no_case(case, {"type": "", "message": "does not return all of its outputs"})
            self._shapes[sized] = {name: np.shape(array) for name, array in returned.items()}
        shapes = self._shapes[sized]
        cotangents = {}
        for name, output in contract.cotangents.items():
            values = drawing.normal(name, case, shapes[output])
            cotangents[name] = np.asarray(values * 0 if name in case.zeroed else case.cotangents * values)
        return inputs, cotangents

    def _no_case(self, case: Case, error: dict[str, Any]) -> NoCase:
        if error.get("fatal"):
            self.dead = {**error, "in_forward": True, "case": str(case)}
        self.skipped[case] = error
        return NoCase(error["message"])

    def truth(self, case: Case) -> tuple[dict[str, Any], float, float]:
        """The gradients by dual numbers; zeros for a case that is none, or that has no truth."""
        if case not in self.lab.truths:
            nothing: Any = {name: np.zeros(()) for name in self.backward.gradients}, 1.0, 1.0
            try:
                self.lab.truths[case] = self._truth(case)
            except NoCase:
                self.lab.truths[case] = nothing
            except NoTruth as reason:
                self.lab.truths[case] = nothing
                self.skipped[case] = {"type": "", "message": str(reason)}
                self.untrue[case] = str(reason)
        found: tuple[dict[str, Any], float, float] = self.lab.truths[case]
        return found

    def _truth(self, case: Case) -> tuple[dict[str, Any], float, float]:
        inputs, cotangents = self.arrays(case)
        contract, call = self.backward, self.lab.candidate.call
        message: dict[str, Any] = {"do": "own", "plan": contract.spelling, "inputs": inputs}
        primal = call(what="outputs", **message)
        if "error" in primal:
            raise self._no_case(case, primal["error"])
        outputs = {name: array for name, array in primal["results"].items() if isinstance(array, np.ndarray)}
        if not all(np.isfinite(array).all() for array in outputs.values()):
            raise self._no_case(case, {"type": "", "message": "what it returns is not finite"})
        answer = call(what="truth", cotangents=cotangents, **message)
        if "error" in answer:
            hint = "write it in NumPy that gradproof's exact numbers compute, or in jax.numpy"
            raise NoTruth(f"{self.plan.forward} does not run on dual numbers: {_told(answer['error'])}; {hint}")
        for leak in answer.get("leaks", []):
            line = f" in line {leak['line']}" if "line" in leak else ""
            raise NoTruth(
                f"{self.plan.forward} turns a number into a float, {leak['what']}{line}: no derivative gets past"
            )
        results = answer["results"]
        floats = [array for name, array in inputs.items() if name not in contract.forward.constants]
        given = [*cotangents.values(), *(np.ones(()) for _ in contract.unit)]
        for name, array in outputs.items():
            again = results.get(f"output {name}")
            if not isinstance(again, np.ndarray) or again.shape != array.shape:
                raise NoTruth(f"on dual numbers {self.plan.forward} gives another {name}")
            found = compare(np.asarray(again), np.asarray(array), magnitude(floats))
            if not found.agrees:
                told = f"on dual numbers {self.plan.forward} gives another {name}: random, float32, or stateful"
                near = compare(np.asarray(again), np.asarray(array), magnitude(floats), float32=True).agrees
                if not near or (case.scale == 1 and not found.error < ROUNDING):
                    told = f"{told}; if it is random, seed it inside the forward"
                    self.unsteady = self.unsteady or told
                raise NoTruth(told)
        expected = {name: results.get(f"gradient {of}") for name, of in contract.gradients.items()}
        if not all(isinstance(array, np.ndarray) and np.isfinite(array).all() for array in expected.values()):
            raise self._no_case(case, {"type": "", "message": "its derivative is not finite"})
        return expected, magnitude(floats, given), growth(expected.values(), given)

    def explore(self, cases: list[Case]) -> "OwnExperiment":
        super().explore(cases)
        self.explored = [case for case in self.explored if case not in self.skipped]
        return self

    def call(self, case: Case) -> Outcome:
        """As of any experiment; nothing at a case that is none, or that has no truth."""
        self.truth(case)
        if case in self.skipped:
            return Outcome({})
        outcome = super().call(case)
        if not self.confirmed.issuperset(_wrong(outcome)) and self._precisely(case):
            outcome = super().call(case)
        self.confirmed |= _wrong(outcome)
        return outcome

    def is_unfinished(self, error: Mapping[str, Any]) -> bool:
        return error["message"].startswith("returned None") or super().is_unfinished(error)

    def _precisely(self, case: Case) -> bool:
        """Put the truth of many digits in place of that in floats; whether there is one."""
        inputs, cotangents = self.arrays(case)
        if sum(array.size for array in inputs.values()) > PRECISELY:
            return False
        answer = self.lab.candidate.call(
            do="own", what="precise", plan=self.backward.spelling, inputs=inputs, cotangents=cotangents
        )
        results = answer.get("results", {})
        expected = {name: results.get(f"gradient {of}") for name, of in self.backward.gradients.items()}
        if not all(isinstance(array, np.ndarray) and np.isfinite(array).all() for array in expected.values()):
            return False
        floats, S, _ = self.truth(case)
        if any(array.shape != floats[name].shape for name, array in expected.items()):
            return False
        given = [*cotangents.values(), *(np.ones(()) for _ in self.backward.unit)]
        self.lab.truths[case] = expected, S, growth(expected.values(), given)
        return True

    def sides(
        self, case: Case, engine: Any, words: Mapping[str, Any], without_tiny: bool = False
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """What forward and backward say on exact numbers; see `process`."""
        if without_tiny:
            raise Obstacle("forward and backward have the same constants")
        inputs, cotangents = self.arrays(case)
        self.truth(case)
        if case in self.untrue:
            raise Obstacle(self.untrue[case])
        answer = self.lab.candidate.call(
            do="own",
            what="exact",
            plan=self.backward.spelling,
            inputs=inputs,
            cotangents=cotangents,
            engine=dict(words),
            limit=min(LIMIT, self.lab.candidate.timeout),
        )
        if "error" in answer:
            raise Obstacle(_told(answer["error"]))
        expected = answer.get("expected")
        if "retry" in answer:
            return {}, answer
        if not isinstance(expected, dict):
            raise Obstacle("the process answered with what is no answer")
        try:
            exact = {name: decoded(value, engine) for name, value in expected.items()}
        except ValueError as error:
            raise Obstacle(str(error)) from None
        self._check_shadows(case, exact)
        return exact, answer

    def _check_shadows(self, case: Case, exact: Mapping[str, Any]) -> None:
        """The exact derivatives must be nearly those in floats.  Raises Obstacle."""
        floats, S, G = self.truth(case)
        for name, array in exact.items():
            if array.shape == floats[name].shape and case.scale == 1:
                shadows = np.array([x.shadow for x in array.flat], dtype=np.float64).reshape(array.shape)
                if not compare(shadows, floats[name], S, G, float32=True).agrees:
                    raise Obstacle(f"on exact numbers {self.plan.forward} has another derivative for {name}")


def _wrong(outcome: Outcome) -> set[str]:
    return {name for name, status in outcome.statuses.items() if status.verdict == WRONG}


def _told(error: Mapping[str, Any]) -> str:
    line = f" in line {error['line']}" if "line" in error else ""
    return f"{error['type']}{line}: {error['message']}"
