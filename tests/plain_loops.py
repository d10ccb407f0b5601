"""The nets of notes/conventions.md once more, as plain NumPy loops that follow each package's own equations.

Nothing is shared with autodiff/: no packing helper, no canonical cell.  A loop takes the arguments of the function of
the same name in autodiff/conventions and returns its outputs.  It also runs on complex numbers, which gives its
gradients: see `gradients`.
"""

import numpy as np
from agreement import leaves, mapped

STEP = 1e-30


def gradients(function, arguments, cotangents):
    """Gradients of sum(cotangents * outputs) with respect to every element of the arguments, which may be nested.

    By the complex step, Im f(x + i STEP) / STEP: nothing is subtracted, so it is exact to rounding (Squire & Trapp,
    1998).  Integers and None are constants.
    """
    arguments = mapped(lambda array: array.astype(complex) if _varies(array) else array, arguments)

    def slope():
        outputs = leaves(function(*arguments))
        return sum(float(np.sum(np.imag(one) * other)) for one, other in zip(outputs, leaves(cotangents), strict=True))

    def gradient(array):
        if not _varies(array):
            return None if array is None else np.zeros(array.shape)
        result = np.empty(array.shape)
        for index in np.ndindex(array.shape):
            array[index] += 1j * STEP
            result[index] = slope() / STEP
            array[index] -= 1j * STEP
        return result

    return mapped(gradient, arguments)


def _varies(array):
    return array is not None and not np.issubdtype(array.dtype, np.integer)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def min_char_rnn(inputs, targets, hprev, Wxh, Whh, Why, bh, by):
    h, loss = hprev, 0
    for word, target in zip(inputs, targets, strict=True):
        x = np.zeros((Wxh.shape[1], 1))
        x[word] = 1
        h = np.tanh(Wxh @ x + Whh @ h + bh)
        scores = Why @ h + by
        loss = loss - np.log(np.exp(scores[target, 0]) / np.exp(scores).sum())
    return loss, h


def cs231n_rnn_forward(x, h0, Wx, Wh, b):
    h, states = h0, []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ Wx + h @ Wh + b)
        states.append(h)
    return (np.stack(states, axis=1),)


def cs231n_lstm_forward(x, h0, Wx, Wh, b):
    h, c, states = h0, np.zeros_like(h0), []
    for t in range(x.shape[1]):
        ai, af, ao, ag = np.split(x[:, t] @ Wx + h @ Wh + b, 4, axis=1)
        c = sigmoid(af) * c + sigmoid(ai) * np.tanh(ag)
        h = sigmoid(ao) * np.tanh(c)
        states.append(h)
    return (np.stack(states, axis=1),)


def dlfs2_time_rnn(xs, h, Wx, Wh, b):
    return cs231n_rnn_forward(xs, h, Wx, Wh, b)


def dlfs2_time_lstm(xs, h, c, Wx, Wh, b):
    hs = []
    for t in range(xs.shape[1]):
        f, g, i, o = np.split(xs[:, t] @ Wx + h @ Wh + b, 4, axis=1)
        c = sigmoid(f) * c + np.tanh(g) * sigmoid(i)
        h = sigmoid(o) * np.tanh(c)
        hs.append(h)
    return (np.stack(hs, axis=1),)


def dlfs2_time_gru(xs, h, Wx, Wh, b):
    Wxz, Wxr, Wxh = np.split(Wx, 3, axis=1)
    Whz, Whr, Whh = np.split(Wh, 3, axis=1)
    bz, br, bh = np.split(b, 3)
    hs = []
    for t in range(xs.shape[1]):
        x = xs[:, t]
        z = sigmoid(x @ Wxz + h @ Whz + bz)
        r = sigmoid(x @ Wxr + h @ Whr + br)
        h = (1 - z) * h + z * np.tanh(x @ Wxh + (r * h) @ Whh + bh)
        hs.append(h)
    return (np.stack(hs, axis=1),)


def pytorch_rnn(input, h_0, weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0):
    h, output = h_0[0], []
    for x in input:
        h = np.tanh(x @ weight_ih_l0.T + bias_ih_l0 + h @ weight_hh_l0.T + bias_hh_l0)
        output.append(h)
    return np.stack(output), h[None]


