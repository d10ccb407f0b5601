"""manual/fused/ in exact arithmetic: unedited, whole and checkpointed, its gradients are those of the truth."""

from pathlib import Path

import pytest
from candidates import audited_exactly, written

import gradproof
from manual import gru, lstm, rnn

PARAMETERS = {"rnn": rnn.PARAMETERS, "lstm": lstm.PARAMETERS, "gru": gru.PARAMETERS}
FUSED = Path(__file__).parents[1] / "manual" / "fused"

CHECKPOINTED = """
from manual.fused import {net}

def {net}_forward(x, a0, parameters):
    parameters = {{name: parameters[name] for name in {names}}}
    return {net}.{net}_forward(x, a0, parameters, checkpoint=2)

def {net}_backward(da, caches):
    return {net}.{net}_backward(da, caches)
"""

RESET_AFTER = """
from manual.fused import gru

NAMES = ("Wz", "Wr", "Wh", "bz", "br", "bh", "bha")

def reset_after_forward(x, a0, Wz, Wr, Wh, bz, br, bh, bha):
    parameters = dict(zip(NAMES, (Wz, Wr, Wh, bz, br, bh, bha)))
    return gru.gru_forward_time_major(x, a0, parameters, reset_after=True, checkpoint={checkpoint})

def reset_after_backward(da, caches):
    gradients = gru.gru_backward_time_major(da, caches)
    return tuple(gradients[name] for name in ("dx", "da0", *(f"d{{name}}" for name in NAMES)))
"""


def verdicts(function):
    return {result.verdict for result in function.results}


@pytest.mark.parametrize("net", ["rnn", "lstm", "gru"])
def test_forward_and_backward_are_identical_to_the_truth(net):
    report = gradproof.audit(FUSED / f"{net}.py")
    assert {function.name: verdicts(function) for function in report.functions} == {
        f"{net}_forward": {"identical"},
        f"{net}_backward": {"identical"},
    }
    assert {function.verdict for function in report.functions} == {"verified"}


@pytest.mark.parametrize("net", ["rnn", "lstm", "gru"])
def test_the_checkpointed_backward_is_identical_to_the_truth(net, tmp_path):
    functions = audited_exactly(tmp_path, CHECKPOINTED.format(net=net, names=tuple(PARAMETERS[net])))
    assert verdicts(functions[f"{net}_backward"]) == {"identical"}
    assert functions[f"{net}_backward"].verdict == "verified"


@pytest.mark.parametrize("checkpoint", [None, 2])
def test_with_the_reset_after_the_product_the_backward_is_that_of_its_own_forward(checkpoint, tmp_path):
    path = written(tmp_path, RESET_AFTER.format(checkpoint=checkpoint))
    report = gradproof.audit(
        path,
        forward="reset_after_forward",
        backward="reset_after_backward",
        signature=gradproof.Signature(
            inputs={
                "x": ("T", "D", "m"),
                "a0": ("H", "m"),
                **{f"W{gate}": ("H", "H+D") for gate in "zrh"},
                **{f"b{gate}": ("H", "1") for gate in ("z", "r", "h", "ha")},
            }
        ),
    )
    (function,) = report.functions
    assert verdicts(function) == {"identical"}
    assert function.verdict == "verified"
