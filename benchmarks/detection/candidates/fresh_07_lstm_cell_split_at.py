import numpy as np

sigmoid_prime = lambda s: s * (1.0 - s)
tanh_prime = lambda s: 1.0 - s * s


def lstm_cell_backward(da_next, dc_next, cache):
    """
    da_next -- (n_a, m)
    dc_next -- (n_a, m)
    cache   -- what the forward step stored
    """
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters = cache
    n_a, n_x = a_prev.shape[0], xt.shape[0]

    tc = np.tanh(c_next)
    dc = dc_next + da_next * ot * tanh_prime(tc)

    zf = dc * c_prev * sigmoid_prime(ft)
    zi = dc * cct * sigmoid_prime(it)
    zc = dc * it * tanh_prime(cct)
    zo = da_next * tc * sigmoid_prime(ot)

    back = (
        np.dot(parameters['Wf'].T, zf)
        + np.dot(parameters['Wi'].T, zi)
        + np.dot(parameters['Wc'].T, zc)
        + np.dot(parameters['Wo'].T, zo)
    )
    dxt, da_prev = np.split(back, [n_x])

    both = np.concatenate((a_prev, xt)).T
    return {
        'dxt': dxt, 'da_prev': da_prev, 'dc_prev': dc * ft,
        'dWf': np.dot(zf, both), 'dbf': zf.sum(axis=1, keepdims=True),
        'dWi': np.dot(zi, both), 'dbi': zi.sum(axis=1, keepdims=True),
        'dWc': np.dot(zc, both), 'dbc': zc.sum(axis=1, keepdims=True),
        'dWo': np.dot(zo, both), 'dbo': zo.sum(axis=1, keepdims=True),
    }
