"""The RNN of the exercise, with a variable for every product and buffers for every sum."""

import numpy as np


def rnn_cell_forward(xt, a_prev, parameters):
    Wax, Waa, Wya = parameters["Wax"], parameters["Waa"], parameters["Wya"]
    a_next = np.tanh(np.dot(Waa, a_prev) + np.dot(Wax, xt) + parameters["ba"])
    scores = np.dot(Wya, a_next) + parameters["by"]
    e = np.exp(scores - np.max(scores, axis=0))
    return a_next, e / np.sum(e, axis=0), (a_next, a_prev, xt, parameters)


def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    Wax = parameters["Wax"]
    Waa = parameters["Waa"]
    dtanh = da_next - da_next * np.square(a_next)
    dxt = np.dot(Wax.T, dtanh)
    dWax = np.dot(dtanh, xt.T)
    da_prev = np.dot(Waa.T, dtanh)
    dWaa = np.dot(dtanh, a_prev.T)
    dba = np.sum(dtanh, axis=1, keepdims=True)
    gradients = {"dxt": dxt, "da_prev": da_prev, "dWax": dWax, "dWaa": dWaa, "dba": dba}
    return gradients


def rnn_forward(x, a0, parameters):
    n_y, n_a = parameters["Wya"].shape
    _, m, T = x.shape
    a = np.zeros((n_a, m, T))
    y_pred = np.zeros((n_y, m, T))
    a_next, steps = a0, []
    for t in range(T):
        a_next, y_pred[:, :, t], step = rnn_cell_forward(x[:, :, t], a_next, parameters)
        a[:, :, t] = a_next
        steps.append(step)
    return a, y_pred, (steps, x)


def rnn_backward(da, caches):
    steps, x = caches
    n_a, m, T = da.shape
    n_x = x.shape[0]
    Wax = steps[0][3]["Wax"]
    Waa = steps[0][3]["Waa"]
    dx = np.zeros((n_x, m, T))
    dWax = np.zeros((n_a, n_x))
    dWaa = np.zeros((n_a, n_a))
    dba = np.zeros((n_a, 1))
    da_prevt = np.zeros((n_a, m))
    for t in range(T - 1, -1, -1):
        a_next, a_prev, xt = steps[t][:3]
        da_next = da[:, :, t] + da_prevt
        dtanh = da_next - da_next * np.square(a_next)
        dx[:, :, t] = np.dot(Wax.T, dtanh)
        dWax += np.dot(dtanh, xt.T)
        dWaa += np.dot(dtanh, a_prev.T)
        dba += np.sum(dtanh, axis=1, keepdims=True)
        da_prevt = np.dot(Waa.T, dtanh)
    gradients = {"dx": dx, "da0": da_prevt, "dWax": dWax, "dWaa": dWaa, "dba": dba}
    return gradients