def pytorch_lstm(input, h_0, c_0, weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0):
    W_ii, W_if, W_ig, W_io = np.split(weight_ih_l0, 4)
    W_hi, W_hf, W_hg, W_ho = np.split(weight_hh_l0, 4)
    b_ii, b_if, b_ig, b_io = np.split(bias_ih_l0, 4)
    b_hi, b_hf, b_hg, b_ho = np.split(bias_hh_l0, 4)
    h, c, output = h_0[0], c_0[0], []
    for x in input:
        i = sigmoid(x @ W_ii.T + b_ii + h @ W_hi.T + b_hi)
        f = sigmoid(x @ W_if.T + b_if + h @ W_hf.T + b_hf)
        g = np.tanh(x @ W_ig.T + b_ig + h @ W_hg.T + b_hg)
        o = sigmoid(x @ W_io.T + b_io + h @ W_ho.T + b_ho)
        c = f * c + i * g
        h = o * np.tanh(c)
        output.append(h)
    return np.stack(output), h[None], c[None]


def pytorch_gru(input, h_0, weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0):
    W_ir, W_iz, W_in = np.split(weight_ih_l0, 3)
    W_hr, W_hz, W_hn = np.split(weight_hh_l0, 3)
    b_ir, b_iz, b_in = np.split(bias_ih_l0, 3)
    b_hr, b_hz, b_hn = np.split(bias_hh_l0, 3)
    h, output = h_0[0], []
    for x in input:
        r = sigmoid(x @ W_ir.T + b_ir + h @ W_hr.T + b_hr)
        z = sigmoid(x @ W_iz.T + b_iz + h @ W_hz.T + b_hz)
        n = np.tanh(x @ W_in.T + b_in + r * (h @ W_hn.T + b_hn))
        h = (1 - z) * n + z * h
        output.append(h)
    return np.stack(output), h[None]


def cudnn_rnn(x, hx, W, R, bW, bR):
    h, y = hx[0], []
    for xt in x:
        h = np.tanh(xt @ W[0].T + h @ R[0].T + bW[0] + bR[0])
        y.append(h)
    return np.stack(y), h[None]


def cudnn_lstm(x, hx, cx, W, R, bW, bR):
    h, c, y = hx[0], cx[0], []
    for xt in x:
        i, f, new, o = (xt @ W[k].T + h @ R[k].T + bW[k] + bR[k] for k in range(4))
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(new)
        h = sigmoid(o) * np.tanh(c)
        y.append(h)
    return np.stack(y), h[None], c[None]


def cudnn_gru(x, hx, W, R, bW, bR):
    h, y = hx[0], []
    for xt in x:
        r = sigmoid(xt @ W[0].T + h @ R[0].T + bW[0] + bR[0])
        i = sigmoid(xt @ W[1].T + h @ R[1].T + bW[1] + bR[1])
        new = np.tanh(xt @ W[2].T + r * (h @ R[2].T + bR[2]) + bW[2])
        h = (1 - i) * new + i * h
        y.append(h)
    return np.stack(y), h[None]


def keras_lstm(sequences, h, c, kernel, recurrent_kernel, bias):
    outputs = []
    for t in range(sequences.shape[1]):
        z0, z1, z2, z3 = np.split(sequences[:, t] @ kernel + h @ recurrent_kernel + bias, 4, axis=1)
        c = sigmoid(z1) * c + sigmoid(z0) * np.tanh(z2)
        h = sigmoid(z3) * np.tanh(c)
        outputs.append(h)
    return np.stack(outputs, axis=1), h, c


def keras_gru(sequences, h, kernel, recurrent_kernel, bias, reset_after=True):
    H, outputs = h.shape[1], []
    input_bias, recurrent_bias = bias if reset_after else (bias, np.zeros(3 * H))
    for t in range(sequences.shape[1]):
        x = sequences[:, t] @ kernel + input_bias
        inner = h @ recurrent_kernel + recurrent_bias
        z = sigmoid(x[:, :H] + inner[:, :H])
        r = sigmoid(x[:, H : 2 * H] + inner[:, H : 2 * H])
        recurrent = r * inner[:, 2 * H :] if reset_after else (r * h) @ recurrent_kernel[:, 2 * H :]
        h = z * h + (1 - z) * np.tanh(x[:, 2 * H :] + recurrent)
        outputs.append(h)
    return np.stack(outputs, axis=1), h


