import numpy as np

def rnn_cell_backward(da_next, cache):
    (a_next, a_prev, xt, parameters) = cache
    Wax = parameters["Wax"]
    Waa = parameters["Waa"]
    n_a, m = a_next.shape
    n_x = xt.shape[0]

    dz = (1 - a_next * a_next) * da_next

    dxt = np.zeros((n_x, m))
    da_prev = np.zeros((n_a, m))
    dWax = np.zeros((n_a, n_x))
    dWaa = np.zeros((n_a, n_a))
    # go through the examples of the batch
    for k in range(m):
        dxt[:, k] = np.dot(dz[:, k], Wax)
        da_prev[:, k] = np.dot(dz[:, k], Waa)
        dWax = dWax + np.outer(dz[:, k], xt[:, k])
        dWaa = dWaa + np.outer(dz[:, k], a_prev[:, k])
    dba = np.sum(dz, axis=0, keepdims=True)

    return {"dxt": dxt, "da_prev": da_prev, "dWax": dWaa, "dWaa": dWax, "dba": dba}

def rnn_backward(da, caches):
    (list_of_caches, x) = caches
    n_x = x.shape[0]
    n_a, m, T_x = da.shape

    dx = np.zeros((n_x, m, T_x))
    dWax = np.zeros((n_a, n_x))
    dWaa = np.zeros((n_a, n_a))
    dba = np.zeros((n_a, 1))
    da_next = np.zeros((n_a, m))

    # from the last step to the first
    for i in range(T_x):
        t = T_x - 1 - i
        gradients = rnn_cell_backward(da[:, :, t] + da_next, list_of_caches[t])
        dx[:, :, t] = gradients["dxt"]
        dWax = dWax + gradients["dWax"]
        dWaa = dWaa + gradients["dWaa"]
        dba = dba + gradients["dba"]

    da0 = gradients["da_prev"]
    return {"dx": dx, "da0": da0, "dWax": dWax, "dWaa": dWaa, "dba": dba}
