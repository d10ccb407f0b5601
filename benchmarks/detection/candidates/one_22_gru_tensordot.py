import numpy as np


class Cache:
    __slots__ = ("x", "h", "z", "r", "hh", "W")

    def __init__(self, **kw):
        for name, value in kw.items():
            setattr(self, name, value)


def sigm(a):
    return 1. / (1. + np.exp(-a))


def gru_cell_forward(xt, a_prev, parameters):
    hx = np.append(a_prev, xt, axis=0)
    z = sigm(np.tensordot(parameters['Wz'], hx, 1) + parameters['bz'])
    r = sigm(np.tensordot(parameters['Wr'], hx, 1) + parameters['br'])
    hh = np.tanh(np.tensordot(parameters['Wh'], np.append(r * a_prev, xt, axis=0), 1) + parameters['bh'])
    a_next = np.multiply(1. - z, a_prev) + np.multiply(z, hh)
    return a_next, Cache(x=xt, h=a_prev, z=z, r=r, hh=hh, W=parameters)


def gru_cell_backward(da_next, cache):
    x, h, z, r, hh, W = (getattr(cache, name) for name in Cache.__slots__)
    n = h.shape[0]
    batch = ((1,), (1,))

    d_z = np.multiply(da_next, h - hh)
    d_z = d_z * z * (1. - z)
    d_hh = np.multiply(da_next, z)
    d_hh = d_hh * (1. - hh ** 2)

    d_rhx = np.tensordot(W['Wh'], d_hh, ((0,), (0,)))
    d_rh, dx = d_rhx[:n], d_rhx[n:]
    d_r = np.multiply(d_rh, h)
    d_r = d_r * r * (1. - r)

    d_hx = np.tensordot(W['Wz'], d_z, ((0,), (0,))) + np.tensordot(W['Wr'], d_r, ((0,), (0,)))
    dx = dx + d_hx[n:]
    dh = np.multiply(da_next, 1. - z) + np.multiply(d_rh, r) + d_hx[:n]

    hx, rhx = np.append(h, x, axis=0), np.append(r * h, x, axis=0)
    return {
        'dxt': dx, 'da_prev': dh,
        'dWz': np.tensordot(d_z, hx, batch), 'dbz': d_z.sum(axis=1, keepdims=True),
        'dWr': np.tensordot(d_r, hx, batch), 'dbr': d_r.sum(axis=1, keepdims=True),
        'dWh': np.tensordot(d_hh, rhx, batch), 'dbh': d_hh.sum(axis=1, keepdims=True),
    }
