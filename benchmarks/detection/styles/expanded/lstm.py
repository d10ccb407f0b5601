"""The LSTM of the exercise, gate by gate, each with both of its ways to the loss; a sequence calls no cell."""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def lstm_cell_forward(xt, a_prev, c_prev, parameters):
    concat = np.vstack((a_prev, xt))
    ft = sigmoid(np.dot(parameters["Wf"], concat) + parameters["bf"])
    it = sigmoid(np.dot(parameters["Wi"], concat) + parameters["bi"])
    cct = np.tanh(np.dot(parameters["Wc"], concat) + parameters["bc"])
    ot = sigmoid(np.dot(parameters["Wo"], concat) + parameters["bo"])
    c_next = ft * c_prev + it * cct
    a_next = ot * np.tanh(c_next)
    scores = np.dot(parameters["Wy"], a_next) + parameters["by"]
    e = np.exp(scores - np.max(scores, axis=0))
    cache = (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters)
    return a_next, c_next, e / np.sum(e, axis=0), cache


def lstm_cell_backward(da_next, dc_next, cache):
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters = cache
    n_a = a_next.shape[0]
    Wf, Wi = parameters["Wf"], parameters["Wi"]
    Wc, Wo = parameters["Wc"], parameters["Wo"]
    tanh_c = np.tanh(c_next)
    slope = 1 - np.square(tanh_c)
    dot = da_next * tanh_c * ot * (1 - ot)
    dcct = (dc_next * it + ot * slope * it * da_next) * (1 - np.square(cct))
    dit = (dc_next * cct + ot * slope * cct * da_next) * it * (1 - it)
    dft = (dc_next * c_prev + ot * slope * c_prev * da_next) * ft * (1 - ft)
    dWf = np.concatenate((np.dot(dft, a_prev.T), np.dot(dft, xt.T)), axis=1)
    dWi = np.concatenate((np.dot(dit, a_prev.T), np.dot(dit, xt.T)), axis=1)
    dWc = np.concatenate((np.dot(dcct, a_prev.T), np.dot(dcct, xt.T)), axis=1)
    dWo = np.concatenate((np.dot(dot, a_prev.T), np.dot(dot, xt.T)), axis=1)
    dbf = np.sum(dft, axis=1, keepdims=True)
    dbi = np.sum(dit, axis=1, keepdims=True)
    dbc = np.sum(dcct, axis=1, keepdims=True)
    dbo = np.sum(dot, axis=1, keepdims=True)
    da_prev = np.dot(Wf[:, :n_a].T, dft) + np.dot(Wi[:, :n_a].T, dit)
    da_prev += np.dot(Wc[:, :n_a].T, dcct) + np.dot(Wo[:, :n_a].T, dot)
    dc_prev = dc_next * ft + ot * slope * ft * da_next
    dxt = np.dot(Wf[:, n_a:].T, dft) + np.dot(Wi[:, n_a:].T, dit)
    dxt += np.dot(Wc[:, n_a:].T, dcct) + np.dot(Wo[:, n_a:].T, dot)
    gradients = {"dxt": dxt, "da_prev": da_prev, "dc_prev": dc_prev}
    gradients.update({"dWf": dWf, "dWi": dWi, "dWc": dWc, "dWo": dWo})
    gradients.update({"dbf": dbf, "dbi": dbi, "dbc": dbc, "dbo": dbo})
    return gradients


def lstm_forward(x, a0, parameters):
    n_y, n_a = parameters["Wy"].shape
    _, m, T = x.shape
    a = np.zeros((n_a, m, T))
    c = np.zeros((n_a, m, T))
    y = np.zeros((n_y, m, T))
    a_next, c_next, steps = a0, np.zeros((n_a, m)), []
    for t in range(T):
        a_next, c_next, y[:, :, t], step = lstm_cell_forward(x[:, :, t], a_next, c_next, parameters)
        a[:, :, t] = a_next
        c[:, :, t] = c_next
        steps.append(step)
    return a, y, c, (steps, x)


def lstm_backward(da, caches):
    steps, x = caches
    n_a, m, T = da.shape
    n_x = x.shape[0]
    parameters = steps[0][9]
    dx = np.zeros((n_x, m, T))
    dWf, dWi = np.zeros((n_a, n_a + n_x)), np.zeros((n_a, n_a + n_x))
    dWc, dWo = np.zeros((n_a, n_a + n_x)), np.zeros((n_a, n_a + n_x))
    dbf, dbi = np.zeros((n_a, 1)), np.zeros((n_a, 1))
    dbc, dbo = np.zeros((n_a, 1)), np.zeros((n_a, 1))
    da_prevt = np.zeros((n_a, m))
    dc_prevt = np.zeros((n_a, m))
    for t in range(T - 1, -1, -1):
        _, c_next, a_prev, c_prev, ft, it, cct, ot, xt, _ = steps[t]
        concat = np.vstack((a_prev, xt))
        da_next = da[:, :, t] + da_prevt
        slope = 1 - np.square(np.tanh(c_next))
        dft = (dc_prevt * c_prev + ot * slope * c_prev * da_next) * ft * (1 - ft)
        dit = (dc_prevt * cct + ot * slope * cct * da_next) * it * (1 - it)
        dcct = (dc_prevt * it + ot * slope * it * da_next) * (1 - np.square(cct))
        dot = da_next * np.tanh(c_next) * ot * (1 - ot)
        dWf += np.dot(dft, concat.T)
        dWi += np.dot(dit, concat.T)
        dWc += np.dot(dcct, concat.T)
        dWo += np.dot(dot, concat.T)
        dbf += np.sum(dft, axis=1, keepdims=True)
        dbi += np.sum(dit, axis=1, keepdims=True)
        dbc += np.sum(dcct, axis=1, keepdims=True)
        dbo += np.sum(dot, axis=1, keepdims=True)
        dconcat = np.dot(parameters["Wf"].T, dft) + np.dot(parameters["Wi"].T, dit)
        dconcat += np.dot(parameters["Wc"].T, dcct) + np.dot(parameters["Wo"].T, dot)
        dx[:, :, t] = dconcat[n_a:, :]
        da_prevt = dconcat[:n_a, :]
        dc_prevt = dc_prevt * ft + ot * slope * ft * da_next
    gradients = {"dx": dx, "da0": da_prevt}
    gradients.update({"dWf": dWf, "dWi": dWi, "dWc": dWc, "dWo": dWo})
    gradients.update({"dbf": dbf, "dbi": dbi, "dbc": dbc, "dbo": dbo})
    return gradients
