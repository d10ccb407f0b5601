import numpy as np


def _sigmoid(z):
    return 0.5 * (1 + np.tanh(0.5 * z))


def gru_cell_forward(xt, a_prev, parameters):
    n = a_prev.shape[0]
    Uz, Vz = parameters["Wz"][:, :n], parameters["Wz"][:, n:]
    Ur, Vr = parameters["Wr"][:, :n], parameters["Wr"][:, n:]
    Uh, Vh = parameters["Wh"][:, :n], parameters["Wh"][:, n:]
    z = _sigmoid(Uz @ a_prev + Vz @ xt)
    r = _sigmoid(Ur @ a_prev + Vr @ xt)
    h = np.tanh(Uh @ (r * a_prev) + Vh @ xt)
    a_next = (1 - z) * a_prev + z * h
    return a_next, (xt, a_prev, z, r, h, (Uz, Ur, Uh), (Vz, Vr, Vh))


def gru_forward(x, a0, parameters):
    a, caches = [a0], []
    for t in range(x.shape[2]):
        nxt, cache = gru_cell_forward(x[:, :, t], a[-1], parameters)
        a += [nxt]
        caches += [cache]
    return np.stack(a[1:], axis=2), caches


def gru_cell_backward(da_next, cache):
    xt, a_prev, z, r, h, (Uz, Ur, Uh), (Vz, Vr, Vh) = cache

    # candidate
    dzh = z * da_next
    dzh *= 1 - h ** 2
    dra = Uh.T @ dzh

    # gates
    dzz = (h - a_prev) * da_next * z * (1 - z)
    dzr = a_prev * dra * r * (1 - r)

    # previous state
    da_prev = Uz.T @ dzz + Ur.T @ dzr + r * dra
    dxt = Vz.T @ dzz + Vr.T @ dzr + Vh.T @ dzh

    return {
        "dxt": dxt,
        "da_prev": da_prev,
        "dWz": np.hstack((dzz @ a_prev.T, dzz @ xt.T)),
        "dWr": np.hstack((dzr @ a_prev.T, dzr @ xt.T)),
        "dWh": np.hstack((dzh @ (r * a_prev).T, dzh @ xt.T)),
    }


def gru_backward(da, caches):
    T = da.shape[2]
    dWz, dWr, dWh = 0, 0, 0
    dxs = [None] * T
    carry = np.zeros_like(da[:, :, 0])
    for t in range(T)[::-1]:
        g = gru_cell_backward(da[:, :, t] + carry, caches[t])
        dxs[t], carry = g["dxt"], g["da_prev"]
        dWz, dWr, dWh = dWz + g["dWz"], dWr + g["dWr"], dWh + g["dWh"]
    return {"dx": np.stack(dxs, axis=2), "da0": carry, "dWz": dWz, "dWr": dWr, "dWh": dWh}
