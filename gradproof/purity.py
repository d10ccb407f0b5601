"""Side effects, which no comparison of one result shows: writes, memory between calls, shared results."""

from dataclasses import replace
from typing import Any

import numpy as np

from .cases import Case
from .contracts import Backward
from .experiment import Experiment, NoCase
from .verdicts import Finding


def side_effects(experiment: Experiment) -> list[Finding]:
    """Side effects on the first case that returns, on the smallest, where an axis of size 1 may lead elsewhere, and on
    one of large numbers."""
    returning = [case for case in experiment.explored if experiment.tried[case].error is None]
    if not returning or experiment.dead is not None:
        return []
    smallest = min(returning, key=lambda case: sum(case.sizes.values()))
    found: dict[str, Finding] = {}
    for case in dict.fromkeys((returning[0], smallest)):
        for finding in _on(experiment, case):
            found.setdefault(finding.kind, finding)
    if not experiment.lab.single:
        for finding in _on(experiment, replace(returning[0], scale=3.0, cotangents=50.0)):
            if finding.kind == "in-place":
                found.setdefault(finding.kind, finding)
    return list(found.values())


def _on(experiment: Experiment, case: Case) -> list[Finding]:
    contract = experiment.target.contract
    probe: Any = True
    if isinstance(contract, Backward):
        try:
            probe = experiment.arrays(_another(case))[0]
        except NoCase:
            return []
    answer = experiment.ask(case, probe=probe)
    if "results" not in answer:
        error = answer.get("error", {})
        return [Finding("repeat", f"another call at {case}: {error['message']}")] if error else []
    findings = []
    touched = answer.get("changed", {})
    consumed = [path.removeprefix("len(").removesuffix(")") for path in touched if path.startswith("len(")]
    if consumed:
        after = answer.get("again", {}).get("error")
        told = f": a second call on it raises {after['type']}: {after['message']}" if after else ""
        findings.append(Finding("consumed", f"takes {consumed[0].partition('[')[0]} apart{told}"))
    changed = [path for path in touched if not path.startswith("len(") and not path.startswith(tuple(consumed))]
    if changed:
        more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
        told = f"writes into its inputs or cache: {', '.join(changed[:3])}{more} changed during the call"
        findings.append(Finding("in-place", told))
    for kind, key, told in (
        ("repeat", "again", "second call differs: the same call on the same cache"),
        ("order", "interleaved", "result depends on call order: with another forward call in between, it"),
    ):
        if key not in answer or (consumed and key == "again"):
            continue
        if "error" in answer[key]:
            error = answer[key]["error"]
            findings.append(Finding(kind, f"{told} raises {error['type']}: {error['message']}"))
        else:
            other = answer[key]["results"]
            differing = [name for name, array in answer["results"].items() if not _same(array, other.get(name))]
            if differing:
                findings.append(Finding(kind, f"{told} gives another {', '.join(differing)}"))
    linear = isinstance(contract, Backward) and not (contract.unit or experiment.target.clip or experiment.target.norm)
    remembered = _not_doubled(answer) if linear and not (consumed or changed) else []
    if remembered:
        told = "a second call on the same cache with twice the upstream gradients does not give twice"
        findings.append(Finding("remembered", f"{told} {', '.join(remembered)}"))
    if answer.get("keeps_state") is True:
        told = "with stateful=False a second forward does not start from zero, but where the first ended"
        findings.append(Finding("stateful", told))
    if answer.get("rebound") is True:
        told = "puts other arrays into grads: an optimizer that was given the old ones never sees these gradients"
        findings.append(Finding("rebound", told))
    if answer.get("overwritten"):
        names = ", ".join(map(str, answer["overwritten"]))
        findings.append(Finding("overwritten", f"a second call overwrites what the first one returned: {names}"))
    if answer.get("shared"):
        pairs = ", ".join(f"{a} and {b}" for a, b in answer["shared"])
        findings.append(Finding("aliased", f"results share memory: {pairs}"))
    return findings


def _not_doubled(answer: dict[str, Any]) -> list[str]:
    """The gradients that do not grow with the cotangents when the same cache is read again: exact for a factor of 2."""
    twice = answer.get("doubled", {}).get("results", {})
    names = []
    for name, array in answer["results"].items():
        other = twice.get(name)
        if isinstance(array, np.ndarray) and isinstance(other, np.ndarray) and array.shape == other.shape:
            near = 1e-9 * np.abs(array).max(initial=0)
            finite = np.isfinite(array).all() and np.isfinite(other).all()
            if finite and array.any() and np.abs(other - 2 * array).max(initial=0) > near:
                names.append(name)
    return names


def _another(case: Case) -> Case:
    """Another seed at the same sizes, so that a result kept from it would fit."""
    return Case(case.sizes, seed=case.seed + 1)


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    return type(a) is type(b) and not isinstance(a, np.ndarray) and a == b
