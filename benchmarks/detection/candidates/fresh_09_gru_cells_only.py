import numpy as np

def sigma(t): return 1./(1.+np.exp(-t))

def gru_cell_forward(xt, a_prev, parameters):
    Wz, Wr, Wh = parameters['Wz'], parameters['Wr'], parameters['Wh']
    bz, br, bh = parameters['bz'], parameters['br'], parameters['bh']
    s  = np.r_[a_prev, xt]
    z  = sigma(Wz.dot(s) + bz)
    r  = sigma(Wr.dot(s) + br)
    sr = np.r_[r*a_prev, xt]
    h  = np.tanh(Wh.dot(sr) + bh)
    a_next = a_prev + z*(h - a_prev)
    e = np.exp(parameters['Wy'].dot(a_next) + parameters['by'])
    return a_next, e/e.sum(0), [s, sr, z, r, h, parameters]

def gru_cell_backward(da_next, cache):
    s, sr, z, r, h, parameters = cache
    n = z.shape[0]
    a_prev = s[:n]

    dz = da_next*(h - a_prev)
    dh = da_next*z
    da = da_next*(1 - z)

    dh_ = dh*(1 - h*h)
    dsr = parameters['Wh'].T.dot(dh_)
    dr  = dsr[:n]*a_prev
    da  = da + dsr[:n]*r

    dz_ = dz*z*(1 - z)
    dr_ = dr*r*(1 - r)
    ds  = parameters['Wz'].T.dot(dz_) + parameters['Wr'].T.dot(dr_)

    return {'dxt': ds[n:] + dsr[n:],
            'da_prev': da + ds[:n],
            'dWz': dz_.dot(s.T),  'dbz': dz_.sum(1)[:, None],
            'dWr': dr_.dot(s.T),  'dbr': dr_.sum(1)[:, None],
            'dWh': dh_.dot(sr.T), 'dbh': dr_.sum(1)[:, None]}
