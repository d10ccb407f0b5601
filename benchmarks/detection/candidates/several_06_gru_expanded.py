import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    e_x = np.exp(x - np.max(x, axis=0))
    return e_x / e_x.sum(axis=0)


# ---------- forward ----------

def gru_cell_forward(xt, a_prev, parameters):
    Wz, bz = parameters["Wz"], parameters["bz"]
    Wr, br = parameters["Wr"], parameters["br"]
    Wh, bh = parameters["Wh"], parameters["bh"]

    concat = np.concatenate((a_prev, xt), axis=0)
    zt = sigmoid(np.dot(Wz, concat) + bz)
    rt = sigmoid(np.dot(Wr, concat) + br)
    hht = np.tanh(np.dot(Wh, np.concatenate((rt * a_prev, xt), axis=0)) + bh)
    a_next = (1 - zt) * a_prev + zt * hht
    yt_pred = softmax(np.dot(parameters["Wy"], a_next) + parameters["by"])

    cache = (a_next, a_prev, zt, rt, hht, xt, parameters)
    return a_next, yt_pred, cache


def gru_forward(x, a0, parameters):
    caches = []
    n_x, m, T_x = x.shape
    n_y, n_a = parameters["Wy"].shape
    a = np.zeros((n_a, m, T_x))
    y = np.zeros((n_y, m, T_x))
    a_next = a0
    for t in range(T_x):
        a_next, yt, cache = gru_cell_forward(x[:, :, t], a_next, parameters)
        a[:, :, t] = a_next
        y[:, :, t] = yt
        caches.append(cache)
    return a, y, (caches, x)


# ---------- backward ----------

def gru_cell_backward(da_next, cache):
    (a_next, a_prev, zt, rt, hht, xt, parameters) = cache
    n_a, m = a_next.shape

    Wza = parameters["Wz"][:, :n_a]
    Wzx = parameters["Wz"][:, n_a:]
    Wra = parameters["Wr"][:, :n_a]
    Wrx = parameters["Wr"][:, n_a:]
    Wha = parameters["Wh"][:, :n_a]
    Whx = parameters["Wh"][:, n_a:]

    # update gate
    dzt = da_next * (a_prev - hht) * zt * (1 - zt)
    # candidate
    dhht = da_next * zt * (1 - hht ** 2)
    # reset gate
    dreset = np.dot(Wha.T, dhht)
    drt = dreset * a_prev * rt * (1 - rt)

    dxt = np.dot(Wzx.T, dzt) + np.dot(Wrx.T, drt) + np.dot(Whx.T, dhht)
    da_prev = np.dot(Wza.T, dzt) + np.dot(Wra.T, drt) + dreset * rt

    dWz = np.concatenate((np.dot(dzt, a_prev.T), np.dot(dzt, xt.T)), axis=1)
    dWr = np.concatenate((np.dot(drt, a_prev.T), np.dot(drt, xt.T)), axis=1)
    dWh = np.concatenate((np.dot(dhht, (rt * a_prev).T), np.dot(dhht, xt.T)), axis=1)

    dbz = np.sum(dzt, axis=1, keepdims=True)
    dbr = np.sum(drt, axis=1, keepdims=True)
    dbh = np.sum(dhht, axis=1, keepdims=True)

    return {"dxt": dxt, "da_prev": da_prev, "dWz": dWz, "dWr": dWr, "dWh": dWh, "dbz": dbz, "dbr": dbr, "dbh": dbh}


def gru_backward(da, caches):
    (caches, x) = caches
    n_a, m, T_x = da.shape
    n_x = x.shape[0]

    dx = np.zeros((n_x, m, T_x))
    dWz, dWr, dWh = np.zeros((n_a, n_a + n_x)), np.zeros((n_a, n_a + n_x)), np.zeros((n_a, n_a + n_x))
    dbz, dbr, dbh = np.zeros((n_a, 1)), np.zeros((n_a, 1)), np.zeros((n_a, 1))
    da_prevt = np.zeros((n_a, m))

    for t in reversed(range(T_x)):
        grads = gru_cell_backward(da[:, :, t] + da_prevt, caches[t])
        da_prevt = grads["da_prev"]
        dx[:, :, t] = grads["dxt"]
        dWz = dWz + grads["dWz"]
        dWr = dWr + grads["dWr"]
        dWh = dWh + grads["dWh"]
        dbz = dbz + grads["dbz"]
        dbr = dbr + grads["dbr"]
        dbh = dbh + grads["dbh"]

    return {"dx": dx, "da0": da_prevt, "dWz": dWz, "dWr": dWr, "dWh": dWh, "dbz": dbz, "dbr": dbr, "dbh": dbh}
