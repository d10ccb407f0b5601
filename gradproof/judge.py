"""The order of checks: primal, structure, values, purity; each with its own verdict, so that none drowns the next.

The judge never runs a candidate's code.  It draws cases, has the candidate's process compute, and compares the results.
"""

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import cases as drawing
from . import references
from .candidate import Candidate
from .cases import Case
from .compare import Comparison, compare, magnitude
from .contracts import Backward, Contract, Forward, forward_of, signature, sizes_of
from .diagnose import when
from .diagnose import where as locating
from .verdicts import (
    AGREES,
    MISSING,
    RAISES,
    UNDECIDED,
    UNFINISHED,
    VERIFIED,
    WRONG,
    WRONG_SHAPE,
    Failure,
    Finding,
    Function,
    Result,
    grouped,
    verdict_of,
)

FATAL = ("Timeout", "Exit", "Crash")  # what ends the candidate's process


@dataclass(frozen=True)
class Target:
    """A function of the candidate, and the contract that it is held to."""

    name: str
    contract: Contract
    taken: tuple[str, ...]  # the optional parameters that it has


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


class Experiment:
    """One way to call one function, tried on many cases; outcomes are remembered, so that shrinking is cheap.

    forward: the candidate's own forward that makes the cache, None for the reference's.  reference_cell: the cell that
    the function calls is replaced by the reference.
    """

    def __init__(self, judge: "Judge", target: Target, forward: Target | None = None, *, reference_cell: bool = False):
        self.judge, self.target, self.forward, self.reference_cell = judge, target, forward, reference_cell
        self.tried: dict[Case, Outcome] = {}
        self.dead: dict[str, Any] | None = None  # the error after which no more cases are tried
        self.cut = False  # whether the time limit left cases untried
        self.shrunk: list[Case] = []

    @property
    def forward_taken(self) -> tuple[str, ...]:
        """Optional inputs that are drawn and not zero: those that the candidate's forward takes."""
        forward = self.target if isinstance(self.target.contract, Forward) else self.forward
        return forward.taken if forward else ()

    def run(self, case: Case) -> Outcome:
        if case not in self.tried:
            self.tried[case] = self._run(case) if self.dead is None else self._failed(self.dead)
        return self.tried[case]

    def explore(self, cases: Iterable[Case]) -> "Experiment":
        """Try the cases until the process dies, or until they have taken as long as a single call may."""
        until = time.monotonic() + self.judge.candidate.timeout
        for case in cases:
            if self.dead is not None or time.monotonic() > until:
                self.cut = True
                break
            self.run(case)
        return self

    def fails(self, name: str, verdict: str | None = None) -> Callable[[Case], bool]:
        """Whether a case gives a result this verdict, or any but `agrees`."""

        def failing(case: Case) -> bool:
            status = self.run(case).statuses.get(name)
            return status is not None and (status.verdict != AGREES if verdict is None else status.verdict == verdict)

        return failing

    def arrays(self, case: Case) -> tuple[dict[str, Any], dict[str, Any]]:
        contract = self.target.contract
        inputs = drawing.inputs_of(forward_of(contract), case, self.forward_taken)
        if isinstance(contract, Forward):
            return inputs, {}
        return inputs, drawing.cotangents_of(contract, case, self.target.taken)

    def ask(self, case: Case, probe: Any = None) -> dict[str, Any]:
        contract = self.target.contract
        inputs, cotangents = self.arrays(case)
        message = {
            "contract": [contract.convention, contract.name],
            "function": self.target.name,
            "inputs": inputs,
            "taken": self.target.taken,
            "reference_cell": self.reference_cell,
            "probe": probe,
        }
        if isinstance(contract, Forward):
            return self.judge.candidate.call(do="forward", **message)
        return self.judge.candidate.call(
            do="backward",
            **message,
            cotangents=cotangents,
            forward=self.forward.name if self.forward else None,
            forward_taken=self.forward_taken,
        )

    def _run(self, case: Case) -> Outcome:
        answer = self.ask(case)
        error = answer.get("error") or answer.get("forward_error")
        if error:
            error = {**error, "in_forward": "forward_error" in answer, "case": str(case)}
            if error.get("fatal"):
                self.dead = error
            return self._failed(error)
        expected, S = self.judge.truth(self, case)
        returned = answer["results"]
        statuses = {}
        for name, array in expected.items():
            if name not in returned:
                if name in _optional(self.target.contract):
                    continue
                statuses[name] = Status(MISSING)
            else:
                statuses[name] = _status(returned[name], array, S)
        return Outcome(statuses, tuple(name for name in returned if name not in expected))

    def _failed(self, error: dict[str, Any]) -> Outcome:
        verdict = UNFINISHED if self.judge.is_unfinished(self.target, error) else RAISES
        names = [name for name in results_of(self.target.contract) if name not in _optional(self.target.contract)]
        return Outcome({name: Status(verdict) for name in names}, error=error)


