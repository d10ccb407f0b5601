"""What the conventions of manual/cs231n.py and manual/dlfs2.py share: examples are rows, and gates are packed.

Packed weights of n gates: Wx (D, nH) acts on the input, Wh (H, nH) on the hidden state, b (nH,).  `gates` names the
blocks of H columns from left to right by the canonical letters of manual/lstm.py and manual/gru.py, such as "ifoc".
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from . import rnn
from .shapes import Array, Dimensions, check_arrays

# Wh comes first: its rows say what H is where no hidden state does.
RNN_WEIGHTS: dict[str, Dimensions] = {"Wh": ("H", "H"), "Wx": ("D", "H"), "b": ("H",)}
LSTM_WEIGHTS: dict[str, Dimensions] = {"Wh": ("H", "H+H+H+H"), "Wx": ("D", "H+H+H+H"), "b": ("H+H+H+H",)}
GRU_WEIGHTS: dict[str, Dimensions] = {"Wh": ("H", "H+H+H"), "Wx": ("D", "H+H+H"), "b": ("H+H+H",)}


def features_first(x: Array) -> Array:
    """(N, D) to the canonical (D, N), (N, T, D) to (D, N, T)."""
    return np.moveaxis(x, -1, 0)


def features_last(a: Array) -> Array:
    """The canonical (H, N) to (N, H), (H, N, T) to (N, T, H)."""
    return np.moveaxis(a, 0, -1)


def time_first(x: Array) -> Array:
    """(N, T, D) to (T, D, N), as the nets of manual/fused take and return sequences."""
    return x.transpose(1, 2, 0)


def examples_first(a: Array) -> Array:
    """(T, H, N) to an array (N, T, H) of its own: a net's hidden states are read-only, a course's code may write."""
    return a.transpose(2, 0, 1).copy()


def rnn_parameters(Wx: Array, Wh: Array, b: Array) -> rnn.RNNParameters:
    """Canonical parameters of the RNN of Wx (D, H), Wh (H, H), b (H,)."""
    Wya, by = _no_prediction(Wh)
    return {"Wax": Wx.T, "Waa": Wh.T, "ba": b[:, np.newaxis], "Wya": Wya, "by": by}


def rnn_gradients(gradients: Mapping[str, Any]) -> tuple[Array, Array, Array]:
    """dWx (D, H), dWh (H, H), db (H,) of the canonical RNN's gradients."""
    return gradients["dWax"].T, gradients["dWaa"].T, gradients["dba"][:, 0]


def gated_parameters(Wx: Array, Wh: Array, b: Array, gates: str) -> Any:
    """Canonical parameters of the LSTM or GRU of these packed weights: LSTMParameters or GRUParameters."""
    Wy, by = _no_prediction(Wh)
    parameters = {"Wy": Wy, "by": by}
    x, h, bias = (np.split(packed, len(gates), axis=-1) for packed in (Wx, Wh, b))
    for i, gate in enumerate(gates):
        parameters[f"W{gate}"] = np.concatenate((h[i], x[i])).T
        parameters[f"b{gate}"] = bias[i][:, np.newaxis]
    return parameters


def gated_gradients(gradients: Mapping[str, Any], gates: str) -> tuple[Array, Array, Array]:
    """dWx (D, nH), dWh (H, nH), db (nH,) of the canonical LSTM's or GRU's gradients."""
    H = gradients[f"db{gates[0]}"].shape[0]
    dW = np.concatenate([gradients[f"dW{gate}"].T for gate in gates], axis=1)
    db = np.concatenate([gradients[f"db{gate}"][:, 0] for gate in gates])
    return dW[H:], dW[:H], db


def check_words(name: str, words: Any, V: int, sizes: Mapping[str, int] | None = None, counted: Any = True) -> None:
    """Check that `words` is an array (N, T) of integers, and those that are `counted` (N, T) are from 0 to V-1.

    Raises ValueError for a shape that disagrees or another word, TypeError for what is no array of integers.
    """
    check_kind(name, words, "iu", "integers", ("N", "T"), sizes)
    outside = counted & ((words < 0) | (words >= V))
    if outside.any():
        n, t = np.argwhere(outside)[0]
        raise ValueError(f"{name}[{n}, {t}] is {words[n, t]}; expected a word from 0 to {V - 1}")


def check_kind(
    name: str, array: Any, kinds: str, expected: str, dimensions: Dimensions, sizes: Mapping[str, int] | None = None
) -> None:
    """`check_arrays` for an array that need not be floating: of one of NumPy's `kinds`, `expected` in a message."""
    if isinstance(array, np.ndarray):
        if array.dtype.kind not in kinds:
            raise TypeError(f"{name} has dtype {array.dtype}; expected {expected}")
        array = array.astype(np.float64)  # check_arrays takes no other
    check_arrays({name: dimensions}, {name: array}, sizes)


def _no_prediction(Wh: Array) -> tuple[Array, Array]:
    """The canonical nets have a prediction layer, which these conventions have not: one output of no weight."""
    return np.zeros((1, Wh.shape[0]), dtype=Wh.dtype), np.zeros((1, 1), dtype=Wh.dtype)
