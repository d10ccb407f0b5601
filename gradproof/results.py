"""What an experiment found, in words: the verdict on each gradient, the error, and findings on the values."""

import contextlib

from . import cases as drawing
from . import standins
from .cases import Case
from .contracts import Backward, Contract, forward_of
from .diagnose import when
from .diagnose import where as locating
from .experiment import Experiment, cotangents_in, results_of
from .verdicts import AGREES, UNDECIDED, UNFINISHED, WRONG, Failure, Finding, Result

QUICK = 2.0  # seconds of loading beyond which a fresh process is not worth its time


def names(experiment: Experiment) -> list[str]:
    """The results that some case gave, in published order."""
    seen = {name for outcome in experiment.tried.values() for name in outcome.statuses}
    return [name for name in results_of(experiment.target.contract) if name in seen]


def result(experiment: Experiment, name: str) -> Result:
    """The verdict of the first case that fails, the designed ones first; everything about it is then shrunk."""
    tried = {case: experiment.tried[case].statuses.get(name) for case in experiment.explored}
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

    def vacuous(other: Case) -> bool:
        return not experiment.truth(other)[0][name].any()

    first, verdict = failing[0], statuses[failing[0]].verdict
    case, condition = first, None
    if not (experiment.dead or experiment.lab.single):
        alike, base = experiment.fails(name, verdict), drawing.base(experiment.target.contract)
        with contextlib.suppress(when.OutOfTime):
            # most results fail together, so shrinking starts where another one has already arrived
            case = when.smallest(alike, next((known for known in experiment.shrunk if alike(known)), first))
            experiment.shrunk.append(case)
            seen = {other: status.verdict != AGREES for other, status in statuses.items()}
            biases = forward_of(experiment.target.contract).biases
            cotangents = cotangents_in(experiment)
            condition = when.condition(experiment.fails(name), vacuous, case, cotangents, seen, base, biases)
    status = experiment.run(case).statuses[name]
    plain = [other for other in statuses if not other.saturated and other.scale == 1]  # where nothing vanishes
    everywhere = all(statuses[other].verdict != AGREES or vacuous(other) for other in plain)
    result = Result(name, verdict, failed=len(failing), everywhere=everywhere, case=str(case), condition=condition)
    result.actual, result.expected = status.actual, status.expected
    if status.comparison is not None:
        found = status.comparison
        result.index = list(found.index)
        result.actual, result.expected = found.actual, found.expected
        result.max_abs, result.max_rel = found.max_abs, found.max_rel
        _locate(result, experiment, [c for c in failing if statuses[c].verdict == verdict])
    return result


def state(experiment: Experiment, results: list[Result]) -> list[Finding]:
    """Try the smallest failing case again in a fresh process: what is right there is spoilt by calls before it."""
    cases = dict.fromkeys(result.case for result in results if result.case is not None)
    if experiment.dead or experiment.lab.single or not cases or experiment.lab.candidate.loading_time > QUICK:
        return []
    spoilt = []
    for case in list(cases)[:2]:
        experiment.lab.candidate.end()
        alone = type(experiment)(experiment.lab, experiment.target, experiment.forward, experiment.cells)
        statuses = alone.run(drawing.parse(case, experiment.target.contract)).statuses
        agreeing = {name for name, status in statuses.items() if status.verdict == AGREES}
        spoilt += [result for result in results if result.case == case and result.name in agreeing]
    for result in spoilt:
        result.condition, result.alone = None, True
    if not spoilt:
        return []
    names = ", ".join(result.name for result in spoilt)
    told = f"right in a fresh process, wrong after other calls: {names} at {spoilt[0].case}; something is kept"
    return [Finding("state", f"{told} from call to call")]


