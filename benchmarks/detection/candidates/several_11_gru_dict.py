import numpy as np


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def gru_cell_forward(xt, a_prev, parameters):
    stacked = np.concatenate([a_prev, xt])
    update = sigmoid(parameters["Wz"].dot(stacked) + parameters["bz"])
    reset = sigmoid(parameters["Wr"].dot(stacked) + parameters["br"])
    stacked_reset = np.concatenate([reset * a_prev, xt])
    candidate = np.tanh(parameters["Wh"].dot(stacked_reset) + parameters["bh"])
    a_next = update * candidate + (1.0 - update) * a_prev

    scores = parameters["Wy"].dot(a_next) + parameters["by"]
    scores = np.exp(scores - scores.max(axis=0, keepdims=True))
    yt_pred = scores / scores.sum(axis=0, keepdims=True)

    cache = {
        "xt": xt,
        "a_prev": a_prev,
        "stacked": stacked,
        "stacked_reset": stacked_reset,
        "update": update,
        "reset": reset,
        "candidate": candidate,
        "parameters": parameters,
    }
    return a_next, yt_pred, cache


def gru_forward(x, a0, parameters):
    hidden, predictions, caches = [], [], []
    for t in range(x.shape[2]):
        before = hidden[-1] if hidden else a0
        after, prediction, cache = gru_cell_forward(x[:, :, t], before, parameters)
        hidden.append(after)
        predictions.append(prediction)
        caches.append(cache)
    return np.stack(hidden, axis=2), np.stack(predictions, axis=2), caches


def gru_cell_backward(da_next, cache):
    a_prev = cache["a_prev"]
    n_a = len(a_prev)
    update, reset, candidate = cache["update"], cache["reset"], cache["candidate"]
    parameters = cache["parameters"]

    d_update = da_next * (candidate - a_prev) * update * (1.0 - update)
    d_candidate = da_next * update * (1.0 - candidate ** 2)
    d_stacked_reset = parameters["Wh"].T.dot(d_candidate)
    d_reset = d_stacked_reset[:n_a] * a_prev * reset * (1.0 - reset)
    d_stacked = parameters["Wz"].T.dot(d_update) + parameters["Wr"].T.dot(d_reset)

    gradients = {}
    gradients["dWz"] = d_update.dot(cache["stacked"].T)
    gradients["dWr"] = d_reset.dot(cache["stacked"].T)
    gradients["dWh"] = d_candidate.dot(cache["reset_stacked"].T)
    gradients["dbz"] = d_update.sum(axis=1, keepdims=True)
    gradients["dbr"] = d_update.sum(axis=1, keepdims=True)
    gradients["dbh"] = d_candidate.sum(axis=1, keepdims=True)
    gradients["dxt"] = d_stacked[n_a:] + d_stacked_reset[n_a:]
    gradients["da_prev"] = d_stacked[:n_a] + reset * d_stacked_reset[:n_a] + (1.0 - update) * da_next
    return gradients


def gru_backward(da, caches):
    T_x = da.shape[2]
    names = ["dWz", "dWr", "dWh", "dbz", "dbr", "dbh"]
    result = dict.fromkeys(names, 0.0)
    dx = []
    carried = 0.0
    for t in reversed(range(T_x)):
        step = gru_cell_backward(da[:, :, t] + carried, caches[t])
        carried = step["da_prev"]
        dx.insert(0, step["dxt"])
        for name in names:
            result[name] = result[name] + step[name]
    result["dx"] = np.stack(dx, axis=2)
    result["da0"] = carried
    return result
