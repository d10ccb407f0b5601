"""ONNX: the operators RNN, LSTM and GRU with their default activations, in version 14 and later of the operator set.

The one family with cells of its own: peepholes, clip and input_forget reach into the cell, where the canonical twins
have nothing of the kind.  Without these options they compute what the twins compute.

D is the number of directions: 2 when direction is "bidirectional", else 1.  layout=0: X (T, N, I), Y (T, D, N, H), and
initial_h, initial_c, Y_h, Y_c (D, N, H).  layout=1: X (N, T, I), Y (N, T, D, H), and these (N, D, H).
W (D, G, I), R (D, G, H), B (D, 2G): the biases Wb of W and then Rb of R; G is H, 4H or 3H.  What is None is zero.

sequence_lens (N,), from 1 to T: beyond its length an example has output zero and keeps its state, and a reverse
direction starts at its last step.  clip bounds what enters the activations of the gates and of the candidate, peepholes
included; as in ONNX Runtime, it does not bound the cell state inside the last tanh.
"""

import jax
import jax.numpy as jnp

DIRECTIONS = {"forward": (False,), "reverse": (True,), "bidirectional": (False, True)}


def onnx_rnn(X, W, R, B=None, sequence_lens=None, initial_h=None, *, clip=None, direction="forward", layout=0):
    """One gate.  Returns Y, Y_h."""

    def cell(xt, state, W, R, B):
        (h,) = state
        Wb, Rb = jnp.split(B, 2)
        return (jnp.tanh(_clipped(xt @ W.T + h @ R.T + Wb + Rb, clip)),)

    parameters = (W, R, _or_zeros(B, (W.shape[0], 2 * W.shape[1]), X))
    return _over_time(cell, X, parameters, (initial_h,), sequence_lens, direction, layout)


def onnx_lstm(
    X,
    W,
    R,
    B=None,
    sequence_lens=None,
    initial_h=None,
    initial_c=None,
    P=None,
    *,
    clip=None,
    direction="forward",
    input_forget=0,
    layout=0,
):
    """Gates i, o, f, c.  Peepholes P (D, 3H) in the order i, o, f: those of i and f see the old cell state, that of o
    the new one.  input_forget=1: f is 1 - i.  Returns Y, Y_h, Y_c.
    """

    def cell(xt, state, W, R, B, P):
        h, c = state
        Wb, Rb = jnp.split(B, 2)
        i, o, f, g = jnp.split(xt @ W.T + h @ R.T + Wb + Rb, 4, axis=1)
        Pi, Po, Pf = jnp.split(P, 3)
        i = jax.nn.sigmoid(_clipped(i + Pi * c, clip))
        f = 1 - i if input_forget else jax.nn.sigmoid(_clipped(f + Pf * c, clip))
        c = f * c + i * jnp.tanh(_clipped(g, clip))
        o = jax.nn.sigmoid(_clipped(o + Po * c, clip))
        return o * jnp.tanh(c), c

    directions, H = W.shape[0], R.shape[2]
    parameters = (W, R, _or_zeros(B, (directions, 8 * H), X), _or_zeros(P, (directions, 3 * H), X))
    return _over_time(cell, X, parameters, (initial_h, initial_c), sequence_lens, direction, layout)


def onnx_gru(
    X,
    W,
    R,
    B=None,
    sequence_lens=None,
    initial_h=None,
    *,
    clip=None,
    direction="forward",
    layout=0,
    linear_before_reset=0,
):
    """Gates z, r, h; H = (1 - z) h~ + z H_prev.  Returns Y, Y_h.

    linear_before_reset=0, the default: r multiplies H_prev before the product.  1: it multiplies the product and Rbh.
    """

    def cell(xt, state, W, R, B):
        (h,) = state
        (Wz, Wr, Wh), (Rz, Rr, Rh) = jnp.split(W, 3), jnp.split(R, 3)
        Wbz, Wbr, Wbh, Rbz, Rbr, Rbh = jnp.split(B, 6)
        z = jax.nn.sigmoid(_clipped(xt @ Wz.T + h @ Rz.T + Wbz + Rbz, clip))
        r = jax.nn.sigmoid(_clipped(xt @ Wr.T + h @ Rr.T + Wbr + Rbr, clip))
        recurrent = r * (h @ Rh.T + Rbh) if linear_before_reset else (r * h) @ Rh.T + Rbh
        return ((1 - z) * jnp.tanh(_clipped(xt @ Wh.T + Wbh + recurrent, clip)) + z * h,)

    parameters = (W, R, _or_zeros(B, (W.shape[0], 2 * W.shape[1]), X))
    return _over_time(cell, X, parameters, (initial_h,), sequence_lens, direction, layout)


def _clipped(z, clip):
    return z if clip is None else jnp.clip(z, -clip, clip)


def _or_zeros(array, shape, X):
    return jnp.zeros(shape, X.dtype) if array is None else array


def _over_time(cell, X, parameters, initial, sequence_lens, direction, layout):
    """The cell over every step and direction; parameters and initial: arrays of every direction, layout as given.

    Returns Y and the last state of every array in `initial`.  Raises ValueError for an unknown direction, or when W has
    another number of them.
    """
    if direction not in DIRECTIONS:
        raise ValueError(f"{direction=}; expected one of {', '.join(DIRECTIONS)}")
    directions = DIRECTIONS[direction]
    if parameters[0].shape[0] != len(directions):
        raise ValueError(f"W has shape {parameters[0].shape}; {direction=} expects {len(directions)} on its first axis")
    if layout:
        X = jnp.swapaxes(X, 0, 1)
        initial = [None if state is None else jnp.swapaxes(state, 0, 1) for state in initial]
    T, N = X.shape[:2]
    initial = [_or_zeros(state, (len(directions), N, parameters[1].shape[2]), X) for state in initial]
    lengths = jnp.full(N, T) if sequence_lens is None else jnp.asarray(sequence_lens)

    outputs, last = [], []
    for index, reverse in enumerate(directions):
        own = [array[index] for array in parameters]

        def step(state, inputs, own=own):
            t, xt = inputs
            inside = (t < lengths)[:, None]
            after = cell(xt, state, *own)
            state = tuple(jnp.where(inside, new, old) for new, old in zip(after, state, strict=True))
            return state, jnp.where(inside, after[0], 0)

        start = tuple(state[index] for state in initial)
        state, Y = jax.lax.scan(step, start, (jnp.arange(T), X), reverse=reverse)
        outputs.append(Y)
        last.append(state)
    states = [jnp.stack(of_each) for of_each in zip(*last, strict=True)]
    Y = jnp.stack(outputs, axis=1)
    if layout:
        return jnp.transpose(Y, (2, 0, 1, 3)), *(jnp.swapaxes(state, 0, 1) for state in states)
    return Y, *states
