"""Both sides of an exact verdict: the truth on an engine's numbers, and the candidate's answer on the same ones."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from . import cases as drawing
from . import references
from .arithmetic.engines import constants, variables
from .cases import Case
from .compare import compare
from .contracts import Backward, forward_of, key

if TYPE_CHECKING:
    from .experiment import Experiment

LIMIT = 20.0  # seconds for a call


class Obstacle(Exception):
    """Why a function cannot be run on exact numbers."""


def sides(
    experiment: "Experiment", case: Case, engine: Any, words: Mapping[str, Any], without_tiny: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The expected results as plain arrays of the engine's numbers, and the candidate's answer.

    words: the engine in words.  without_tiny: whether the candidate's tiny constants are taken for zero.  Raises
    Obstacle where the candidate does not run on exact numbers, TruthError where the truth is not nearly that of floats.
    """
    expected = _truth(experiment, case, engine)
    _check_shadows(experiment, case, expected)
    return expected, _answer(experiment, case, words, without_tiny)


def _check_shadows(experiment: "Experiment", case: Case, expected: Mapping[str, Any]) -> None:
    """The exact truth must be nearly the float64 truth, which XLA has confirmed.  Raises TruthError."""
    if case.saturated or case.scale != 1:
        return  # shadows are plain floats, which may overflow
    floats, S, G = experiment.truth(case)
    for name, array in expected.items():
        shadows = np.array([x.shadow for x in array.flat], dtype=np.float64).reshape(array.shape)
        found = compare(shadows, floats[name], S, G, float32=True)  # a wrong rule makes more than rounding
        if not found.agrees:
            raise references.TruthError(
                f"gradproof's exact evaluation of {forward_of(experiment.target.contract).twin} disagrees with that in "
                f"float64 in {name}{list(found.index)}: {found.actual!r} against {found.expected!r}.  "
                "Nothing was judged.  Please report this as a defect of gradproof."
            )


def _truth(experiment: "Experiment", case: Case, engine: Any) -> dict[str, Any]:
    """The expected results as plain arrays of the engine's numbers."""
    contract = experiment.target.contract
    forward = forward_of(contract)
    inputs, cotangents = experiment.arrays(case)
    exact = {
        name: (constants(engine, array) if name in forward.constants else variables(engine, name, array))
        for name, array in inputs.items()
    }
    if not isinstance(contract, Backward):
        return references.exact_primals(forward, engine, case.sizes, exact)
    upstream = {name: constants(engine, drawing.zeros(shape, case.sizes)) for name, shape in forward.outputs.items()}
    for name, output in contract.cotangents.items():
        upstream[output] = variables(engine, name, cotangents[name])
    for output in contract.unit:
        upstream[output] = constants(engine, np.ones(upstream[output].shape))
    _, gradients = references.exactly(forward, engine, case.sizes, exact, upstream)
    expected = {name: gradients[of] for name, of in contract.gradients.items()}
    for name, bound in experiment.target.clip.items():
        low, high = (constants(engine, np.array(limit)) for limit in (-bound, bound))
        expected[name] = np.minimum(np.maximum(expected[name], low), high)
    return expected


def _answer(experiment: "Experiment", case: Case, engine: Mapping[str, Any], without_tiny: bool) -> dict[str, Any]:
    contract = experiment.target.contract
    inputs, cotangents = experiment.arrays(case)
    message: dict[str, Any] = {
        "do": "exact",
        "engine": dict(engine),
        "contract": key(contract),
        "function": experiment.target.name,
        "inputs": inputs,
        "taken": experiment.target.taken,
        "without_tiny": without_tiny,
    }
    if isinstance(contract, Backward):
        message["cotangents"] = cotangents
        if experiment.forward is not None:
            message |= {"forward": experiment.forward.name, "forward_taken": experiment.forward_taken}
    answer = experiment.lab.candidate.call(limit=min(LIMIT, experiment.lab.candidate.timeout), **message)
    if "error" in answer:
        error = answer["error"]
        line = f" in line {error['line']}" if "line" in error else ""
        raise Obstacle(f"{error['type']}{line} on exact numbers: {error['message']}")
    return answer


def event_in_words(event: Mapping[str, Any]) -> str:
    """What happened and where: "float() in line 12"."""
    return f"{event['what']} in line {event['line']}" if event.get("line") else str(event["what"])
