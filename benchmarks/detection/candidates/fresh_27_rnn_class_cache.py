import numpy as np


class StepCache:
    def __init__(self, a_next, a_prev, xt, parameters):
        self.a_next = a_next
        self.a_prev = a_prev
        self.xt = xt
        self.Wax = parameters["Wax"]
        self.Waa = parameters["Waa"]


def rnn_cell_forward(xt, a_prev, parameters):
    a_next = np.tanh(np.dot(parameters["Wax"], xt) + np.dot(parameters["Waa"], a_prev) + parameters["ba"])
    logits = np.dot(parameters["Wya"], a_next) + parameters["by"]
    exp_logits = np.exp(logits)
    yt_pred = exp_logits / exp_logits.sum(axis=0)
    return a_next, yt_pred, StepCache(a_next, a_prev, xt, parameters)


def rnn_forward(x, a0, parameters):
    a_list, y_list, caches = [], [], []
    a_next = a0
    for t in range(x.shape[2]):
        a_next, yt_pred, step = rnn_cell_forward(x[:, :, t], a_next, parameters)
        a_list.append(a_next)
        y_list.append(yt_pred)
        caches.append(step)
    a = np.array(a_list).transpose(1, 2, 0)
    y_pred = np.array(y_list).transpose(1, 2, 0)
    return a, y_pred, (caches, x)


def rnn_cell_backward(da_next, cache):
    dtanh = da_next * (1 - cache.a_next)

    gradients = {}
    gradients["dxt"] = np.dot(cache.Wax.T, dtanh)
    gradients["dWax"] = np.dot(dtanh, cache.xt.T)
    gradients["da_prev"] = np.dot(cache.Waa.T, dtanh)
    gradients["dWaa"] = np.dot(dtanh, cache.a_next.T)
    gradients["dba"] = np.sum(dtanh, axis=1, keepdims=True)
    return gradients


def rnn_backward(da, caches):
    caches, x = caches
    n_a, m, T_x = da.shape
    n_x = x.shape[0]

    dx = np.zeros((n_x, m, T_x))
    dWax = np.zeros((n_a, n_x))
    dWaa = np.zeros((n_a, n_a))
    dba = np.zeros((n_a, 1))
    da_prevt = np.zeros((n_a, m))

    for t in reversed(range(T_x)):
        gradients = rnn_cell_backward(da[:, :, t], caches[t])
        da_prevt = gradients["da_prev"]
        dx[:, :, t] = gradients["dxt"]
        dWax += gradients["dWax"]
        dWaa += gradients["dWaa"]
        dba += gradients["dba"]

    return {"dx": dx, "da0": da_prevt, "dWax": dWax, "dWaa": dWaa, "dba": dba}
