"""A plain recurrent network in NumPy, forward and backward."""
import numpy as np


def softmax(z):
    e = np.exp(z - z.max(axis=0))
    return e / e.sum(axis=0)


def rnn_cell_forward(xt, a_prev, parameters):
    Wax, Waa, Wya, ba, by = (parameters[k] for k in "Wax Waa Wya ba by".split())
    a_next = np.tanh(Waa @ a_prev + Wax @ xt + ba)
    return a_next, softmax(Wya @ a_next + by), (a_next, a_prev, xt, parameters)


def rnn_forward(x, a0, parameters):
    outputs = []
    a = a0
    for t in range(x.shape[-1]):
        outputs.append(rnn_cell_forward(x[..., t], a, parameters))
        a = outputs[-1][0]
    states, predictions, cells = zip(*outputs)
    return np.stack(states, axis=-1), np.stack(predictions, axis=-1), (list(cells), x)


def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    delta = (1 - a_next) * (1 + a_next) * da_next
    return dict(
        dxt=parameters["Wax"].T @ delta,
        da_prev=parameters["Waa"].T @ delta,
        dWax=delta @ xt.T,
        dWaa=delta @ a_prev.T,
        dba=delta.sum(axis=1)[:, np.newaxis],
    )


def rnn_backward(da, caches):
    cells, x = caches
    t = da.shape[-1] - 1
    dx = np.zeros(x.shape[:-1] + da.shape[-1:])
    step = rnn_cell_backward(da[..., t], cells[t])
    dx[..., t] = step["dxt"]
    dWax, dWaa, dba = step["dWax"], step["dWaa"], step["dba"]
    while t > 0:
        t -= 1
        step = rnn_cell_backward(da[..., t], cells[t])
        dx[..., t] = step["dxt"]
        dWax = dWax + step["dWax"]
        dWaa = dWaa + step["dWaa"]
        dba = dba + step["dba"]
    return dict(dx=dx, da0=step["da_prev"], dWax=dWax, dWaa=dWaa, dba=dba)