def _locate(result: Result, experiment: Experiment, failing: list[Case]) -> None:
    """Where along the axes, seen at a case whose axes are long enough and whose gates are not saturated."""
    wide = next((c for c in failing if min(c.sizes.values(), default=2) > 1 and not c.saturated and c.scale == 1), None)
    found = experiment.run(wide).statuses[result.name].comparison if wide else None
    if wide is None or found is None:
        return
    dimensions = _shape_of(experiment.target.contract, result.name)
    forward = forward_of(experiment.target.contract)
    gates = str(forward.options.get("gates", forward.gates))
    result.where = locating.where(found.wrong, dimensions, wide.sizes, gates)
    result.by_time = locating.by_time(found.wrong, dimensions)


def failure(experiment: Experiment) -> Failure | None:
    """The error of the smallest case that raises."""
    failed = [case for case, outcome in experiment.tried.items() if outcome.error]
    if not failed:
        return None
    case = failed[0]
    if experiment.dead is None and not experiment.lab.single:
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


def structure(experiment: Experiment) -> list[Finding]:
    """Findings on the source and on what the results are, whatever their numbers."""
    definition = experiment.lab.candidate.definitions.get(experiment.target.name)
    texts = [chunk.text for chunk in experiment.lab.candidate.source.chunks]
    contract = experiment.target.contract
    told_before = isinstance(contract, Backward) and contract.itself
    old = standins.replaced(definition.words, texts) if definition and not told_before else []
    findings = [Finding("python2", told) for told in old]
    outcomes = list(experiment.tried.values())
    extra = sorted({name for outcome in outcomes for name in outcome.extra})
    if extra:
        findings.append(Finding("extra", f"also returns {', '.join(extra)}, which nothing was compared with"))
    by_name = {
        name: [outcome.statuses[name] for outcome in outcomes if name in outcome.statuses] for name in names(experiment)
    }
    rounded = [
        name
        for name, statuses in by_name.items()
        if any(status.float32 for status in statuses) and all(status.verdict == AGREES for status in statuses)
    ]
    if rounded:
        told = f"float32 from float64 input: {', '.join(rounded)}; compared to its precision"
        findings.append(Finding("float32", told))
    close = [
        name
        for name, statuses in by_name.items()
        if any(status.verdict == WRONG for status in statuses)
        and all(status.comparison is not None and status.comparison.error < 2.0**-22 for status in statuses)
        and max((s.comparison.max_rel for s in statuses if s.comparison and s.verdict == WRONG), default=1) < 2.0**-12
    ]
    if close:
        told = (
            f"{', '.join(close)} differ by no more than float32 rounds: a float32 buffer on the way, or a small factor"
        )
        findings.append(Finding("float32", told))
    nowhere = [name for name, statuses in by_name.items() if any(s.verdict == UNDECIDED for s in statuses)]
    if nowhere:
        told = f"found no {', '.join(nowhere)}: not returned, not in grads, not in attributes such as {nowhere[0]}"
        findings.append(Finding("undecided", told))
    nones = experiment.unfinished
    if nones and any(s.verdict == UNFINISHED for outcome in outcomes for s in outcome.statuses.values()):
        lines = ", ".join(f"line {line}: {name} = None" for name, line in nones.items())
        findings.append(Finding("unfinished", f"the template's None is still there: {lines}"))
    if experiment.cut and experiment.dead is None:
        findings.append(Finding("time", f"slow: only {len(experiment.explored)} cases fitted into the time limit"))
    return findings


def _shape_of(contract: Contract, name: str) -> tuple[str, ...]:
    if isinstance(contract, Backward):
        return contract.forward.inputs[contract.gradients[name]]
    return contract.outputs[name]


def gates(contract: Contract, results: list[Result]) -> list[Finding]:
    """Which gates' own gradients fail, when those of other gates agree."""
    groups = contract.groups if isinstance(contract, Backward) else {}
    failing = {result.name for result in results if not result.right}
    wrong = [gate for gate, names in groups.items() if failing.intersection(names)]
    right = [gate for gate in groups if gate not in wrong]
    if not wrong or not right:
        return []
    return [Finding("gates", f"wrong in the {' and the '.join(wrong)}; right in the {' and the '.join(right)}")]