class Judge:
    """Audits the functions of one candidate.

    examples: how many cases are drawn after the designed grid.  case: the one case to try instead of all.
    """

    def __init__(
        self,
        candidate: Candidate,
        targets: list[Target],
        *,
        examples: int = 30,
        seed: int = 0,
        case: str | None = None,
        progress: Callable[[str, int, int], None] = lambda name, done, total: None,
    ):
        self.candidate, self.targets = candidate, targets
        self.examples, self.seed, self.case, self.progress = examples, seed, case, progress
        self._truths: dict[Any, Any] = {}
        self._judged: dict[str, Function] = {}

    def audit(self, names: list[str] | None = None) -> list[Function]:
        """Audit the targets, or those of these names; forwards come first, because backwards read their caches."""
        wanted = [target for target in self.targets if names is None or target.name in names]
        needed = [t for w in wanted if isinstance(w.contract, Backward) for t in [self.forward_for(w)] if t]
        order = {id(target): target for target in [*needed, *wanted]}.values()
        forwards = [target for target in order if isinstance(target.contract, Forward)]
        backwards = [target for target in order if isinstance(target.contract, Backward)]
        total = len(forwards) + len(backwards)
        for done, target in enumerate([*forwards, *backwards]):
            self.progress(target.name, done, total)
            references.prepare(forward_of(target.contract))
            self._judged[target.name] = (
                self._forward(target) if isinstance(target.contract, Forward) else self._backward(target)
            )
        self.progress("", total, total)
        return [self._judged[target.name] for target in wanted]

    def forward_for(self, target: Target) -> Target | None:
        """The candidate's own forward for a backward."""
        assert isinstance(target.contract, Backward)
        return next((t for t in self.targets if t.contract is target.contract.forward), None)

    def cell_for(self, target: Target) -> Target | None:
        """The candidate's own cell for a sequence function."""
        return next((t for t in self.targets if t.contract.name == target.contract.cell), None)

    def truth(self, experiment: Experiment, case: Case) -> tuple[dict[str, Any], float]:
        """What every result should be, and the size S that errors are measured against."""
        contract = experiment.target.contract
        key = (contract.name, case, experiment.forward_taken, experiment.target.taken)
        if key not in self._truths:
            inputs, cotangents = experiment.arrays(case)
            forward = forward_of(contract)
            upstream = {name: np.zeros(sizes_of(shape, case.sizes)) for name, shape in forward.outputs.items()}
            if isinstance(contract, Backward):
                upstream |= {output: cotangents[name] for name, output in contract.cotangents.items()}
            outputs, gradients = references.outputs_and_gradients(forward, case.sizes, inputs, upstream)
            if isinstance(contract, Backward):
                expected = {name: gradients[of] for name, of in contract.gradients.items()}
                self._truths[key] = expected, magnitude(inputs.values(), cotangents.values())
            else:
                self._truths[key] = outputs, magnitude(inputs.values())
        return self._truths[key]

    def is_unfinished(self, target: Target, error: Mapping[str, Any]) -> bool:
        """Whether an error comes from a None that a template left in this very function."""
        if error["message"].startswith("returned NoneType"):
            return True
        if error.get("function") != target.name:
            return False
        words = set(re.findall(r"\w+", error.get("text") or ""))
        return any(name in words and line < error["line"] for name, line in self._unfinished(target).items())

    def _unfinished(self, target: Target) -> dict[str, int]:
        definition = self.candidate.definitions.get(target.name)
        return definition.unfinished if definition else {}

    def _cases(self, contract: Contract) -> list[Case]:
        if self.case is not None:
            return [drawing.parse(self.case, contract)]
        return [*drawing.grid(contract), *drawing.drawn(contract, self.seed, self.examples)]

    # forwards

    def _forward(self, target: Target) -> Function:
        experiment = Experiment(self, target).explore(self._cases(target.contract))
        function = self._function(target, experiment)
        if function.failing:
            self._glue(function, target, experiment)
        function.findings += self._purity(experiment)
        return function

    # backwards

    def _backward(self, target: Target) -> Function:
        contract = target.contract
        assert isinstance(contract, Backward)
        own = self.forward_for(target)
        findings: list[Finding] = []
        if own is None:
            experiment = Experiment(self, target).explore(self._cases(contract))
        else:
            experiment = self._on_caches(target, own, findings)
        function = self._function(target, experiment)
        function.findings = [*findings, *function.findings]
        if any(finding.kind == "undecided" for finding in findings):
            function.results = [Result(result.name, UNDECIDED) for result in function.results]
            function.verdict, function.failure = UNDECIDED, None
            return function
        if function.failing:
            self._glue(function, target, experiment)
        function.findings += self._purity(experiment)
        return function

    def _on_caches(self, target: Target, own: Target, findings: list[Finding]) -> Experiment:
        """The experiment that a backward with a forward of its own is judged on.

        That is the one on its own caches, unless it fails there and the forward is to blame, or may be.
        """
        assert isinstance(target.contract, Backward)
        caches = target.contract.cache
        forward = self._judged[own.name]
        if forward.failure is None or forward.failure.type not in FATAL:
            experiment = Experiment(self, target, own).explore(self._cases(target.contract))
            if _all_agree(experiment):
                return experiment
        other = Experiment(self, target).explore(self._cases(target.contract))
        failed = next((outcome.error for outcome in other.tried.values() if outcome.error), None)
        if _all_agree(other):
            if forward.verdict == VERIFIED:
                forward.verdict = WRONG
                forward.results.append(Result(caches, WRONG))
                forward.findings.append(
                    Finding(
                        "cache",
                        f"every output agrees, but {target.name} gets wrong gradients from the {caches} that this "
                        "function returns, and right ones from the reference's: an entry is wrong, stands in another "
                        "order, or is a view of a buffer that is overwritten later",
                    )
                )
            findings.append(
                Finding(
                    "forward",
                    f"backward right, forward wrong: every gradient agrees on the reference's {caches}, and not on "
                    f"those of {own.name}",
                )
            )
            return other
        if forward.verdict == VERIFIED:
            return experiment
        if failed is None:
            findings.append(
                Finding("forward", f"both wrong: {own.name}, and this function on the reference's {caches} too")
            )
            return other
        findings.append(
            Finding(
                "undecided",
                f"{own.name} is wrong, and on the reference's {caches} this function raises {failed['type']}: "
                f"{failed['message']}; mend the forward first",
            )
        )
        return other

    # what forwards and backwards share

    def _function(self, target: Target, experiment: Experiment) -> Function:
        contract = target.contract
        count = len(experiment.tried)
        findings = self._structure(experiment)
        results = [self._result(experiment, name) for name in self._names(experiment)]
        findings += _gates(contract, results)
        definition = self.candidate.definitions.get(target.name)
        return Function(
            name=target.name,
            contract=contract.name,
            convention=contract.convention,
            kind="backward" if isinstance(contract, Backward) else "forward",
            signature=signature(contract),
            verdict=verdict_of(results),
            results=results,
            cases=count,
            label=definition.label if definition else None,
            line=definition.line if definition else None,
            findings=findings,
            failure=self._failure(experiment),
        )

    def _names(self, experiment: Experiment) -> list[str]:
        seen = {name for outcome in experiment.tried.values() for name in outcome.statuses}
        return [name for name in results_of(experiment.target.contract) if name in seen]

    def _result(self, experiment: Experiment, name: str) -> Result:
        """The verdict of the first case that fails, the designed ones first; everything about it is then shrunk."""
        tried = {case: outcome.statuses.get(name) for case, outcome in experiment.tried.items()}
        statuses = {case: status for case, status in tried.items() if status is not None}
        failing = [case for case, status in statuses.items() if status.verdict != AGREES]
        if not failing:
            compared = [status.comparison for status in statuses.values() if status.comparison is not None]
            return Result(
                name,
                AGREES,
                digits=min(comparison.digits for comparison in compared),
                max_abs=max(comparison.max_abs for comparison in compared),
                max_rel=max(comparison.max_rel for comparison in compared),
            )
        first, verdict = failing[0], statuses[failing[0]].verdict
        case, condition = first, None
        if not (experiment.dead or self.case):
            alike = experiment.fails(name, verdict)
            # most results fail together, so shrinking starts where another one has already arrived
            case = when.smallest(alike, next((known for known in experiment.shrunk if alike(known)), first))
            experiment.shrunk.append(case)
            condition = when.condition(experiment.fails(name), case, self._cotangents(experiment))
        status = experiment.run(case).statuses[name]
        result = Result(name, verdict, case=str(case), condition=condition)
        result.actual, result.expected = status.actual, status.expected
        if status.comparison is not None:
            found = status.comparison
            result.index = list(found.index)
            result.actual, result.expected = found.actual, found.expected
            result.max_abs, result.max_rel = found.max_abs, found.max_rel
            self._locate(result, experiment, [c for c in failing if statuses[c].verdict == verdict])
        return result

    def _cotangents(self, experiment: Experiment) -> tuple[str, ...]:
        contract = experiment.target.contract
        if isinstance(contract, Forward):
            return ()
        return tuple(c for c in contract.cotangents if c in experiment.target.taken or c not in contract.optional)

    def _locate(self, result: Result, experiment: Experiment, failing: list[Case]) -> None:
        """Where along the axes, seen at a case whose axes are long enough and whose gates are not saturated."""
        wide = next((c for c in failing if min(c.sizes.values()) > 1 and not c.saturated and c.scale == 1), None)
        found = experiment.run(wide).statuses[result.name].comparison if wide else None
        if wide is None or found is None:
            return
        dimensions = _shape_of(experiment.target.contract, result.name)
        result.where = locating.where(found.wrong, dimensions, wide.sizes)
        result.by_time = locating.by_time(found.wrong, dimensions)

    def _failure(self, experiment: Experiment) -> Failure | None:
        """The error of the smallest case that raises."""
        failed = [case for case, outcome in experiment.tried.items() if outcome.error]
        if not failed:
            return None
        case = failed[0]
        if experiment.dead is None and self.case is None:
            case = when.smallest(lambda tried: experiment.run(tried).error is not None, case)
        error = experiment.run(case).error
        assert error is not None
        return Failure(
            error["type"],
            error["message"],
            error.get("case", str(case)),
            error.get("function"),
            error.get("label"),
            error.get("line"),
            error.get("text"),
        )

    def _structure(self, experiment: Experiment) -> list[Finding]:
        findings = []
        outcomes = list(experiment.tried.values())
        extra = sorted({name for outcome in outcomes for name in outcome.extra})
        if extra:
            findings.append(Finding("extra", f"also returns {', '.join(extra)}, which nothing was compared with"))
        rounded = [
            name
            for name in self._names(experiment)
            if any(name in outcome.statuses and outcome.statuses[name].float32 for outcome in outcomes)
        ]
        if rounded:
            findings.append(
                Finding(
                    "float32", f"float32 result from float64 input: {', '.join(rounded)}; compared to its precision"
                )
            )
        nones = self._unfinished(experiment.target)
        if nones and any(s.verdict == UNFINISHED for outcome in outcomes for s in outcome.statuses.values()):
            lines = ", ".join(f"line {line}: {name} = None" for name, line in nones.items())
            findings.append(Finding("unfinished", f"the template's None is still there: {lines}"))
        if experiment.cut and experiment.dead is None:
            findings.append(Finding("time", f"slow: only {len(outcomes)} cases fitted into the time limit"))
        return findings

    def _glue(self, function: Function, target: Target, experiment: Experiment) -> None:
        """Try a sequence function once more with the reference cell: is it the cell, or the loop around it?"""
        cell = self.cell_for(target)
        if cell is None:
            return
        cases = self._cases(target.contract)
        other = Experiment(self, target, experiment.forward, reference_cell=True).explore(cases)
        if experiment.forward is not None and any(outcome.error for outcome in other.tried.values()):
            other = Experiment(self, target, reference_cell=True).explore(cases)  # its caches may be of its own making
        what = "gradient" if function.kind == "backward" else "output"
        swapped = f"with the reference's {cell.name} in place of its own"
        if _all_agree(other):
            message = f"glue right, cell wrong: {swapped} every {what} agrees"
        elif all(outcome.error for outcome in other.tried.values()):
            failure = self._failure(other)
            assert failure is not None
            line = f" in line {failure.line}" if failure.line else ""
            message = f"{swapped} it still raises {failure.type}: {failure.message}{line}"
        else:
            results = [self._result(other, name) for name in self._names(other)]
            wrong = "; ".join(
                f"{verdict}: {', '.join(names)}{f', {condition}' if condition else ''}"
                for (verdict, condition), names in grouped(results).items()
            )
            judged = self._judged.get(cell.name)
            told = "cell right, glue wrong: " if judged and judged.verdict == VERIFIED else ""
            if grouped(results) == grouped(function.results):
                message = f"{told}{swapped} the same {what}s are wrong"
            else:
                message = f"{told}{swapped} still {wrong}"
        function.findings.append(Finding("cell", message))

    def _purity(self, experiment: Experiment) -> list[Finding]:
        """Side effects, looked for on the first case that returns: writes, memory between calls, shared results."""
        case = next((case for case, outcome in experiment.tried.items() if outcome.error is None), None)
        if case is None or experiment.dead is not None:
            return []
        contract = experiment.target.contract
        if isinstance(contract, Forward):
            answer = experiment.ask(case, probe=True)
        else:
            between = drawing.inputs_of(forward_of(contract), _another(case), experiment.forward_taken)
            answer = experiment.ask(case, probe=between)
        if "results" not in answer:
            error = answer.get("error", {})
            return [Finding("repeat", f"another call at {case}: {error['message']}")] if error else []
        findings = []
        if answer["changed"]:
            paths = list(answer["changed"])
            more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
            findings.append(
                Finding(
                    "in-place", f"writes into its inputs or cache: {', '.join(paths[:3])}{more} changed during the call"
                )
            )
        for kind, key, told in (
            ("repeat", "again", "second call differs: the same call on the same cache"),
            ("order", "interleaved", "result depends on call order: with another forward call in between, it"),
        ):
            if key not in answer:
                continue
            if "error" in answer[key]:
                error = answer[key]["error"]
                findings.append(Finding(kind, f"{told} raises {error['type']}: {error['message']}"))
            else:
                changed = [
                    n for n, array in answer["results"].items() if not _same(array, answer[key]["results"].get(n))
                ]
                if changed:
                    findings.append(Finding(kind, f"{told} gives another {', '.join(changed)}"))
        if answer.get("shared"):
            pairs = ", ".join(f"{a} and {b}" for a, b in answer["shared"])
            findings.append(Finding("aliased", f"results share memory: {pairs}"))
        return findings


