"""Small candidates that the tests of the instrument write to files, spoil, and audit."""

import gradproof

RNN_CELL_BACKWARD = """
def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = (1 - a_next ** 2) * da_next
    return {
        "dxt": parameters["Wax"].T @ dz,
        "da_prev": parameters["Waa"].T @ dz,
        "dWax": dz @ xt.T,
        "dWaa": dz @ a_prev.T,
        "dba": dz.sum(axis=1, keepdims=True),
    }
"""

RNN_BACKWARD = """
def rnn_backward(da, caches):
    steps, x = caches
    n_a, m, T = da.shape
    dx = np.zeros((x.shape[0], m, T))
    dWax, dWaa, dba = 0, 0, 0
    carry = np.zeros((n_a, m))
    for t in reversed(range(T)):
        g = rnn_cell_backward(da[:, :, t] + carry, steps[t])
        dx[:, :, t] = g["dxt"]
        dWax, dWaa, dba = dWax + g["dWax"], dWaa + g["dWaa"], dba + g["dba"]
        carry = g["da_prev"]
    return {"dx": dx, "da0": carry, "dWax": dWax, "dWaa": dWaa, "dba": dba}
"""

RNN_CELL_FORWARD = """
def rnn_cell_forward(xt, a_prev, parameters):
    a_next = np.tanh(parameters["Wax"] @ xt + parameters["Waa"] @ a_prev + parameters["ba"])
    z = parameters["Wya"] @ a_next + parameters["by"]
    e = np.exp(z - z.max(axis=0))
    return a_next, e / e.sum(axis=0), (a_next, a_prev, xt, parameters)
"""

RNN_FORWARD = """
def rnn_forward(x, a0, parameters):
    a_next, hidden, predictions, caches = a0, [], [], []
    for t in range(x.shape[2]):
        a_next, yt_pred, cache = rnn_cell_forward(x[:, :, t], a_next, parameters)
        hidden.append(a_next)
        predictions.append(yt_pred)
        caches.append(cache)
    return np.stack(hidden, axis=2), np.stack(predictions, axis=2), (caches, x)
"""

LSTM_CELL_BACKWARD = """
def lstm_cell_backward(da_next, dc_next, cache):
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters = cache
    n_a = a_next.shape[0]
    dc = dc_next + da_next * ot * (1 - np.tanh(c_next) ** 2)
    d = {"f": dc * c_prev * ft * (1 - ft), "i": dc * cct * it * (1 - it), "c": dc * it * (1 - cct ** 2),
         "o": da_next * np.tanh(c_next) * ot * (1 - ot)}
    z = np.concatenate((a_prev, xt))
    out = {"dW" + g: d[g] @ z.T for g in d} | {"db" + g: d[g].sum(1, keepdims=True) for g in d}
    dz = sum(parameters["W" + g].T @ d[g] for g in d)
    return {**out, "dxt": dz[n_a:], "da_prev": dz[:n_a], "dc_prev": dc * ft}
"""

RNN = RNN_CELL_FORWARD + RNN_FORWARD + RNN_CELL_BACKWARD + RNN_BACKWARD


def spoiled(source, *changes):
    """The source with each (old, new) replaced; every old text must be there."""
    for old, new in changes:
        assert old in source, old
        source = source.replace(old, new)
    return source


def written(folder, source, name="candidate.py"):
    """The path of a file with this source, after an import of NumPy."""
    path = folder / name
    path.write_text("import numpy as np\n" + source, encoding="utf-8")
    return path


def audited(folder, source, **options):
    """Audit a file with this source, in floats alone unless the options say otherwise; its functions by name."""
    options = {"examples": 5, "arithmetic": "float64", **options}
    report = gradproof.audit(written(folder, source), **options)
    return {function.name: function for function in report.functions}


def audited_exactly(folder, source, **options):
    """The same in exact arithmetic besides."""
    return audited(folder, source, **{"arithmetic": "all", **options})


def named(function, verdict):
    """The results of a function that have this verdict."""
    return {result.name for result in function.results if result.verdict == verdict}


def right(function):
    """The results of a function that are not wrong, undecided, missing ..."""
    return {result.name for result in function.results if result.right}


def kinds(function):
    return {finding.kind for finding in function.findings}
