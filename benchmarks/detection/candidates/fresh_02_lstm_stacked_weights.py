"""LSTM backward pass. The four weight matrices are stacked once, so that a step needs two products."""
import numpy as np

ORDER = ['i', 'f', 'o', 'c']


def stack(parameters):
    return np.vstack([parameters['W' + name] for name in ORDER])


def step_backward(dh, dc, cache, W):
    _, c_next, h_prev, c_prev, f, i, g, o, x, _ = cache
    squashed = np.tanh(c_next)
    dc = dc + dh * o * (1 - squashed * squashed)

    dZ = np.vstack([
        dc * g * (i - i * i),
        dc * c_prev * (f - f * f),
        dh * squashed * (o - o * o),
        dc * i * (1 - g * g),
    ])
    inputs = np.vstack([h_prev, x])
    dW = dZ.dot(inputs.T)
    db = dZ.sum(axis=1, keepdims=True)
    return W.T.dot(dZ), dc * f, dW, db


def unstack(dW, db):
    result = {}
    for name, w, b in zip(ORDER, np.split(dW, 4), np.split(db, 4)):
        result['dW' + name] = w
        result['db' + name] = b
    return result


def lstm_cell_backward(da_next, dc_next, cache):
    n_a = len(da_next)
    d_inputs, dc_prev, dW, db = step_backward(da_next, dc_next, cache, stack(cache[-1]))
    result = unstack(dW, db)
    result.update(dxt=d_inputs[n_a:], da_prev=d_inputs[:n_a], dc_prev=dc_prev)
    return result


def lstm_backward(da, caches):
    cells, x = caches
    n_a, m, T = da.shape
    W = stack(cells[0][-1])
    dW_total, db_total = 0.0, 0.0
    dx = np.zeros((x.shape[0], m, T))
    dh = np.zeros((n_a, m))
    dc = np.zeros((n_a, m))
    for t in range(T - 1, -1, -1):
        d_inputs, _, dW, db = step_backward(da[:, :, t] + dh, dc, cells[t], W)
        dh = d_inputs[:n_a]
        dx[:, :, t] = d_inputs[n_a:]
        dW_total = dW_total + dW
        db_total = db_total + db
    result = unstack(dW_total, db_total)
    result['dx'] = dx
    result['da0'] = dh
    return result
