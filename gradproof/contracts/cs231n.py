"""The functions of Stanford's cs231n, assignment 3 (2016 and later): rows are examples, x is (N, T, D).

Functions return tuples; caches are everybody's own.  An LSTM packs its gates i, f, o, g along the last axis.
"""

from itertools import permutations
from typing import Any

from .contract import Backward, Contract, Dimensions, Forward
from .packing import itself, pack_backward, pack_forward, scalar, unpack_forward, unpack_gradients

CONVENTION = "cs231n"
RNN: dict[str, Dimensions] = {"Wx": ("D", "H"), "Wh": ("H", "H"), "b": ("H",)}
LSTM: dict[str, Dimensions] = {"Wx": ("D", "H+H+H+H"), "Wh": ("H", "H+H+H+H"), "b": ("H+H+H+H",)}
STATE = ("N", "H")


def orders(default: str) -> dict[str, dict[str, Any]]:
    """Every other order of packed gates."""
    return {
        f"the {','.join(order)} gate order, not {','.join(default)}": {"gates": "".join(order)}
        for order in permutations(default)
        if "".join(order) != default
    }


def unpack_loss(contract: Forward, returned: Any) -> tuple[dict[str, Any], Any]:
    """A tuple of the loss and the gradient of the scores, which takes the place of the cache."""
    outputs, dx = unpack_forward(contract, returned)
    return {"loss": scalar(outputs["loss"])}, {"dx": dx}


def _forward(name: str, inputs: dict[str, Dimensions], outputs: dict[str, Dimensions], **others: Any) -> Forward:
    return Forward(
        name=name,
        convention=CONVENTION,
        twin=f"conventions.cs231n_{name}",
        arguments={parameter: parameter for parameter in inputs},
        inputs=inputs,
        outputs=outputs,
        pack=others.pop("pack", pack_forward),
        unpack=others.pop("unpack", unpack_forward),
        **others,
    )


def _backward(name: str, forward: Forward, cotangents: dict[str, str], **others: Any) -> Backward:
    return Backward(
        name=name,
        convention=CONVENTION,
        forward=forward,
        cotangents=cotangents,
        cache="cache",
        gradients=others.pop("gradients", {f"d{name}": name for name in forward.inputs}),
        pack=pack_backward,
        unpack=others.pop("unpack", unpack_gradients),
        **others,
    )


def _cells(net: str, *directions: str) -> dict[str, str]:
    return {f"{net}_step_{direction}": f"cs231n.{net}_step_{direction}" for direction in directions}


RNN_STEP_FORWARD = _forward(
    "rnn_step_forward",
    {"x": ("N", "D"), "prev_h": STATE, **RNN},
    {"next_h": STATE},
    biases=("b",),
    description="one step of an Elman RNN",
)
RNN_FORWARD = _forward(
    "rnn_forward",
    {"x": ("N", "T", "D"), "h0": STATE, **RNN},
    {"h": ("N", "T", "H")},
    biases=("b",),
    cell="rnn_step_forward",
    cells=_cells("rnn", "forward"),
    description="an Elman RNN over a sequence",
)
LSTM_STEP_FORWARD = _forward(
    "lstm_step_forward",
    {"x": ("N", "D"), "prev_h": STATE, "prev_c": STATE, **LSTM},
    {"next_h": STATE, "next_c": STATE},
    biases=("b",),
    gates="ifog",
    variants=orders("ifog"),
    description="one step of an LSTM",
)
LSTM_FORWARD = _forward(
    "lstm_forward",
    {"x": ("N", "T", "D"), "h0": STATE, **LSTM},
    {"h": ("N", "T", "H")},
    biases=("b",),
    gates="ifog",
    variants=orders("ifog"),
    cell="lstm_step_forward",
    cells=_cells("lstm", "forward"),
    description="an LSTM over a sequence, from a cell state of zero",
)
WORD_EMBEDDING_FORWARD = _forward(
    "word_embedding_forward",
    {"x": ("N", "T", "V"), "W": ("V", "D")},
    {"out": ("N", "T", "D")},
    constants={"x": "one-hot"},
    description="rows of W for words x (N, T)",
)
TEMPORAL_AFFINE_FORWARD = _forward(
    "temporal_affine_forward",
    {"x": ("N", "T", "D"), "w": ("D", "M"), "b": ("M",)},
    {"out": ("N", "T", "M")},
    biases=("b",),
    description="the same affine layer at every step",
)
TEMPORAL_SOFTMAX_LOSS = _forward(
    "temporal_softmax_loss",
    {"x": ("N", "T", "V"), "y": ("N", "T", "V"), "mask": ("N", "T")},
    {"loss": ()},
    unpack=unpack_loss,
    returned_cache="dx",
    constants={"y": "one-hot", "mask": "mask"},
    logits="x",
    description="cross-entropy of words y (N, T), summed over time and averaged over examples",
)

CONTRACTS: tuple[Contract, ...] = (
    RNN_STEP_FORWARD,
    RNN_FORWARD,
    _backward("rnn_step_backward", RNN_STEP_FORWARD, {"dnext_h": "next_h"}, description="gradients of one step"),
    _backward(
        "rnn_backward",
        RNN_FORWARD,
        {"dh": "h"},
        cell="rnn_step_backward",
        cells=_cells("rnn", "forward", "backward"),
        description="backpropagation through time",
    ),
    LSTM_STEP_FORWARD,
    LSTM_FORWARD,
    _backward(
        "lstm_step_backward",
        LSTM_STEP_FORWARD,
        {"dnext_h": "next_h", "dnext_c": "next_c"},
        description="gradients of one step",
    ),
    _backward(
        "lstm_backward",
        LSTM_FORWARD,
        {"dh": "h"},
        cell="lstm_step_backward",
        cells=_cells("lstm", "forward", "backward"),
        description="backpropagation through time",
    ),
    WORD_EMBEDDING_FORWARD,
    _backward(
        "word_embedding_backward",
        WORD_EMBEDDING_FORWARD,
        {"dout": "out"},
        gradients={"dW": "W"},
        description="the gradient of the embedding",
    ),
    TEMPORAL_AFFINE_FORWARD,
    _backward("temporal_affine_backward", TEMPORAL_AFFINE_FORWARD, {"dout": "out"}, description="its gradients"),
    TEMPORAL_SOFTMAX_LOSS,
    _backward(
        "temporal_softmax_loss",
        TEMPORAL_SOFTMAX_LOSS,
        {},
        gradients={"dx": "x"},
        unit=("loss",),
        unpack=lambda contract, returned: dict(returned),
        bind=itself,
        description="the gradient of the scores",
    ),
)
