import numpy as np

sigma = lambda v: 0.5 * (1.0 + np.tanh(0.5 * v))

def gru_cell_forward(xt, a_prev, parameters):
    Wu, Wr, Wc = parameters['Wu'], parameters['Wr'], parameters['Wc']
    bu, br, bc = parameters['bu'], parameters['br'], parameters['bc']
    ax = np.vstack((a_prev, xt))
    zu = Wu @ ax + bu
    zr = Wr @ ax + br
    u = sigma(zu)
    r = sigma(zr)
    rax = np.vstack((r*a_prev, xt))
    c = np.tanh(Wc @ rax + bc)
    a_next = u*c + (1-u)*a_prev
    return a_next, (a_prev, xt, ax, rax, zu, zr, u, r, c, parameters)

def gru_forward(x, a0, parameters):
    T_x = x.shape[2]
    a = np.zeros((a0.shape[0], x.shape[1], T_x))
    caches = []
    prev = a0
    t = 0
    while t < T_x:
        prev, cache = gru_cell_forward(x[:, :, t], prev, parameters)
        a[:, :, t] = prev
        caches.append(cache)
        t += 1
    return a, caches

def gru_cell_backward(da_next, cache):
    a_prev, xt, ax, rax, zu, zr, u, r, c, parameters = cache
    n_a = a_prev.shape[0]
    n_x = xt.shape[0]
    Wu, Wr, Wc = parameters['Wu'], parameters['Wr'], parameters['Wc']

    dc = da_next * u * (1 - c**2)
    du = da_next * (c - a_prev) * u*(1-u)
    drax = Wc.T @ dc
    dr = drax[:n_a] * a_prev
    dr = dr * zr*(1-zr)

    dxt = drax[n_a:]
    dxt = dxt + Wu[:, :n_x].T @ du
    dxt = dxt + Wr[:, n_a:].T @ dr
    da_prev = da_next*(1-u) + drax[:n_a]*r
    da_prev = da_prev + Wu[:, :n_a].T @ du
    da_prev = da_prev + Wr[:, :n_a].T @ dr

    return {'dxt': dxt, 'da_prev': da_prev,
            'dWu': du @ ax.T, 'dWr': dr @ ax.T, 'dWc': dc @ rax.T,
            'dbu': du.sum(axis=1, keepdims=True),
            'dbr': dr.sum(axis=1, keepdims=True),
            'dbc': dc.sum(axis=1, keepdims=True)}

def gru_backward(da, caches):
    n_a, m, T_x = da.shape
    n_x = caches[0][1].shape[0]
    dx = np.zeros((n_x, m, T_x))
    da_prev = np.zeros((n_a, m))
    sums = {'dWu': 0, 'dWr': 0, 'dWc': 0, 'dbu': 0, 'dbr': 0, 'dbc': 0}
    t = T_x - 1
    while t >= 0:
        g = gru_cell_backward(da[:, :, t], caches[t])
        da_prev = g['da_prev']
        dx[:, :, t] = g['dxt']
        for key in sums:
            sums[key] = sums[key] + g[key]
        t -= 1
    sums['dx'] = dx
    sums['da0'] = da_prev
    return sums
