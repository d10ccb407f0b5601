import numpy as np

# Week 1, optional part: gradients of the LSTM


def lstm_cell_backward(da_next, dc_next, cache):
    """One LSTM cell, backward.  Everything is (n_a, m) unless noted."""

    # what the forward pass remembered
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, params = cache
    n_a = a_prev.shape[0]

    # slope of tanh at the new cell state
    slope = 1 - np.power(np.tanh(c_next), 2)

    # the four gates
    d_out = np.tanh(c_next) * da_next * ot * (1 - ot)
    d_cand = (it * dc_next + da_next * ot * slope * it) * (1 - np.power(cct, 2))
    d_in = (cct * dc_next + da_next * ot * slope * cct) * it * (1 - it)
    d_forget = c_prev * dc_next + da_next * ot * slope * c_prev * ft * (1 - ft)

    both = np.vstack((a_prev, xt))          # (n_a + n_x, m)

    grads = {}

    # weights, (n_a, n_a + n_x)
    grads['dWf'] = np.dot(d_forget, both.T)
    grads['dWi'] = np.dot(d_in, both.T)
    grads['dWc'] = np.dot(d_cand, both.T)
    grads['dWo'] = np.dot(d_out, both.T)

    # biases, (n_a, 1)
    grads['dbf'] = d_forget.sum(axis=1).reshape(n_a, 1)
    grads['dbi'] = d_in.sum(axis=1).reshape(n_a, 1)
    grads['dbc'] = d_cand.sum(axis=1).reshape(n_a, 1)
    grads['dbo'] = d_out.sum(axis=1).reshape(n_a, 1)

    # what goes one step back
    grads['dc_prev'] = ft * dc_next + da_next * ot * slope * ft
    grads['da_prev'] = (np.dot(params['Wf'].T, d_forget) + np.dot(params['Wi'].T, d_in)
                        + np.dot(params['Wc'].T, d_cand) + np.dot(params['Wo'].T, d_out))[:n_a]

    # what goes down to the input
    grads['dxt'] = (np.dot(params['Wf'].T, d_forget) + np.dot(params['Wi'].T, d_in)
                    + np.dot(params['Wc'].T, d_cand) + np.dot(params['Wo'].T, d_out))[n_a:]

    return grads


def lstm_backward(da, caches):
    """All cells, from the last to the first."""

    cell_caches, x = caches
    n_x = x.shape[0]
    n_a, m, T_x = da.shape

    out = {'dx': np.zeros((n_x, m, T_x))}
    for gate in ['f', 'i', 'c', 'o']:
        out['dW' + gate] = np.zeros((n_a, n_a + n_x))
        out['db' + gate] = np.zeros((n_a, 1))

    # nothing comes after the last step
    da_prevt, dc_prevt = np.zeros((n_a, m)), np.zeros((n_a, m))

    for t in reversed(range(T_x)):
        grads = lstm_cell_backward(da[:, :, t] + da_prevt, dc_prevt, cell_caches[t])
        out['dx'][:, :, t] = grads['dxt']
        for gate in ['f', 'i', 'c', 'o']:
            out['dW' + gate] += grads['dW' + gate]
            out['db' + gate] += grads['db' + gate]

    out['da0'] = grads['da_prev']
    return out
