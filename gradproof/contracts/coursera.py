"""The functions of the exercise "Building your Recurrent Neural Network - Step by Step" and its many solutions.

Columns are examples and time is the last axis; `parameters` and the gradients are dicts; a cell's cache is a tuple, and
a sequence's caches are (list of cell caches, x).  The GRU is the exercise that many add in the same style: the names of
its parameters differ, some leave out biases or predictions, and its caches are everybody's own.
"""

from collections.abc import Mapping
from typing import Any

from .contract import Backward, Dimensions, Forward
from .packing import pack_backward, pack_forward, unpack_forward

CONVENTION = "coursera"


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
    reference="rnn.rnn_cell_forward",
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
    reference="rnn.rnn_forward",
    returned_cache="caches",
    arguments={"x": "x", "a0": "a0", "parameters": tuple(RNN_PARAMETERS)},
    inputs={"x": ("n_x", "m", "T"), "a0": ("n_a", "m"), **RNN_PARAMETERS},
    outputs={"a": ("n_a", "m", "T"), "y_pred": ("n_y", "m", "T")},
    cache=RNN_CELL_FORWARD.cache,
    pack=pack_forward,
    unpack=unpack_forward,
    biases=("ba", "by"),
    cell="rnn_cell_forward",
    cells={"rnn_cell_forward": "rnn.rnn_cell_forward"},
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
    in_dict=True,
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
    in_dict=True,
    cell="rnn_cell_backward",
    cells={"rnn_cell_backward": "rnn.rnn_cell_backward"},
    description="backpropagation through time",
)
LSTM_CELL_FORWARD = Forward(
    name="lstm_cell_forward",
    convention=CONVENTION,
    twin="lstm.lstm_cell_forward",
    reference="lstm.lstm_cell_forward",
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
    reference="lstm.lstm_forward",
    returned_cache="caches",
    arguments={"x": "x", "a0": "a0", "parameters": tuple(LSTM_PARAMETERS), "c0": "c0"},
    inputs={"x": ("n_x", "m", "T"), "a0": ("n_a", "m"), "c0": ("n_a", "m"), **LSTM_PARAMETERS},
    outputs={"a": ("n_a", "m", "T"), "y": ("n_y", "m", "T"), "c": ("n_a", "m", "T")},
    cache=LSTM_CELL_FORWARD.cache,
    pack=pack_forward,
    unpack=unpack_forward,
    optional=("c0",),
    biases=LSTM_CELL_FORWARD.biases,
    cell="lstm_cell_forward",
    cells={"lstm_cell_forward": "lstm.lstm_cell_forward"},
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
    in_dict=True,
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
    in_dict=True,
    optional=("dc",),
    optional_gradients=("dc0",),
    groups=LSTM_GATES,
    cell="lstm_cell_backward",
    cells={"lstm_cell_backward": "lstm.lstm_cell_backward"},
    description="backpropagation through time",
)

GRU_RULES: dict[str, dict[str, Any]] = {
    "the update rule z a_prev + (1 - z) h~, not (1 - z) a_prev + z h~": {"update": "old"},
    "the reset after the product, not before": {"reset_after": True},
    "the update rule z a_prev + (1 - z) h~ and the reset after the product": {"update": "old", "reset_after": True},
}


def unpack_gru_forward(contract: Forward, returned: Any) -> tuple[dict[str, Any], Any]:
    """A tuple of the outputs and the cache; the predictions may be left out."""
    if isinstance(returned, (tuple, list)) and len(returned) == 2:
        return {next(iter(contract.outputs)): returned[0]}, returned[1]
    return unpack_forward(contract, returned)


def gru_contracts(names: str, *, biased: bool) -> tuple[Forward | Backward, ...]:
    """The four functions, where `names` are the letters of the update gate and of the candidate: "zh", "uc" ..."""
    gates = {"update gate": names[0], "reset gate": "r", "candidate": names[1]}
    parameters: dict[str, Dimensions] = dict.fromkeys((f"W{gate}" for gate in gates.values()), ("n_a", "n_a+n_x"))
    if biased:
        parameters |= dict.fromkeys((f"b{gate}" for gate in gates.values()), ("n_a", "1"))
    keys = tuple(parameters)
    groups = {word: tuple(f"d{key}" for key in keys if key[1] == gate) for word, gate in gates.items()}
    own: dict[str, str] = {f"d{key}": key for key in keys}
    parameters |= {"Wy": ("n_y", "n_a"), "by": ("n_y", "1")}
    canonical = names == "zh" and biased
    forward: dict[str, Any] = {
        "convention": CONVENTION,
        "pack": pack_forward,
        "unpack": unpack_gru_forward,
        "biases": tuple(name for name in parameters if name.startswith("b")),
        "spelling": names + ("" if biased else " without biases"),
        "keys": keys,
        "options": {"names": names},
        "variants": {told: dict(rule, names=names) for told, rule in GRU_RULES.items()},
    }
    cell = Forward(
        name="gru_cell_forward",
        twin="conventions.coursera_gru_cell_forward",
        arguments={"xt": "xt", "a_prev": "a_prev", "parameters": tuple(parameters)},
        inputs={"xt": ("n_x", "m"), "a_prev": ("n_a", "m"), **parameters},
        outputs={"a_next": ("n_a", "m"), "yt_pred": ("n_y", "m")},
        optional_outputs=("yt_pred",),
        description="one step of a GRU",
        **forward,
    )
    sequence = Forward(
        name="gru_forward",
        twin="conventions.coursera_gru_forward",
        arguments={"x": "x", "a0": "a0", "parameters": tuple(parameters)},
        inputs={"x": ("n_x", "m", "T"), "a0": ("n_a", "m"), **parameters},
        outputs={"a": ("n_a", "m", "T"), "y_pred": ("n_y", "m", "T")},
        optional_outputs=("y_pred",),
        returned_cache="caches",
        cell="gru_cell_forward",
        cells={"gru_cell_forward": "gru.gru_cell_forward"} if canonical else {},
        description="a GRU over a sequence",
        **forward,
    )
    both = {"gru_cell_forward": "gru.gru_cell_forward", "gru_cell_backward": "gru.gru_cell_backward"}
    return (
        cell,
        sequence,
        Backward(
            name="gru_cell_backward",
            convention=CONVENTION,
            forward=cell,
            cotangents={"da_next": "a_next"},
            cache="cache",
            gradients={"dxt": "xt", "da_prev": "a_prev", **own},
            pack=pack_backward,
            unpack=unpack_backward,
            in_dict=True,
            groups=groups,
            description="gradients of one step",
        ),
        Backward(
            name="gru_backward",
            convention=CONVENTION,
            forward=sequence,
            cotangents={"da": "a"},
            cache="caches",
            gradients={"dx": "x", "da0": "a0", **own},
            pack=pack_backward,
            unpack=unpack_backward,
            in_dict=True,
            groups=groups,
            cell="gru_cell_backward",
            cells=both if canonical else {},
            description="backpropagation through time",
        ),
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
    *(
        contract
        for biased in (True, False)
        for names in ("zh", "zc", "uh", "uc")
        for contract in gru_contracts(names, biased=biased)
    ),
)
