import numpy as np
from numpy import einsum


def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, params = cache
    Wax = params["Wax"]
    Waa = params["Waa"]

    dz = einsum("am,am->am", 1 - a_next**2, da_next)
    grads = {}
    grads["dxt"] = einsum("ax,am->xm", Wax, dz)
    grads["dWax"] = einsum("am,xm->ax", dz, xt)
    grads["da_prev"] = einsum("ij,jm->im", Waa, dz)
    grads["dWaa"] = einsum("im,jm->ij", dz, a_prev)
    grads["dba"] = np.mean(dz, axis=1, keepdims=True)
    return grads


def rnn_backward(da, caches):
    cells, x = caches
    T_x = da.shape[-1]
    steps = []
    carry = np.zeros(da.shape[:2])

    for t in range(T_x)[::-1]:
        step = rnn_cell_backward(da[..., t - 1] + carry, cells[t])
        carry = step["da_prev"]
        steps.append(step)

    steps = steps[::-1]
    gradients = {name: sum(s[name] for s in steps) for name in ("dWax", "dWaa", "dba")}
    gradients["dx"] = np.stack([s["dxt"] for s in steps], axis=-1)
    gradients["da0"] = carry
    return gradients
