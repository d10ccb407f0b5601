"""Which convention a candidate keeps, where its names and arguments leave that open: it is tried, and told."""

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


def clipped(experiment: Experiment) -> Target | None:
    """The same function with its gradients clipped to the largest number that it returns where the truth is larger."""
    contract = experiment.target.contract
    assert isinstance(contract, Backward)
    steepest = max(experiment.explored, key=lambda case: _largest(experiment.truth(case)[0]))
    returned = _largest(experiment.ask(steepest).get("results", {}))
    if not 0 < returned < 0.999 * _largest(experiment.truth(steepest)[0]):
        return None
    return replace(experiment.target, clip=returned)


def _largest(results: Mapping[str, Any]) -> float:
    arrays = [array for array in results.values() if isinstance(array, np.ndarray) and array.dtype.kind == "f"]
    return max((float(np.abs(array).max(initial=0)) for array in arrays), default=0.0)
