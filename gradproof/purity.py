"""Side effects, which no comparison of one result shows: writes, memory between calls, shared results."""

from typing import Any

import numpy as np

from . import cases as drawing
from .cases import Case
from .contracts import Forward, forward_of
from .experiment import Experiment
from .verdicts import Finding


def side_effects(experiment: Experiment) -> list[Finding]:
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
            changed = [n for n, array in answer["results"].items() if not _same(array, answer[key]["results"].get(n))]
            if changed:
                findings.append(Finding(kind, f"{told} gives another {', '.join(changed)}"))
    if answer.get("shared"):
        pairs = ", ".join(f"{a} and {b}" for a, b in answer["shared"])
        findings.append(Finding("aliased", f"results share memory: {pairs}"))
    return findings


def _another(case: Case) -> Case:
    """Another seed at the same sizes, so that a result kept from it would fit."""
    return Case(case.sizes, seed=case.seed + 1)


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    return type(a) is type(b) and not isinstance(a, np.ndarray) and a == b
