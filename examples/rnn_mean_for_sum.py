# "The bias gradient is the average over the batch."
import numpy as np


def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    delta = da_next * (1 - a_next * a_next)
    return {
        "dxt": parameters["Wax"].T @ delta,
        "da_prev": parameters["Waa"].T @ delta,
        "dWax": delta @ xt.T,
        "dWaa": delta @ a_prev.T,
        "dba": np.mean(delta, axis=1, keepdims=True),
    }


def rnn_backward(da, caches):
    steps, x = caches
    n_a, m, T_x = da.shape
    dx = np.zeros((x.shape[0], m, T_x))
    dWax = dWaa = dba = 0
    carry = np.zeros((n_a, m))
    for t in reversed(range(T_x)):
        g = rnn_cell_backward(da[:, :, t] + carry, steps[t])
        dx[:, :, t] = g["dxt"]
        dWax, dWaa, dba = dWax + g["dWax"], dWaa + g["dWaa"], dba + g["dba"]
        carry = g["da_prev"]
    return {"dx": dx, "da0": carry, "dWax": dWax, "dWaa": dWaa, "dba": dba}
