"""Deep stacks and truncated BPTT, derived in notes/stacked.md; the tags (S1)... are its equation numbers.

A stack is a list of layers, each a pair (cell, parameters): the cell is "rnn", "lstm", "gru" or "gru_reset_after", the
parameters are those of that net's cell forward.  layers[0] reads x, and every other layer reads the hidden states of
the layer before it in the list.  What a layer's own prediction layer computes is not used; losses.py gives the
predictions of the top layer, and the da that the backward starts from.
A layer may leave its prediction layer out of its parameters.  The nets are those of manual/fused/.
The state of a layer is the tuple of what one step hands to the next: (a,) for an RNN or a GRU, (a, c) for an LSTM.

Training by truncated BPTT is a loop that needs the caches of one window at a time:

    for window in windows(T, size):
        a, states, caches = stacked_forward(x[:, :, window], layers, states)
        gradients = stacked_backward(da, caches)  # da: of the loss of this window, from a
        ...  # update the parameters

`truncated_forward` and `truncated_backward` do the same with parameters that stay as they are.

Dimensions: n_x inputs, n_a hidden units (each layer its own), m examples (columns), T time steps.
`d<name>` is the gradient of the loss with respect to <name> and has its shape.
Arrays are float32 or float64, all of one dtype, and results have that dtype.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias, TypedDict

import numpy as np

from .fused import gru, lstm, rnn
from .shapes import Array, check_arrays, check_parameters

Cell: TypeAlias = Literal["rnn", "lstm", "gru", "gru_reset_after"]
Layer: TypeAlias = tuple[Cell, Any]
State: TypeAlias = tuple[Array, ...]
StackCaches: TypeAlias = list[tuple[Cell, Any]]

STATE = {"rnn": ("a0",), "lstm": ("a0", "c0"), "gru": ("a0",), "gru_reset_after": ("a0",)}
BIAS = {"rnn": "ba", "lstm": "bf", "gru": "bz", "gru_reset_after": "bz"}  # has n_a rows
BACKWARD: Mapping[Cell, Callable[[Array, Any], Any]] = {
    "rnn": rnn.rnn_backward,
    "lstm": lstm.lstm_backward,
    "gru": gru.gru_backward,
    "gru_reset_after": gru.gru_backward,
}


class StackGradients(TypedDict):
    dx: Array
    layers: list[dict[str, Array]]


def stacked_forward(
    x: Array, layers: Sequence[Layer], states: Sequence[State] | None = None
) -> tuple[Array, list[State], StackCaches]:
    """Every layer over every time step of x, the lowest layer first.

    x (n_x, m, T); layers as at the top of this file; states: the initial state of every layer, each array (n_a, m),
    zeros when None.
    Returns the top layer's hidden states a (n_a, m, T), read-only since the backward reads them too, the last state of
    every layer, and the caches that `stacked_backward` reads: a list of (cell, the caches of its forward).
    Raises ValueError or TypeError when a layer does not fit what it reads, naming the layer, the array and the sizes.
    Source: Graves, Mohamed & Hinton (2013).
    """
    check_arrays({"x": ("n_x", "m", "T")}, {"x": x})
    _check_stack(layers, states)

    last, caches = [], []
    a = x  # (S1)
    for number, (cell, parameters) in enumerate(layers):
        try:
            state = _zeros(cell, parameters, a) if states is None else states[number]
            a, state, steps = _layer_forward(cell, a, state, parameters)  # (S2)
        except (TypeError, ValueError) as error:
            below = f"layers[{number - 1}] ({layers[number - 1][0]})" if number else "x"
            raise type(error)(f"layers[{number}] ({cell}), which reads n_x={len(a)} from {below}: {error}") from error
        last.append(state)
        caches.append((cell, steps))
    return a, last, caches


def stacked_backward(da: Array, caches: StackCaches) -> StackGradients:
    """Backpropagation through depth and time: gradients of ``sum(da * a)`` with respect to what `stacked_forward` took.

    da (n_a, m, T): what reaches the top layer's hidden states from outside the stack.  With fewer steps than x, the
    gradients are those of that prefix, and dx has as many steps as da.
    Returns dx (n_x, m, T), and for every layer, the lowest first, what its own backward returns but for dx: da0, for an
    LSTM dc0, and the gradients of its parameters.
    Raises ValueError or TypeError when da does not fit the top layer.
    Source: Werbos (1990), whose ordered derivatives run over layers and time steps alike.
    """
    _check_pairs(caches, str, "stacked_forward")

    layers = []
    for cell, steps in reversed(caches):
        gradients = dict(BACKWARD[cell](da, steps))  # (S4)
        da = gradients.pop("dx")  # (S5)
        layers.append(gradients)
    return {"dx": da, "layers": layers[::-1]}  # (S6)


def windows(T: int, size: int) -> list[slice]:
    """The steps of a sequence in windows of `size` steps, in order; the last one may be shorter.

    Raises ValueError when T or size is less than 1.
    """
    for name, steps in (("T", T), ("size", size)):
        if steps < 1:
            raise ValueError(f"{name} is {steps}; expected at least 1 time step")
    return [slice(start, min(start + size, T)) for start in range(0, T, size)]  # (S7)


def truncated_forward(
    x: Array, layers: Sequence[Layer], size: int, states: Sequence[State] | None = None
) -> tuple[Array, list[State], list[tuple[slice, StackCaches]]]:
    """`stacked_forward` in windows of `size` steps, each from the last states of the window before.

    x, layers and states as in `stacked_forward`.
    Returns a (n_a, m, T), the last state of every layer, and caches = a list of (window, the caches of its forward).
    Raises ValueError or TypeError as `stacked_forward` does, and ValueError when size is less than 1.
    """
    check_arrays({"x": ("n_x", "m", "T")}, {"x": x})

    hidden, caches = [], []
    last: Any = states
    for window in windows(x.shape[2], size):
        a, last, of_window = stacked_forward(x[:, :, window], layers, last)  # (S8)
        hidden.append(a)
        caches.append((window, of_window))
    return np.concatenate(hidden, axis=2), last, caches


def truncated_backward(da: Array, caches: list[tuple[slice, StackCaches]]) -> StackGradients:
    """Truncated BPTT: for every window the gradients of its own ``sum(da * a)``, with the states that it starts from
    taken as constants, and the sum of these over the windows.

    da (n_a, m, T), with as many steps as x.
    Returns dx, and for every layer the gradients of its parameters, as `stacked_backward` does; da0 and dc0 are those
    of the first window, because no other window starts from states that are arguments.
    Raises ValueError when da and x differ in their steps, ValueError or TypeError when da does not fit the top layer.
    Source: Williams & Peng (1990), whose BPTT(h; h') is this with h = h' = size.
    """
    _check_pairs(caches, slice, "truncated_forward")
    check_arrays({"da": ("n_a", "m", "T")}, {"da": da}, {"T": caches[-1][0].stop})

    first, *others = [stacked_backward(da[:, :, window], of_window) for window, of_window in caches]  # (S9)
    for gradients in others:
        for total, layer in zip(first["layers"], gradients["layers"], strict=True):
            for name in total.keys() - {"da0", "dc0"}:  # (S12)
                total[name] += layer[name]  # (S10)
    dx = np.concatenate([gradients["dx"] for gradients in (first, *others)], axis=2)  # (S11)
    return {"dx": dx, "layers": first["layers"]}


def _layer_forward(cell: Cell, x: Array, state: State, parameters: Any) -> tuple[Array, State, Any]:
    """The forward of one layer: its hidden states, its last state and its caches."""
    if not isinstance(state, (tuple, list)) or len(state) != len(STATE[cell]):
        given = f"{len(state)} arrays" if isinstance(state, (tuple, list)) else f"a {type(state).__name__}"
        raise ValueError(f"the state is {given}; expected a tuple of {' and '.join(STATE[cell])}")
    steps = x.transpose(2, 0, 1)
    caches: Any
    if cell == "lstm":
        a, c, caches = lstm.lstm_forward_time_major(steps, state[0], parameters, state[1])
        return a.transpose(1, 2, 0), (a[-1].copy(), c), caches  # (S3)
    if cell == "rnn":
        a, caches = rnn.rnn_forward_time_major(steps, state[0], parameters)
    else:
        a, caches = gru.gru_forward_time_major(steps, state[0], parameters, reset_after=cell == "gru_reset_after")
    return a.transpose(1, 2, 0), (a[-1].copy(),), caches


def _zeros(cell: Cell, parameters: Any, x: Array) -> State:
    check_parameters({BIAS[cell]: ("n_a", "1")}, parameters, x, {})
    return tuple(np.zeros((len(parameters[BIAS[cell]]), x.shape[1]), dtype=x.dtype) for _ in STATE[cell])


def _check_stack(layers: Sequence[Layer], states: Sequence[State] | None) -> None:
    """Raise unless there is a layer, every cell is known, and every layer has a state, if any has."""
    if len(layers) == 0:
        raise ValueError("layers is empty; expected at least one (cell, parameters)")
    for number, layer in enumerate(layers):
        if not isinstance(layer, (tuple, list)) or len(layer) != 2:
            raise TypeError(f"layers[{number}] is a {type(layer).__name__}; expected the pair (cell, parameters)")
        if layer[0] not in STATE:
            raise ValueError(f"layers[{number}] has the cell {layer[0]!r}; expected one of {', '.join(STATE)}")
    if states is not None and len(states) != len(layers):
        raise ValueError(f"states has {len(states)} entries; expected {len(layers)}, one for every layer")


def _check_pairs(caches: Any, first: type, source: str) -> None:
    """Raise TypeError unless `caches` is a list of pairs that begin with a `first`."""
    if not isinstance(caches, (tuple, list)) or len(caches) == 0 or not isinstance(caches[0][0], first):
        raise TypeError(f"caches are not those of {source}; expected its list, which begins with a {first.__name__}")
