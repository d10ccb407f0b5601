import numpy as np

def lstm_cell_backward(da_next, dc_next, cache):

    (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters) = cache

    # Shapes
    n_a = a_next.shape[0]

    # Output gate
    tanh_c_next = np.tanh(c_next)
    dot = da_next * tanh_c_next
    dzo = dot * (ot - ot ** 2)

    # Cell state
    dc_total = da_next * ot
    dc_total = dc_total * (1 - tanh_c_next ** 2)
    dc_total = dc_total + dc_next
    dc_prev = dc_total * ft

    # Forget gate
    dft = dc_total * c_prev
    dzf = dft * (ft - ft ** 2)

    # Input gate
    dit = dc_total * cct
    dzi = dit * (it - it ** 2)

    # Candidate
    dcct = dc_total * it
    dzc = dcct * (1 - cct ** 2)

    # Weights
    concat_T = np.concatenate((a_prev, xt), axis=0).T
    dWf = np.matmul(dzf, concat_T)
    dWi = np.matmul(dzi, concat_T)
    dWc = np.matmul(dzc, concat_T)
    dWo = np.matmul(dzo, concat_T)

    # Biases
    dbf = np.sum(dzf, axis=-1, keepdims=True)
    dbi = np.sum(dzi, axis=-1, keepdims=True)
    dbc = np.sum(dzc, axis=-1, keepdims=True)
    dbo = np.sum(dzo, axis=-1, keepdims=True)

    # Previous hidden state and input
    dconcat = np.matmul(parameters["Wf"].T, dzf)
    dconcat = dconcat + np.matmul(parameters["Wi"].T, dzi)
    dconcat = dconcat + np.matmul(parameters["Wc"].T, dzc)
    dconcat = dconcat + np.matmul(parameters["Wo"].T, dzo)
    da_prev = dconcat[0:n_a, :]
    dxt = dconcat[n_a:, :]

    gradients = dict(zip(
        ["dxt", "da_prev", "dc_prev", "dWf", "dWi", "dWc", "dWo", "dbf", "dbi", "dbc", "dbo"],
        [dxt, da_prev, dc_prev, dWf, dWi, dWc, dWo, dbf, dbc, dbi, dbo],
    ))

    return gradients
