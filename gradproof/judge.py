"""The order of checks: primal, structure, values, purity; each with its own verdict, so that none drowns the next.

The judge never runs a candidate's code.  It draws cases, has the candidate's process compute, and compares the results.
"""

from collections.abc import Callable
from dataclasses import replace

from . import cases as drawing
from . import exactly
from . import results as found
from .caches import examine
from .candidate import Candidate
from .cases import Case
from .conform import best_alternative, clipped, variant
from .contracts import Backward, Contract, Forward, forward_of, key, signature
from .experiment import Experiment, Lab, Target, optional_results_of, results_of
from .overflow import overflow
from .prefix import prefix
from .purity import side_effects
from .recognise import belongs, plain, recognise
from .related import related
from .verdicts import (
    AGREES,
    RAISES,
    UNDECIDED,
    VERIFIED,
    WRONG,
    Finding,
    Function,
    Result,
    grouped,
    verdict_of,
)

FATAL = ("Timeout", "Exit", "Crash")  # what ends the candidate's process


class Judge:
    """Audits the functions of one candidate.

    examples: how many cases are drawn after the designed grid.  case: the one case to try instead of all.
    arithmetic: "float64", or which exact arithmetics decide besides: "field", "arb" or "all".  digits: to how many
    decimals balls must agree.
    """

    def __init__(
        self,
        candidate: Candidate,
        targets: list[Target],
        *,
        examples: int = 30,
        seed: int = 0,
        case: str | None = None,
        arithmetic: str = "all",
        digits: int = exactly.DIGITS,
        convention: str = "auto",
        progress: Callable[[str, int, int], None] = lambda name, done, total: None,
    ):
        self.arithmetic, self.digits, self.convention = arithmetic, digits, convention
        self.lab = Lab(candidate, lambda: self.progress(*self._at), single=case is not None)
        self.targets = targets
        self.examples, self.seed, self.case, self.progress = examples, seed, case, progress
        self._judged: dict[tuple[str, str], Function] = {}  # by name and kind of contract
        self._experiments: dict[tuple[str, str], Experiment] = {}
        self._caches: dict[str, tuple[str, str]] = {}
        self._at = ("", 0, 1)

    def audit(self, names: list[str] | None = None) -> list[Function]:
        """Audit the targets, or those of these names; forwards come first, because backwards read their caches."""

        def of(kind: type) -> list[int]:
            return [i for i, target in enumerate(self.targets) if isinstance(target.contract, kind)]

        wanted = [
            i for i, t in enumerate(self.targets) if names is None or any(belongs(t.name, name) for name in names)
        ]
        needed = [
            i
            for i in of(Forward)
            if i in wanted or any(self.targets[i] is self.forward_for(self.targets[j]) for j in wanted)
        ]
        order = [*needed, *(i for i in of(Backward) if i in wanted)]
        for done, i in enumerate(order):
            self._at = (self.targets[i].name, done, len(order))
            self.lab.tick()
            self.targets[i] = self._resolved(self.targets[i])
            judge = self._forward if isinstance(self.targets[i].contract, Forward) else self._backward
            function, self.targets[i] = judge(self.targets[i])
            self._judged[_asked(self.targets[i])] = function
        # last, because a candidate may keep exact numbers where its next call on floats finds them
        for done, i in enumerate(order if self.arithmetic != "float64" else []):
            self._at = (f"{self.targets[i].name}, exactly", done, len(order))
            self.lab.tick()
            experiment = self._experiments.get(_asked(self.targets[i]))
            if experiment is not None:
                exactly.judge(self._judged[_asked(self.targets[i])], experiment, self.arithmetic, self.digits)
        self.progress("", len(order), len(order))
        return [self._judged[_asked(self.targets[i])] for i in wanted]

    @property
    def judged(self) -> list[Function]:
        """Every function that has a verdict."""
        return list(self._judged.values())

    def again(self, candidate: Candidate) -> "Judge":
        """A judge of the same functions in another version of the candidate, which tries every case."""
        names = {target.name for target in self.targets}
        targets, _ = recognise(candidate, self.convention, None)
        return Judge(
            candidate,
            [target for target in targets if target.name in names],
            examples=self.examples,
            seed=self.seed,
            arithmetic=self.arithmetic,
            digits=self.digits,
            convention=self.convention,
        )

    def is_truth(self, name: str) -> bool:
        """Whether the truth may rest on this function of the candidate, which then must not be edited."""
        return False

    def keeps_truth(self, again: "Judge") -> bool:
        """Whether a judge of an edited candidate compares with the same truth."""
        return True

    def experiment_of(self, function: Function) -> Experiment | None:
        """The experiment that a verdict rests on."""
        return self._experiments.get((function.name, "Backward" if function.kind == "backward" else "Forward"))

    def _resolved(self, target: Target) -> Target:
        """The target under the contract that fits best, where several fit: a backward's is that of its forward."""
        tried = [replace(target, alternatives=()), *target.alternatives]
        tried = [one for one in tried if self.forward_for(one) is not None] or tried
        return best_alternative(self.lab, tried, [self.forward_for(one) for one in tried])

    def forward_for(self, target: Target) -> Target | None:
        """The candidate's own forward for a backward."""
        if not isinstance(target.contract, Backward):
            return None
        wanted = key(target.contract.forward)
        return next((t for t in self.targets if key(t.contract) == wanted), None)

    def cell_for(self, target: Target) -> Target | None:
        """The candidate's own cell for a sequence function."""
        contract = target.contract
        return next(
            (
                t
                for t in self.targets
                if (t.contract.convention, t.contract.name) == (contract.convention, contract.cell)
            ),
            None,
        )

    def _replacements(self, target: Target) -> dict[str, str]:
        """What stands for the candidate's cell: {its name for a function or class: that in manual/}."""
        own = {name.partition(".")[0] for name in self.lab.candidate.functions}
        return {
            name: reference
            for published, reference in target.contract.cells.items()
            for name in own
            if plain(name) == plain(published)
        }

    def cases(self, contract: Contract) -> list[Case]:
        """The cases that a function is tried on: the designed ones, and drawn ones; or the one that was asked for."""
        if self.case is not None:
            return [drawing.parse(self.case, contract)]
        return [*drawing.grid(contract), *drawing.drawn(contract, self.seed, self.examples)]

    def _explored(
        self, target: Target, forward: Target | None = None, cells: dict[str, str] | None = None
    ) -> Experiment:
        """The experiment on all cases; one that fails after other functions have run is repeated in a fresh process."""
        experiment = Experiment(self.lab, target, forward, cells).explore(self.cases(target.contract))
        timeout = experiment.dead is not None and experiment.dead["type"] == "Timeout"
        if experiment.agrees or timeout or not self._judged or self.lab.candidate.loading_time > found.QUICK:
            return experiment
        self.lab.candidate.end()
        return Experiment(self.lab, target, forward, cells).explore(self.cases(target.contract))

    # forwards

    def _forward(self, target: Target) -> tuple[Function, Target]:
        """The verdict, and the target that it was held to in the end."""
        assert isinstance(target.contract, Forward)
        experiment, findings = self._explored(target), list[Finding]()
        other = None if experiment.agrees or not target.contract.variants else variant(self.lab, target)
        if other is not None:
            target, told = other
            experiment = self._explored(target)
            findings.append(Finding("convention", f"matches {told}: not wrong, another convention"))
        self._experiments[_asked(target)] = experiment
        function = self._function(target, experiment)
        function.findings = [*findings, *function.findings]
        if function.failing:
            self._glue(function, target, experiment)
        function.findings += side_effects(experiment)
        if any(finding.kind == "stateful" for finding in function.findings):
            function.verdict = WRONG
            function.results.append(Result("second call", WRONG))
        if function.verdict == VERIFIED:
            function.findings += overflow(experiment)
        return function, target

    # backwards

    def _backward(self, target: Target) -> tuple[Function, Target]:
        """The verdict, and the target that it was held to in the end."""
        contract = target.contract
        assert isinstance(contract, Backward)
        own = self.forward_for(target)
        findings: list[Finding] = []
        if own is not None:  # the convention is the one that the forward keeps
            assert isinstance(own.contract, Forward)
            contract = replace(contract, forward=own.contract)
            target = replace(target, contract=contract, float32=own.float32)
        experiment = self._experiment(target, own, findings)
        if experiment is None:
            return self._undecided(target, findings), target
        if contract.clipped and not experiment.agrees:
            experiment = self._unclipped(experiment, findings)
            target = experiment.target
        self._experiments[_asked(target)] = experiment
        function = self._function(target, experiment)
        function.findings = [*findings, *function.findings]
        if function.failing:
            self._glue(function, target, experiment)
        function.findings += side_effects(experiment)
        if function.verdict == VERIFIED and self.case is None:
            function.findings += prefix(experiment)
        return function, target

    def _experiment(self, target: Target, own: Target | None, findings: list[Finding]) -> Experiment | None:
        """The experiment that a backward is judged on; None, and a finding, when it cannot be told."""
        contract = target.contract
        assert isinstance(contract, Backward)
        if contract.forward.reference is not None:
            return self._explored(target) if own is None else self._on_caches(target, own, findings)
        if own is None:
            told = (
                f"its cache is of its own making, and the forward that makes it, {contract.forward.name}, is not here"
            )
            findings.append(Finding("undecided", told))
            return None
        if contract.itself:
            return self._explored(target, own)
        forward = self._judged[_asked(own)]
        fatal = forward.failure is not None and forward.failure.type in FATAL
        mine = None if fatal else self._explored(target, own)
        wrong = {result.name for result in forward.failing}.intersection(contract.forward.outputs)
        if mine is None or (wrong and not mine.agrees):
            told = f"{own.name} is wrong, and its cache is of its own making: mend the forward first"
            findings.append(Finding("undecided", told))
            return None
        return mine

    def _unclipped(self, experiment: Experiment, findings: list[Finding]) -> Experiment:
        """The experiment with the truth clipped as the candidate clips, if more agrees with that."""
        tried = [self._explored(target, experiment.forward) for target in clipped(experiment)]
        best = min(tried, key=lambda other: len(_failing(other)), default=experiment)
        if len(_failing(best)) >= len(_failing(experiment)):
            return experiment
        clip, norm = best.target.clip, best.target.norm
        some = f" ({', '.join(clip)})" if 0 < len(clip) < len(found.names(best)) else ""
        to = f"±{next(iter(clip.values())):g}{some}" if norm is None else f"a norm of {norm:g}"
        told = f"the gradients come back clipped to {to}, and are compared with the clipped truth"
        findings.append(Finding("clipped", f"{told}: no gradient check can pass on them where one is larger"))
        return best

    def _on_caches(self, target: Target, own: Target, findings: list[Finding]) -> Experiment | None:
        """The experiment that a backward with a forward of its own is judged on; None when it cannot be told.

        That is the one on its own caches, unless it fails there and the forward is to blame, or may be.
        """
        contract = target.contract
        assert isinstance(contract, Backward)
        caches, forward = contract.cache, self._judged[_asked(own)]
        fatal = forward.failure is not None and forward.failure.type in FATAL
        mine = None if fatal else self._explored(target, own)
        if mine is not None and mine.agrees:
            return mine
        # predictions are not what a backward starts from
        sound = not {result.name for result in forward.failing}.intersection((*contract.cotangents.values(), caches))
        state, entries = ("unknown", "") if fatal else self._cache_of(own)
        if mine is not None and sound and state in ("published", "its own"):
            return mine
        other = self._explored(target)
        silent = all(outcome.error for outcome in other.tried.values())
        if other.agrees:
            findings.append(
                Finding(
                    "forward",
                    f"backward right, forward wrong: every gradient agrees on the reference's {caches}, and not on "
                    f"those of {own.name}",
                )
            )
        elif state == "its own" or (state == "unknown" and silent):
            findings.append(
                Finding("undecided", f"{own.name} is wrong, and its cache is of its own making: mend the forward first")
            )
            return None
        else:
            findings.append(
                Finding("forward", f"both wrong: {own.name}, and this function on the reference's {caches} too")
            )
        if sound and state == "damaged" and not any(result.name == caches for result in forward.results):
            forward.verdict = WRONG
            forward.results.append(Result(caches, WRONG))
            forward.findings.append(
                Finding(
                    "cache",
                    f"every output agrees, but in the {caches} that it returns {entries} is not what the backward "
                    "needs: it is another array, or a view of a buffer that is overwritten later",
                )
            )
        return other

    def _cache_of(self, own: Target) -> tuple[str, str]:
        """What a forward returns as its cache, see `caches.examine`, and which entries are off."""
        if own.name not in self._caches:
            self._caches[own.name] = examine(self.lab.candidate, own)
        return self._caches[own.name]

    def _undecided(self, target: Target, findings: list[Finding]) -> Function:
        names = [name for name in results_of(target.contract) if name not in optional_results_of(target.contract)]
        function = self._described(target, [Result(name, UNDECIDED) for name in names])
        function.findings = findings
        return function

    # what forwards and backwards share

    def _function(self, target: Target, experiment: Experiment) -> Function:
        contract = target.contract
        results = [found.result(experiment, name) for name in found.names(experiment)]
        state = found.state(experiment, results)
        findings = [*found.structure(experiment), *state]
        if self.case is None:
            findings += found.gates(contract, results)
        function = self._described(target, results)
        if function.verdict == VERIFIED and experiment.cut and len(experiment.explored) < len(drawing.grid(contract)):
            function.verdict = UNDECIDED  # too few cases to say so
        function.cases, function.findings = len(experiment.explored), findings
        if function.failing and self.case is None:
            function.relations = related(experiment)
        function.failure = found.failure(experiment)
        return function

    def _described(self, target: Target, results: list[Result]) -> Function:
        contract = target.contract
        definition = self.lab.candidate.definitions.get(target.name)
        return Function(
            name=target.name,
            contract=contract.name,
            convention=contract.convention,
            kind="backward" if isinstance(contract, Backward) else "forward",
            signature=signature(contract),
            verdict=verdict_of(results),
            results=results,
            cases=0,
            label=definition.label if definition else None,
            line=definition.line if definition else None,
        )

    def _glue(self, function: Function, target: Target, experiment: Experiment) -> None:
        """Try a sequence function once more with the reference cell: is it the cell, or the loop around it?"""
        cell = self.cell_for(target)
        cells = self._replacements(target)
        another = {"gates", "update", "reset_after"}.intersection(forward_of(target.contract).options)
        if cell is None or not cells or another:
            return  # the reference's cell is that of the published convention
        forward, opaque = experiment.forward, forward_of(target.contract).reference is None
        if forward is not None and not opaque and self._cache_of(forward)[0] != "published":
            forward = None  # the reference cell cannot read it
        other = self._explored(target, forward, cells)
        if other.cell_calls == 0:
            return  # it calls its cell by another way
        if opaque and any(outcome.error and not experiment.run(case).error for case, outcome in other.tried.items()):
            # it reads what its own cell leaves in a cache, so another cell does not fit
            alone = self._judged.get(_asked(cell))
            if alone is not None:
                told = (
                    "is verified: look at the loop around it" if alone.verdict == VERIFIED else "is not verified either"
                )
                function.findings.append(Finding("cell", f"its cell, {cell.name}, {told}"))
            return
        what = "gradient" if function.kind == "backward" else "output"
        swapped = f"with the reference's {cell.contract.name.partition('.')[0]} in place of its own"
        if other.agrees:
            message = f"glue right, cell wrong: {swapped} every {what} agrees"
        elif all(outcome.error for outcome in other.tried.values()):
            failure = found.failure(other)
            assert failure is not None
            line = f" in line {failure.line}" if failure.line else ""
            message = f"{swapped} it still raises {failure.type}: {failure.message}{line}"
        else:
            results = [found.result(other, name) for name in found.names(other)]
            wrong = "; ".join(
                f"{verdict}: {', '.join(names)}{f', {condition}' if condition else ''}"
                for (verdict, condition, _), names in grouped(results).items()
            )
            judged = self._judged.get(_asked(cell))
            told = "cell right, glue wrong: " if judged and judged.verdict == VERIFIED else "glue wrong: "
            verdicts = [(result.name, result.verdict, result.condition) for result in results]
            if verdicts == [(result.name, result.verdict, result.condition) for result in function.results]:
                same = (
                    "it raises all the same" if function.failing[0].verdict == RAISES else f"the same {what}s are wrong"
                )
                message = f"{told}{swapped} {same}"
            else:
                message = f"{told}{swapped} still {wrong}"
        function.findings.append(Finding("cell", message))


def _asked(target: Target) -> tuple[str, str]:
    """What tells a function's verdicts apart: a loss and its gradients may come from one function."""
    return target.name, type(target.contract).__name__


def _failing(experiment: Experiment) -> set[str]:
    """The results that fail in some case."""
    return {
        name
        for outcome in experiment.tried.values()
        for name, status in outcome.statuses.items()
        if status.verdict != AGREES
    }
