"""Which convention a candidate keeps, where its names and arguments leave that open: it is tried, and told."""

from dataclasses import replace

import numpy as np

from . import cases as drawing
from . import references
from .compare import compare, magnitude
from .contracts import Backward, Forward, sizes_of
from .experiment import Experiment, Lab, Target
from .verdicts import AGREES


def best_alternative(lab: Lab, target: Target, forward: Target | None = None) -> Target:
    """Of the contracts that a function fits equally well, the one under which most results agree on a first case."""
    tried = [replace(target, alternatives=()), *target.alternatives]

    def agreeing(one: Target) -> int:
        outcome = Experiment(lab, one, forward).run(drawing.grid(one.contract)[0])
        return sum(status.verdict == AGREES for status in outcome.statuses.values())

    return max(tried, key=agreeing) if len(tried) > 1 else target


def variant(lab: Lab, target: Target) -> tuple[Target, str] | None:
    """The same function held to another order of gates or update rule, if one fits on a first case, and its name."""
    contract = target.contract
    assert isinstance(contract, Forward)
    case = drawing.grid(contract)[0]
    inputs = drawing.inputs_of(contract, case, target.taken)
    results = Experiment(lab, target).ask(case).get("results", {})
    cotangents = {name: np.zeros(sizes_of(shape, case.sizes)) for name, shape in contract.outputs.items()}
    for told, options in contract.variants.items():
        other = replace(contract, options=options)
        outputs, _ = references.outputs_and_gradients(other, case.sizes, inputs, cotangents)
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
    for case in experiment.explored:
        expected, _, _ = experiment.truth(case)
        returned = experiment.ask(case).get("results", {})
        arrays = [array for array in returned.values() if isinstance(array, np.ndarray) and array.dtype.kind == "f"]
        bound = max((float(np.abs(array).max(initial=0)) for array in arrays), default=0.0)
        if 0 < bound < 0.999 * max(float(np.abs(array).max(initial=0)) for array in expected.values()):
            return replace(experiment.target, clip=bound)
    return None
