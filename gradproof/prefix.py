"""The gradient of a prefix: fewer steps upstream than the sequence has, as in the exercise's own test (4 of 7)."""

from . import cases as drawing
from . import references
from .compare import growth, magnitude
from .contracts import Backward
from .experiment import Experiment, status_of
from .verdicts import AGREES, Finding


def prefix(experiment: Experiment) -> list[Finding]:
    """A finding when a sequence's backward fails on such a prefix; no verdict, since it was promised for none.

    dx may have the steps of the prefix, or all of them with zeros where nothing arrives.
    """
    contract = experiment.target.contract
    assert isinstance(contract, Backward)
    case = drawing.grid(contract)[0]
    if contract.unit or any(contract.forward.outputs[of][-1:] != ("T",) for of in contract.cotangents.values()):
        return []
    steps = case.sizes["T"] - 2
    told = f"with {steps} steps of {' and '.join(contract.cotangents)} for {case.sizes['T']} of x"
    answer = experiment.ask(case, steps=steps)
    if "results" not in answer:
        error = answer.get("error") or answer["forward_error"]
        return [Finding("prefix", f"{told} it raises {error['type']}: {error['message']}")]
    inputs, cotangents = experiment.arrays(case)
    timed = {name for name, dimensions in contract.forward.inputs.items() if dimensions[-1] == "T"}
    inputs = {name: array[..., :steps] if name in timed else array for name, array in inputs.items()}
    cotangents = {name: array[..., :steps] for name, array in cotangents.items()}
    sizes = {**case.sizes, "T": steps}
    upstream = {name: drawing.zeros(dimensions, sizes) for name, dimensions in contract.forward.outputs.items()} | {
        output: cotangents[name] for name, output in contract.cotangents.items()
    }
    _, gradients = references.outputs_and_gradients(contract.forward, sizes, inputs, upstream)
    S, G = magnitude(inputs.values(), cotangents.values()), growth(gradients.values(), cotangents.values())
    wrong = []
    for name, of in contract.gradients.items():
        returned = answer["results"].get(name)
        if returned is None:
            continue
        if (
            of in timed
            and getattr(returned, "shape", ())[-1:] == (case.sizes["T"],)
            and not returned[..., steps:].any()
        ):
            returned = returned[..., :steps]
        if status_of(returned, gradients[of], S, G).verdict != AGREES:
            wrong.append(name)
    return [Finding("prefix", f"{told} it gives another {', '.join(wrong)} than the prefix has")] if wrong else []
