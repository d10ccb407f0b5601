import numpy as np

def lstm_cell_backward(da_next, dc_next, cache):
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters = cache
    n_x, m = xt.shape
    n_a = a_next.shape[0]

    # everything that reaches the cell state
    dc = da_next*ot*(1-np.square(np.tanh(c_next))) + dc_next

    dot = da_next*np.tanh(c_next)*ot*(1-ot)
    dcct = dc*it*(1-np.square(cct))
    dit = dc*cct
    dft = dc*c_prev*ft*(1-ft)

    # weights
    a_T, x_T = a_prev.T, xt.T
    dWf = np.hstack((np.matmul(dft, a_T), np.matmul(dft, x_T)))
    dWi = np.hstack((np.matmul(dit, a_T), np.matmul(dit, x_T)))
    dWc = np.hstack((np.matmul(dcct, a_T), np.matmul(dcct, x_T)))
    dWo = np.hstack((np.matmul(dot, a_T), np.matmul(dot, x_T)))

    # biases
    dbf = dft.sum(axis=1, keepdims=True)
    dbi = dit.sum(axis=1, keepdims=True)
    dbc = dcct.sum(axis=1, keepdims=True)
    dbo = dot.sum(axis=1, keepdims=True)

    # inputs
    da_prev  = np.matmul(Wf[:, :n_a].T, dft)
    da_prev += np.matmul(parameters['Wi'][:, :n_a].T, dit)
    da_prev += np.matmul(parameters['Wc'][:, :n_a].T, dcct)
    da_prev += np.matmul(parameters['Wo'][:, :n_a].T, dot)
    dxt  = np.matmul(parameters['Wf'][:, n_a:].T, dft)
    dxt += np.matmul(parameters['Wi'][:, n_a:].T, dit)
    dxt += np.matmul(parameters['Wc'][:, n_a:].T, dcct)
    dxt += np.matmul(parameters['Wo'][:, :n_x].T, dot)
    dc_prev = dc*ft

    gradients = {"dxt": dxt, "da_prev": da_prev, "dc_prev": dc_prev, "dWf": dWf,"dbf": dbf, "dWi": dWi,"dbi": dbi,
                "dWc": dWc,"dbc": dbc, "dWo": dWo,"dbo": dbo}
    return gradients