def results_of(contract: Contract) -> Mapping[str, Any]:
    return contract.gradients if isinstance(contract, Backward) else contract.outputs


def _optional(contract: Contract) -> tuple[str, ...]:
    return contract.optional_gradients if isinstance(contract, Backward) else ()


def _shape_of(contract: Contract, name: str) -> tuple[str, ...]:
    if isinstance(contract, Backward):
        return contract.forward.inputs[contract.gradients[name]]
    return contract.outputs[name]


def _gates(contract: Contract, results: list[Result]) -> list[Finding]:
    """Which gates' own gradients fail, when those of other gates agree."""
    groups = contract.groups if isinstance(contract, Backward) else {}
    failing = {result.name for result in results if result.verdict != AGREES}
    wrong = [gate for gate, names in groups.items() if failing.intersection(names)]
    right = [gate for gate in groups if gate not in wrong]
    if not wrong or not right:
        return []
    return [Finding("gates", f"wrong in the {' and the '.join(wrong)}; right in the {' and the '.join(right)}")]


def _all_agree(experiment: Experiment) -> bool:
    return experiment.dead is None and all(outcome.agrees for outcome in experiment.tried.values())


def _another(case: Case) -> Case:
    """Another seed at the same sizes, so that a result kept from it would fit."""
    return Case(case.sizes, seed=case.seed + 1)


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    return type(a) is type(b) and not isinstance(a, np.ndarray) and a == b


def _status(returned: Any, expected: Any, S: float) -> Status:
    """The verdict on one returned value: is it an array of the right shape, and of the right numbers?"""
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
    float32 = returned.dtype in (np.float32, np.float16)
    found = compare(returned, expected, S, float32=float32)
    if not found.agrees and not float32 and _fits_float32(returned):
        rounded = compare(returned, expected, S, float32=True)
        if rounded.agrees:
            found, float32 = rounded, True
    return Status(AGREES if found.agrees else WRONG, found, float32=float32)


def _fits_float32(array: Any) -> bool:
    """Whether every value is one of float32's: what a float32 buffer leaves in an array of another dtype."""
    with np.errstate(over="ignore"):
        return bool(np.array_equal(array.astype(np.float32).astype(np.float64), array))
