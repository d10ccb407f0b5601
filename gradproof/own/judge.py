"""The audit of a pair: one function, the backward, whose contract is the forward beside it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .. import cases as drawing
from .. import exactly
from ..candidate import Candidate
from ..cases import Case
from ..compare import compare
from ..contracts import Contract
from ..experiment import Experiment, Target, results_of
from ..judge import Judge
from ..verdicts import UNDECIDED, Failure, Finding, Function, Note, Result
from .complete import Completed
from .contract import backward_of, forward_of
from .experiment import OwnExperiment

TRUTHS = 5  # cases on which the truth of an edited candidate must be what it was


class OwnJudge(Judge):
    """Audits one pair; the forward has no verdict, because it is the truth.

    notes: what a report says besides.
    """

    def __init__(self, candidate: Candidate, completed: Completed, **options: Any):
        text = completed.plan.text
        forward = replace(forward_of(text), sizes=completed.sizes)
        backward = replace(backward_of(text), forward=forward)
        super().__init__(candidate, [Target(forward.name, forward, ()), Target(backward.name, backward, ())], **options)
        self.completed = completed
        self.notes = [Note(message) for message in completed.notes]

    def audit(self, names: list[str] | None = None) -> list[Function]:
        target = self.targets[1]
        self._at = (target.name, 0, 1)
        self.lab.tick()
        if self.completed.error is not None:
            return [self._never(target, self.completed.error, None)]
        function, _ = self._backward(target)
        experiment = self._last
        if experiment.unsteady is not None:  # which may have come out only while a failing case was made smaller
            return [self._undecided(target, [Finding("undecided", experiment.unsteady)])]
        if not experiment.explored and not experiment.untrue:
            case, error = next(iter(experiment.skipped.items()))
            return [self._never(target, error, case)]
        if self.arithmetic != "float64" and experiment.explored:
            self._at = (f"{target.name}, exactly", 0, 1)
            self.lab.tick()
            exactly.judge(function, experiment, self.arithmetic, self.digits)
        function.findings += self.completed.findings
        self.notes += _skipped(experiment)
        self.progress("", 1, 1)
        return [function]

    def again(self, candidate: Candidate) -> "OwnJudge":
        options = {"examples": self.examples, "seed": self.seed, "arithmetic": self.arithmetic, "digits": self.digits}
        return OwnJudge(candidate, self.completed, **options)

    def is_truth(self, name: str) -> bool:
        """Whether it may have a part in the forward: everything but the backward itself."""
        return name != self.targets[1].name

    def keeps_truth(self, again: Judge) -> bool:
        """Whether the forward of an edited candidate has the same derivative, so that nothing else was proved."""
        assert isinstance(again, OwnJudge)
        cases = [case for case in again._last.explored if case not in self._last.skipped][:TRUTHS]
        if not cases:
            return False
        for case in cases:
            before, S, G = self._last.truth(case)
            after, _, _ = again._last.truth(case)
            if not all(compare(after[name], array, S, G).agrees for name, array in before.items()):
                return False
        return True

    def cases(self, contract: Contract) -> list[Case]:
        """Nothing is known of gates that could saturate; and JAX compiles for every size, so that it gets few."""
        every = super().cases(contract)
        if self.case is not None:
            return every
        few = len(drawing.grid(contract))
        first = {name: size + 1 for name, size in drawing.base(contract).items()}
        for at, case in enumerate(every):
            drawn = self.completed.in_jax and at >= few
            every[at] = replace(case, saturated=False, sizes=first if drawn else case.sizes)
        return list(dict.fromkeys(every))

    def _explored(
        self, target: Target, forward: Target | None = None, cells: dict[str, str] | None = None
    ) -> OwnExperiment:
        self._last = OwnExperiment(self.lab, target, forward, cells).explore(self.cases(target.contract))
        return self._last

    def _experiment(self, target: Target, own: Target | None, findings: list[Finding]) -> Experiment | None:
        experiment = self._explored(target, own)
        reason = experiment.unsteady or next(iter(experiment.untrue.values()), None)
        if not experiment.explored or experiment.unsteady is not None:
            if reason is not None:
                findings.append(Finding("undecided", reason))
            return None
        return experiment

    def _never(self, target: Target, error: Mapping[str, Any], case: Case | None) -> Function:
        """No verdict on a backward whose forward raises whatever it is given."""
        results = [Result(name, UNDECIDED) for name in results_of(target.contract)]
        function = self._described(target, results)
        words: list[Any] = [error.get(key) for key in ("function", "label", "line", "text")]
        shown = Case(drawing.base(target.contract)) if case is None else case
        function.failure = Failure(error["type"] or "ValueError", error["message"], str(shown), *words)
        function.findings.append(
            Finding("forward", f"{self.targets[0].name} itself raises in every case that was tried")
        )
        return function


def _skipped(experiment: OwnExperiment) -> list[Note]:
    """What is said of the cases on which the forward itself raises, and of those that have no truth."""
    if not experiment.explored:
        return []
    notes = []
    for told, lost in (("that the forward itself does not take", False), ("that have no truth", True)):
        skipped = (case for case in experiment.tried if case in experiment.skipped)
        drawn = [case for case in skipped if (case in experiment.untrue) is lost]
        if drawn:
            error = experiment.skipped[drawn[0]]
            kind = f"{error['type']}: " if error["type"] else ""
            several = "s" if len(drawn) > 1 else ""
            notes.append(Note(f"left out {len(drawn)} case{several} {told}: {kind}{error['message']} at {drawn[0]}"))
    return notes
