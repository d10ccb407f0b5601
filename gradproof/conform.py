"""Which convention a candidate keeps, where its names and arguments leave that open: it is tried, and told."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from . import cases as drawing
from . import references
from .compare import compare, magnitude
from .contracts import Backward, Forward
from .experiment import Experiment, Lab, Target
from .verdicts import AGREES


def best_alternative(lab: Lab, targets: list[Target], forwards: list[Target | None]) -> Target:
    """Of the contracts that a function fits equally well, the one under which most results agree on a first case."""

    def agreeing(number: int) -> int:
        target = targets[number]
        if (
            isinstance(target.contract, Backward)
            and forwards[number] is None
            and target.contract.forward.reference is None
        ):
            return 0
        outcome = Experiment(lab, target, forwards[number]).run(drawing.grid(target.contract)[0])
        return sum(status.verdict == AGREES for status in outcome.statuses.values())

    return targets[max(range(len(targets)), key=agreeing) if len(targets) > 1 else 0]


def variant(lab: Lab, target: Target) -> tuple[Target, str] | None:
    """The same function held to another order of gates or update rule, if one fits on a first case, and its name."""
    contract = target.contract
    assert isinstance(contract, Forward)
    case = drawing.grid(contract)[0]
    inputs = drawing.inputs_of(contract, case, target.taken)
    results = Experiment(lab, target).ask(case).get("results", {})
    for told, options in contract.variants.items():
        other = replace(contract, options=options)
        outputs = references.outputs(other, case.sizes, inputs)
        expected = {name: array for name, array in outputs.items() if name in results}
        if expected and all(
            isinstance(results[name], np.ndarray)
            and results[name].shape == array.shape
            and compare(results[name], array, magnitude(inputs.values()), float32=target.float32).agrees
            for name, array in expected.items()
        ):
            return replace(target, contract=other), told
    return None


def clipped(experiment: Experiment) -> list[Target]:
    """The same function with its gradients clipped, to a bound or to a norm, if what it returns looks like that.

    What is clipped comes back with exactly the same largest entry again and again, where the truth is larger.
    """
    contract = experiment.target.contract
    assert isinstance(contract, Backward)
    cases = drawing.grid(contract)
    returned = [experiment.ask(case).get("results", {}) for case in cases]
    truths = [experiment.truth(case)[0] for case in cases]
    largest = {name: [_largest({name: results.get(name)}) for results in returned] for name in contract.gradients}
    cut = Counter(
        size
        for name, sizes in largest.items()
        for size, truth in zip(sizes, truths, strict=True)
        if 0 < size < 0.999 * _largest({name: truth[name]})
    )
    found = []
    for bound, times in cut.most_common(1):
        if times > 1:
            clip = {name: bound for name, sizes in largest.items() if max(sizes) <= bound}
            found.append(replace(experiment.target, clip=clip))
    norms = [_norm(results) for results in returned]
    norm = max(norms)
    if 0 < norm < 0.999 * max(map(_norm, truths)) and sum(abs(one - norm) < 1e-9 * norm for one in norms) > 1:
        found.append(replace(experiment.target, norm=norm))
    return found


def _norm(results: Mapping[str, Any]) -> float:
    """The norm of all gradients together, as clipping by it takes it."""
    arrays = [array for array in results.values() if isinstance(array, np.ndarray) and array.dtype.kind == "f"]
    return float(np.sqrt(sum(float(np.sum(array**2)) for array in arrays)))


def _largest(results: Mapping[str, Any]) -> float:
    arrays = [array for array in results.values() if isinstance(array, np.ndarray) and array.dtype.kind == "f"]
    return max((float(np.abs(array).max(initial=0)) for array in arrays), default=0.0)
