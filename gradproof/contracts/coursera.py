"""The eight functions of the exercise "Building your Recurrent Neural Network - Step by Step" and its many solutions.

Columns are examples and time is the last axis; `parameters` and the gradients are dicts; a cell's cache is a tuple, and
a sequence's caches are (list of cell caches, x).
"""

from collections.abc import Mapping
from typing import Any

from .contract import Backward, Dimensions, Forward

CONVENTION = "coursera"


def pack_forward(
    contract: Forward, inputs: Mapping[str, Any], taken: tuple[str, ...]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The published arguments in order; the optional ones that the function has by keyword."""

    def value(names: str | tuple[str, ...]) -> Any:
        return inputs[names] if isinstance(names, str) else {name: inputs[name] for name in names}

    required = {name: value(names) for name, names in contract.arguments.items() if name not in contract.optional}
    return required, {name: value(names) for name, names in contract.arguments.items() if name in taken}


def unpack_forward(contract: Forward, returned: Any) -> tuple[dict[str, Any], Any]:
    """A tuple of the outputs and, last, the cache."""
    expected = (*contract.outputs, "caches" if contract.cell else "cache")
    if not isinstance(returned, (tuple, list)) or len(returned) != len(expected):
        count = f" of {len(returned)}" if isinstance(returned, (tuple, list)) else ""
        raise TypeError(f"returned {type(returned).__name__}{count}; expected the tuple ({', '.join(expected)})")
    return dict(zip(contract.outputs, returned, strict=False)), returned[-1]


def pack_backward(
    contract: Backward, cotangents: Mapping[str, Any], cache: Any, taken: tuple[str, ...]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The cotangents and the cache in order; the optional cotangents that the function has by keyword."""
    required = {name: array for name, array in cotangents.items() if name not in contract.optional}
    return {**required, contract.cache: cache}, {name: array for name, array in cotangents.items() if name in taken}


def unpack_backward(contract: Backward, returned: Any) -> dict[str, Any]:
    """A dict of gradients."""
    if not isinstance(returned, Mapping):
        raise TypeError(f"returned {type(returned).__name__}; expected a dict with {', '.join(contract.gradients)}")
    return dict(returned)


RNN_PARAMETERS: dict[str, Dimensions] = {
    "Wax": ("n_a", "n_x"),
    "Waa": ("n_a", "n_a"),
    "Wya": ("n_y", "n_a"),
    "ba": ("n_a", "1"),
    "by": ("n_y", "1"),
}
LSTM_PARAMETERS: dict[str, Dimensions] = {
    "Wf": ("n_a", "n_a+n_x"),
    "bf": ("n_a", "1"),
    "Wi": ("n_a", "n_a+n_x"),
    "bi": ("n_a", "1"),
    "Wc": ("n_a", "n_a+n_x"),
    "bc": ("n_a", "1"),
    "Wo": ("n_a", "n_a+n_x"),
    "bo": ("n_a", "1"),
    "Wy": ("n_y", "n_a"),
    "by": ("n_y", "1"),
}
LSTM_GATES = {
    "forget gate": ("dWf", "dbf"),
    "input gate": ("dWi", "dbi"),
    "candidate": ("dWc", "dbc"),
    "output gate": ("dWo", "dbo"),
}

RNN_CELL_FORWARD = Forward(
    name="rnn_cell_forward",
    convention=CONVENTION,
    twin="rnn.rnn_cell_forward",
    arguments={"xt": "xt", "a_prev": "a_prev", "parameters": tuple(RNN_PARAMETERS)},
    inputs={"xt": ("n_x", "m"), "a_prev": ("n_a", "m"), **RNN_PARAMETERS},
    outputs={"a_next": ("n_a", "m"), "yt_pred": ("n_y", "m")},
    cache=("a_next", "a_prev", "xt", "parameters"),
    pack=pack_forward,
    unpack=unpack_forward,
    biases=("ba", "by"),
    description="one step of an Elman RNN",
)
RNN_FORWARD = Forward(
    name="rnn_forward",
    convention=CONVENTION,
    twin="rnn.rnn_forward",
    arguments={"x": "x", "a0": "a0", "parameters": tuple(RNN_PARAMETERS)},
    inputs={"x": ("n_x", "m", "T"), "a0": ("n_a", "m"), **RNN_PARAMETERS},
    outputs={"a": ("n_a", "m", "T"), "y_pred": ("n_y", "m", "T")},
    cache=RNN_CELL_FORWARD.cache,
    pack=pack_forward,
    unpack=unpack_forward,
    biases=("ba", "by"),
    cell="rnn_cell_forward",
    description="an Elman RNN over a sequence",
)
RNN_CELL_BACKWARD = Backward(
    name="rnn_cell_backward",
    convention=CONVENTION,
    forward=RNN_CELL_FORWARD,
    cotangents={"da_next": "a_next"},
    cache="cache",
    gradients={"dxt": "xt", "da_prev": "a_prev", "dWax": "Wax", "dWaa": "Waa", "dba": "ba"},
    pack=pack_backward,
    unpack=unpack_backward,
    description="gradients of one step",
)
RNN_BACKWARD = Backward(
    name="rnn_backward",
    convention=CONVENTION,
    forward=RNN_FORWARD,
    cotangents={"da": "a"},
    cache="caches",
    gradients={"dx": "x", "da0": "a0", "dWax": "Wax", "dWaa": "Waa", "dba": "ba"},
    pack=pack_backward,
    unpack=unpack_backward,
    cell="rnn_cell_backward",
    description="backpropagation through time",
)
LSTM_CELL_FORWARD = Forward(
    name="lstm_cell_forward",
    convention=CONVENTION,
    twin="lstm.lstm_cell_forward",
    arguments={"xt": "xt", "a_prev": "a_prev", "c_prev": "c_prev", "parameters": tuple(LSTM_PARAMETERS)},
    inputs={"xt": ("n_x", "m"), "a_prev": ("n_a", "m"), "c_prev": ("n_a", "m"), **LSTM_PARAMETERS},
    outputs={"a_next": ("n_a", "m"), "c_next": ("n_a", "m"), "yt_pred": ("n_y", "m")},
    cache=("a_next", "c_next", "a_prev", "c_prev", "ft", "it", "cct", "ot", "xt", "parameters"),
    pack=pack_forward,
    unpack=unpack_forward,
    biases=("bf", "bi", "bc", "bo", "by"),
    description="one step of an LSTM",
)
LSTM_FORWARD = Forward(
    name="lstm_forward",
    convention=CONVENTION,
    twin="lstm.lstm_forward",
    arguments={"x": "x", "a0": "a0", "parameters": tuple(LSTM_PARAMETERS), "c0": "c0"},
    inputs={"x": ("n_x", "m", "T"), "a0": ("n_a", "m"), "c0": ("n_a", "m"), **LSTM_PARAMETERS},
    outputs={"a": ("n_a", "m", "T"), "y": ("n_y", "m", "T"), "c": ("n_a", "m", "T")},
    cache=LSTM_CELL_FORWARD.cache,
    pack=pack_forward,
    unpack=unpack_forward,
    optional=("c0",),
    biases=LSTM_CELL_FORWARD.biases,
    cell="lstm_cell_forward",
    description="an LSTM over a sequence",
)
LSTM_CELL_BACKWARD = Backward(
    name="lstm_cell_backward",
    convention=CONVENTION,
    forward=LSTM_CELL_FORWARD,
    cotangents={"da_next": "a_next", "dc_next": "c_next"},
    cache="cache",
    gradients={
        "dxt": "xt",
        "da_prev": "a_prev",
        "dc_prev": "c_prev",
        **{gradient: gradient[1:] for gate in LSTM_GATES.values() for gradient in gate},
    },
    pack=pack_backward,
    unpack=unpack_backward,
    groups=LSTM_GATES,
    description="gradients of one step",
)
LSTM_BACKWARD = Backward(
    name="lstm_backward",
    convention=CONVENTION,
    forward=LSTM_FORWARD,
    cotangents={"da": "a", "dc": "c"},
    cache="caches",
    gradients={
        "dx": "x",
        "da0": "a0",
        "dc0": "c0",
        **{gradient: gradient[1:] for gate in LSTM_GATES.values() for gradient in gate},
    },
    pack=pack_backward,
    unpack=unpack_backward,
    optional=("dc",),
    optional_gradients=("dc0",),
    groups=LSTM_GATES,
    cell="lstm_cell_backward",
    description="backpropagation through time",
)

CONTRACTS = (
    RNN_CELL_FORWARD,
    RNN_FORWARD,
    RNN_CELL_BACKWARD,
    RNN_BACKWARD,
    LSTM_CELL_FORWARD,
    LSTM_FORWARD,
    LSTM_CELL_BACKWARD,
    LSTM_BACKWARD,
)
