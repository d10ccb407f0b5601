import numpy as np

def sigmoid(x):
    return 1/(1+np.exp(-x))

def gru_cell_forward(xt, a_prev, parameters):
    concat = np.concatenate((a_prev, xt), axis=0)
    zt = sigmoid(np.dot(parameters["Wz"], concat) + parameters["bz"])    # update
    rt = sigmoid(np.dot(parameters["Wr"], concat) + parameters["br"])    # relevance
    concat_r = np.concatenate((rt*a_prev, xt), axis=0)
    ht = np.tanh(np.dot(parameters["Wh"], concat_r) + parameters["bh"])
    a_next = zt*ht + (1-zt)*a_prev
    y = np.exp(np.dot(parameters["Wy"], a_next) + parameters["by"])
    yt_pred = y/np.sum(y, axis=0)

    cache = {"a_prev": a_prev, "xt": xt, "concat": concat, "concat_r": concat_r}
    cache.update({"zt": zt, "rt": rt, "ht": ht, "parameters": parameters})
    return a_next, yt_pred, cache

def gru_forward(x, a0, parameters):
    n_x, m, T_x = x.shape
    n_y, n_a = parameters["Wy"].shape
    a = np.zeros((n_a, m, T_x))
    y_pred = np.zeros((n_y, m, T_x))
    a_next = a0
    caches = []
    for t in range(T_x):
        a_next, yt_pred, cache = gru_cell_forward(x[:,:,t], a_next, parameters)
        a[:,:,t] = a_next
        y_pred[:,:,t] = yt_pred
        caches.append(cache)
    return a, y_pred, (caches, x)

def gru_cell_backward(da_next, cache):
    a_prev, xt, zt, rt, ht = [cache[k] for k in ["a_prev", "xt", "zt", "rt", "ht"]]
    parameters = cache["params"]
    n_a, m = a_prev.shape

    # candidate
    dht = da_next*zt*(1-ht**2)
    dconcat_r = np.dot(parameters["Wh"].T, dht)

    # relevance gate
    drt = dconcat_r[:n_a,:]*rt*a_prev
    drt = drt*rt*(1-rt)

    # update gate
    dzt = da_next*(ht-a_prev)
    dzt = dzt*zt*(1-zt)

    dconcat = np.dot(parameters["Wz"].T, dzt) + np.dot(parameters["Wr"].T, drt)

    dxt = dconcat[n_a:,:] + dconcat_r[n_a:,:]
    da_prev = dconcat[:n_a,:] + dconcat_r[:n_a,:]*rt + da_next*(1-zt)

    dWz, dWr, dWh = np.dot(dzt, cache["concat"].T), np.dot(drt, cache["concat"].T), np.dot(dht, cache["concat_r"].T)
    dbz = np.sum(dzt, axis=1, keepdims=True)
    dbr = np.sum(drt, axis=1, keepdims=True)
    dbh = np.mean(dht, axis=1, keepdims=True)

    return {"dxt": dxt, "da_prev": da_prev, "dWz": dWz, "dWr": dWr, "dWh": dWh, "dbz": dbz, "dbr": dbr, "dbh": dbh}

def gru_backward(da, caches):
    caches, x = caches
    n_a, m, T_x = da.shape
    n_x = x.shape[0]
    dx = np.zeros((n_x, m, T_x))
    da_prevt = np.zeros((n_a, m))
    sums = [0, 0, 0, 0, 0, 0]
    for t in range(T_x-1, -1, -1):
        grads = gru_cell_backward(da[:,:,t]+da_prevt, caches[t])
        da_prevt = grads["da_prev"]
        dx[:,:,t] = grads["dxt"]
        sums = [total+grads[name] for total, name in zip(sums, ["dWz", "dWr", "dWh", "dbz", "dbr", "dbh"])]
    dWz, dWr, dWh, dbz, dbr, dbh = sums
    return {"dx": dx, "da0": da_prevt, "dWz": dWz, "dWr": dWr, "dWh": dWh, "dbz": dbz, "dbr": dbr, "dbh": dbh}