def flax_linen_lstm(params, inputs, c, h):
    def layers(gate):
        return x @ params[f"i{gate}"]["kernel"] + h @ params[f"h{gate}"]["kernel"] + params[f"h{gate}"]["bias"]

    outputs = []
    for t in range(inputs.shape[1]):
        x = inputs[:, t]
        i, f, g, o = sigmoid(layers("i")), sigmoid(layers("f")), np.tanh(layers("g")), sigmoid(layers("o"))
        c = f * c + i * g
        h = o * np.tanh(c)
        outputs.append(h)
    return c, h, np.stack(outputs, axis=1)


def flax_linen_gru(params, inputs, h):
    outputs = []
    for t in range(inputs.shape[1]):
        x = inputs[:, t]
        r = sigmoid(x @ params["ir"]["kernel"] + params["ir"]["bias"] + h @ params["hr"]["kernel"])
        z = sigmoid(x @ params["iz"]["kernel"] + params["iz"]["bias"] + h @ params["hz"]["kernel"])
        inner = h @ params["hn"]["kernel"] + params["hn"]["bias"]
        n = np.tanh(x @ params["in"]["kernel"] + params["in"]["bias"] + r * inner)
        h = (1 - z) * n + z * h
        outputs.append(h)
    return h, np.stack(outputs, axis=1)


def flax_nnx_lstm(params, inputs, c, h):
    return flax_linen_lstm({name.rstrip("_"): layer for name, layer in params.items()}, inputs, c, h)


