from types import SimpleNamespace

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    x = np.exp(x - np.max(x, axis=0, keepdims=True))
    return x / np.sum(x, axis=0, keepdims=True)


def gru_cell_forward(xt, a_prev, parameters):
    p = SimpleNamespace(**parameters)
    inp = np.concatenate((a_prev, xt), axis=0)
    z = sigmoid(np.dot(p.Wz, inp) + p.bz)
    r = sigmoid(np.dot(p.Wr, inp) + p.br)
    inp_r = np.concatenate((r * a_prev, xt), axis=0)
    hh = np.tanh(np.dot(p.Wh, inp_r) + p.bh)
    a_next = z * hh + (1 - z) * a_prev
    yt_pred = softmax(np.dot(p.Wy, a_next) + p.by)
    s = SimpleNamespace(inp=inp, inp_r=inp_r, z=z, r=r, hh=hh, a_prev=a_prev, p=p)
    return a_next, yt_pred, s


def gru_forward(x, a0, parameters):
    n_x, m, T_x = x.shape
    n_y, n_a = parameters["Wy"].shape
    a = np.zeros((n_a, m, T_x))
    y = np.zeros((n_y, m, T_x))
    caches = []
    a_t = a0
    for t in range(T_x):
        a_t, y[:, :, t], s = gru_cell_forward(x[:, :, t], a_t, parameters)
        a[:, :, t] = a_t
        caches.append(s)
    return a, y, (caches, x)


def gru_cell_backward(da_next, s):
    n_a = s.a_prev.shape[0]

    d_hh = da_next * s.z
    d_hh_in = d_hh * s.hh * (1 - s.hh)
    d_inp_r = np.dot(s.p.Wh.T, d_hh_in)

    d_z = da_next * s.hh - da_next * s.a_prev
    d_z_in = d_z * s.z * (1 - s.z)

    d_r = d_inp_r[:n_a] * s.a_prev
    d_r_in = d_r * s.r * (1 - s.r)

    d_inp = np.dot(s.p.Wz.T, d_z_in) + np.dot(s.p.Wr.T, d_r_in)

    g = {}
    g["dxt"] = d_inp[n_a:] + d_inp_r[n_a:]
    g["da_prev"] = d_inp[:n_a] + s.r * d_inp_r[:n_a] + (1 - s.z) * da_next
    g["dWz"], g["dbz"] = np.dot(d_z_in, s.inp.T), np.sum(d_z_in, axis=1, keepdims=True)
    g["dWr"], g["dbr"] = np.dot(d_r_in, s.inp.T), np.sum(d_r_in, axis=1, keepdims=True)
    g["dWh"], g["dbh"] = np.dot(d_hh_in, s.inp_r.T), np.sum(d_hh_in, axis=1, keepdims=True)
    return g


def gru_backward(da, caches):
    cells, x = caches
    n_a, m, T_x = da.shape
    dx = np.zeros((x.shape[0], m, T_x))
    carry = np.zeros((n_a, m))
    total = {}
    for t in reversed(range(T_x)):
        g = gru_cell_backward(da[:, :, t] + carry, cells[t])
        dx[:, :, t] = g.pop("dxt")
        carry = g.pop("da_prev")
        for key, value in g.items():
            total[key] = total.get(key, 0) + value
    total["dx"] = dx
    total["da0"] = carry
    return total
