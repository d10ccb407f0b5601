"""What the conventions share: packed weights, other axes and other update rules, made canonical.

Arrays are taken apart by `split`, never by indexing, which would put primitives into the derivative programs that
gradproof/arithmetic has no rules for.
"""

import jax
import jax.numpy as jnp

from .. import gru, lstm, rnn

CANONICAL = {"f": "f", "i": "i", "g": "c", "o": "o"}  # g: the candidate, which the canonical LSTM calls c


def without_prediction(Wh):
    """The canonical nets have a prediction layer, which most conventions have not: one output of no weight."""
    return {"Wy": jnp.zeros((1, Wh.shape[0])), "by": jnp.zeros((1, 1))}


def blocks(array, gates):
    """{gate: its block} of an array whose last axis is packed in this order."""
    size = array.shape[-1] // len(gates)
    return dict(zip(gates, jax.lax.split(array, [size] * len(gates), axis=array.ndim - 1), strict=True))


def rnn_parameters(Wx, Wh, b):
    layer = without_prediction(Wh)
    return {"Wax": Wx.T, "Waa": Wh.T, "ba": b[:, None], "Wya": layer["Wy"], "by": layer["by"]}


def lstm_parameters(Wx, Wh, b, gates):
    """Canonical parameters of Wx (D, 4H), Wh (H, 4H), b (4H,), packed in the order of `gates`, such as "ifog"."""
    x, h, bias = blocks(Wx, gates), blocks(Wh, gates), blocks(b, gates)
    parameters = without_prediction(Wh)
    for gate in gates:
        parameters[f"W{CANONICAL[gate]}"] = jnp.concatenate((h[gate], x[gate])).T
        parameters[f"b{CANONICAL[gate]}"] = bias[gate][:, None]
    return parameters


def gru_parameters(Wx, Wh, b, gates, update):
    """Canonical parameters of Wx (D, 3H), Wh (H, 3H), b (3H,), packed in the order of `gates`, such as "zrh".

    update says what z weighs: "new" as in (1 - z) h_prev + z h~, "old" as in z h_prev + (1 - z) h~.  The second is the
    first with 1 - z for z, and 1 - sigmoid(s) is sigmoid(-s).
    """
    x, h, bias = blocks(Wx, gates), blocks(Wh, gates), blocks(b, gates)
    parameters = without_prediction(Wh)
    for gate in gates:
        sign = -1.0 if gate == "z" and update == "old" else 1.0
        parameters[f"W{gate}"] = sign * jnp.concatenate((h[gate], x[gate])).T
        parameters[f"b{gate}"] = sign * bias[gate][:, None]
    return {**parameters, "bha": jnp.zeros_like(parameters["bh"])}


def gru_parameters_of_two_biases(Wx, Wh, bx, bh, gates):
    """As `gru_parameters` with update "old", for nets that reset after the product and have a bias on each side.

    The two biases (3H,) are summed, but for the hidden side's candidate bias: r multiplies it, so it stays apart.
    """
    hidden = blocks(bh, gates)
    summed = bx + jnp.concatenate([jnp.zeros_like(hidden[gate]) if gate == "h" else hidden[gate] for gate in gates])
    return {**gru_parameters(Wx, Wh, summed, gates, "old"), "bha": hidden["h"][:, None]}


def features_first(x):
    """(N, T, D) to the canonical (D, N, T)."""
    return jnp.transpose(x, (2, 0, 1))


def examples_first(a):
    """The canonical (H, N, T) to (N, T, H)."""
    return jnp.transpose(a, (1, 2, 0))


def rnn_over_time(x, h, parameters):
    """x (T, N, D), h (N, H); every hidden state (T, N, H) and the last one (N, H)."""
    a, _ = rnn.rnn_forward(x.T, h.T, parameters)
    return a.T, _last(a)


def lstm_over_time(x, h, c, parameters):
    """x (T, N, D), h and c (N, H); every hidden state (T, N, H), the last one and the last cell state (N, H)."""
    a, _, cells = lstm.lstm_forward(x.T, h.T, parameters, c.T)
    return a.T, _last(a), _last(cells)


def gru_over_time(x, h, parameters, reset_after):
    """x (T, N, D), h (N, H); every hidden state (T, N, H) and the last one (N, H)."""
    a, _ = gru.gru_forward(x.T, h.T, parameters, reset_after)
    return a.T, _last(a)


def _last(a):
    """The last step (N, H) of (H, N, T)."""
    return jnp.squeeze(jax.lax.split(a, (a.shape[2] - 1, 1), axis=2)[1], 2).T


def swap_batch_and_time(x):
    """(N, T, D) to (T, N, D), and back."""
    return jnp.swapaxes(x, 0, 1)