def flax_nnx_optimized_lstm(params, inputs, c, h):
    outputs = []
    for t in range(inputs.shape[1]):
        y = inputs[:, t] @ params["dense_i"]["kernel"] + h @ params["dense_h"]["kernel"] + params["dense_h"]["bias"]
        i, f, g, o = np.split(y, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        outputs.append(h)
    return c, h, np.stack(outputs, axis=1)


def flax_nnx_gru(params, inputs, h):
    outputs = []
    for t in range(inputs.shape[1]):
        xr, xz, xn = np.split(inputs[:, t] @ params["dense_i"]["kernel"] + params["dense_i"]["bias"], 3, axis=1)
        hr, hz, hn = np.split(h @ params["dense_h"]["kernel"], 3, axis=1)
        r, z = sigmoid(xr + hr), sigmoid(xz + hz)
        n = np.tanh(xn + r * hn)
        h = (1 - z) * n + z * h
        outputs.append(h)
    return h, np.stack(outputs, axis=1)


def tf1_lstm(inputs, c, h, kernel, bias, forget_bias=1.0):
    outputs = []
    for t in range(inputs.shape[1]):
        i, j, f, o = np.split(np.concatenate([inputs[:, t], h], axis=1) @ kernel + bias, 4, axis=1)
        c = c * sigmoid(f + forget_bias) + sigmoid(i) * np.tanh(j)
        h = np.tanh(c) * sigmoid(o)
        outputs.append(h)
    return np.stack(outputs, axis=1), c, h


def tf1_gru(inputs, state, gates_kernel, gates_bias, candidate_kernel, candidate_bias):
    outputs = []
    for t in range(inputs.shape[1]):
        x = inputs[:, t]
        r, u = np.split(sigmoid(np.concatenate([x, state], axis=1) @ gates_kernel + gates_bias), 2, axis=1)
        c = np.tanh(np.concatenate([x, r * state], axis=1) @ candidate_kernel + candidate_bias)
        state = u * state + (1 - u) * c
        outputs.append(state)
    return np.stack(outputs, axis=1), state


def onnx_rnn(X, W, R, B=None, sequence_lens=None, initial_h=None, *, clip=None, direction="forward", layout=0):
    def cell(x, h, d):
        Wb, Rb = np.split(B[d], 2)
        return (np.tanh(_clip(x @ W[d].T + h @ R[d].T + Wb + Rb, clip)),)

    B = np.zeros((len(W), 2 * W.shape[1])) if B is None else B
    return _onnx(cell, X, R.shape[2], sequence_lens, (initial_h,), direction, layout)


def onnx_lstm(
    X, W, R, B=None, sequence_lens=None, initial_h=None, initial_c=None, P=None,
    *, clip=None, direction="forward", input_forget=0, layout=0,
):  # fmt: skip
    H = R.shape[2]
    B = np.zeros((len(W), 8 * H)) if B is None else B
    P = np.zeros((len(W), 3 * H)) if P is None else P

    def cell(x, h, c, d):
        (Wi, Wo, Wf, Wc), (Ri, Ro, Rf, Rc) = np.split(W[d], 4), np.split(R[d], 4)
        Wbi, Wbo, Wbf, Wbc, Rbi, Rbo, Rbf, Rbc = np.split(B[d], 8)
        Pi, Po, Pf = np.split(P[d], 3)
        it = sigmoid(_clip(x @ Wi.T + h @ Ri.T + Pi * c + Wbi + Rbi, clip))
        ft = 1 - it if input_forget else sigmoid(_clip(x @ Wf.T + h @ Rf.T + Pf * c + Wbf + Rbf, clip))
        ct = np.tanh(_clip(x @ Wc.T + h @ Rc.T + Wbc + Rbc, clip))
        Ct = ft * c + it * ct
        ot = sigmoid(_clip(x @ Wo.T + h @ Ro.T + Po * Ct + Wbo + Rbo, clip))
        return ot * np.tanh(Ct), Ct

    return _onnx(cell, X, H, sequence_lens, (initial_h, initial_c), direction, layout)


def onnx_gru(
    X, W, R, B=None, sequence_lens=None, initial_h=None,
    *, clip=None, direction="forward", layout=0, linear_before_reset=0,
):  # fmt: skip
    def cell(x, h, d):
        (Wz, Wr, Wh), (Rz, Rr, Rh) = np.split(W[d], 3), np.split(R[d], 3)
        Wbz, Wbr, Wbh, Rbz, Rbr, Rbh = np.split(B[d], 6)
        zt = sigmoid(_clip(x @ Wz.T + h @ Rz.T + Wbz + Rbz, clip))
        rt = sigmoid(_clip(x @ Wr.T + h @ Rr.T + Wbr + Rbr, clip))
        if linear_before_reset:
            ht = np.tanh(_clip(x @ Wh.T + rt * (h @ Rh.T + Rbh) + Wbh, clip))
        else:
            ht = np.tanh(_clip(x @ Wh.T + (rt * h) @ Rh.T + Rbh + Wbh, clip))
        return ((1 - zt) * ht + zt * h,)

    B = np.zeros((len(W), 2 * W.shape[1])) if B is None else B
    return _onnx(cell, X, R.shape[2], sequence_lens, (initial_h,), direction, layout)


def _clip(z, clip):
    """Bounded, with a gradient of zero where the bound is reached."""
    return z if clip is None else np.where(np.abs(z.real) < clip, z, np.sign(z.real) * clip)


def _onnx(cell, X, H, sequence_lens, initial, direction, layout):
    """One example at a time: a reverse direction reads the first `length` steps of it backwards."""
    if layout:
        X = np.swapaxes(X, 0, 1)
        initial = [None if state is None else np.swapaxes(state, 0, 1) for state in initial]
    T, N, _ = X.shape
    backwards = {"forward": [False], "reverse": [True], "bidirectional": [False, True]}[direction]
    Y = np.zeros((T, len(backwards), N, H), dtype=X.dtype)
    last = [np.zeros((len(backwards), N, H), dtype=X.dtype) for _ in initial]
    for d, reverse in enumerate(backwards):
        for n in range(N):
            length = T if sequence_lens is None else int(sequence_lens[n])
            states = [np.zeros((1, H)) if state is None else state[d, n : n + 1] for state in initial]
            for t in reversed(range(length)) if reverse else range(length):
                states = cell(X[t, n : n + 1], *states, d)
                Y[t, d, n] = states[0][0]
            for final, state in zip(last, states, strict=True):
                final[d, n] = state[0]
    if layout:
        return np.transpose(Y, (2, 0, 1, 3)), *(np.swapaxes(state, 0, 1) for state in last)
    return Y, *last
