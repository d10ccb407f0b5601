"""How people write NumPy: small candidates, each right and each with one habit; and some with a tiny defect.

The gradients of every source in HABITS are the gradients of its forward, mathematically; those of ROUNDED pass through
float32 on their way.  WRONG_HABITS names the gradients that are not.  A source without a forward reads the published
cache.
"""

from candidates import RNN_CELL_BACKWARD, RNN_CELL_FORWARD, RNN_FORWARD, spoiled

RNN_STEPS = "import numpy as np\n" + RNN_CELL_FORWARD + RNN_FORWARD

LSTM_CELL_BACKWARD_OF_GATES = """

def lstm_cell_backward(da_next, dc_next, cache):
    (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters) = cache
    n_a = a_next.shape[0]
    dc = dc_next + da_next * ot * (1 - np.tanh(c_next) ** 2)
    dzf, dzi = dc * c_prev * ft * (1 - ft), dc * cct * it * (1 - it)
    dzc, dzo = dc * it * (1 - cct ** 2), da_next * np.tanh(c_next) * ot * (1 - ot)
    concat = np.concatenate((a_prev, xt), axis=0)
    dconcat = parameters["Wf"].T @ dzf + parameters["Wi"].T @ dzi + parameters["Wc"].T @ dzc + parameters["Wo"].T @ dzo
    gradients = {"dxt": dconcat[n_a:], "da_prev": dconcat[:n_a], "dc_prev": dc * ft}
    for gate, dz in zip("fico", (dzf, dzi, dzc, dzo)):
        gradients["dW" + gate] = np.dot(dz, concat.T)
        gradients["db" + gate] = np.sum(dz, axis=1, keepdims=True)
    return gradients
"""

# What follows a definition of `sigmoid`.
LSTM_CELL_OF_SIGMOID = (
    """

def lstm_cell_forward(xt, a_prev, c_prev, parameters):
    concat = np.concatenate((a_prev, xt), axis=0)
    ft = sigmoid(np.dot(parameters["Wf"], concat) + parameters["bf"])
    it = sigmoid(np.dot(parameters["Wi"], concat) + parameters["bi"])
    cct = np.tanh(np.dot(parameters["Wc"], concat) + parameters["bc"])
    ot = sigmoid(np.dot(parameters["Wo"], concat) + parameters["bo"])
    c_next = ft * c_prev + it * cct
    a_next = ot * np.tanh(c_next)
    scores = np.dot(parameters["Wy"], a_next) + parameters["by"]
    e = np.exp(scores - np.max(scores, axis=0))
    return a_next, c_next, e / np.sum(e, axis=0), (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters)
"""
    + LSTM_CELL_BACKWARD_OF_GATES
)

ALLOCATION = {
    "np.zeros and slice assignment": """import numpy as np

def lstm_cell_backward(da_next, dc_next, cache):
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters = cache
    n_a, m = a_next.shape
    n_x = xt.shape[0]
    tanh_c = np.tanh(c_next)
    dc = dc_next + da_next * ot * (1 - tanh_c ** 2)
    dz = np.zeros((4 * n_a, m))
    dz[:n_a] = dc * c_prev * ft * (1 - ft)
    dz[n_a:2 * n_a, :] = dc * cct * it * (1 - it)
    dz[2 * n_a:3 * n_a, :] = dc * it * (1 - cct ** 2)
    dz[3 * n_a:] = da_next * tanh_c * ot * (1 - ot)
    W = np.zeros((4 * n_a, n_a + n_x))
    read = np.zeros((n_a + n_x, m))
    read[:n_a], read[n_a:] = a_prev, xt
    for k, gate in enumerate("fico"):
        W[k * n_a:(k + 1) * n_a, :] = parameters["W" + gate]
    below = np.dot(W.T, dz)
    gradients = {"da_prev": below[:n_a, :], "dxt": below[n_a:, :], "dc_prev": dc * ft}
    for k, gate in enumerate("fico"):
        rows = dz[k * n_a:(k + 1) * n_a, :]
        gradients["dW" + gate] = np.dot(rows, read.T)
        gradients["db" + gate] = np.sum(rows, axis=1, keepdims=True)
    return gradients
""",
    "np.zeros_like accumulators and +=": """import numpy as np

def rnn_backward(da, caches):
    steps, x = caches
    parameters = steps[0][3]
    dx, da_prevt = np.zeros_like(x[:, :, :da.shape[2]]), np.zeros_like(da[:, :, 0])
    dWax, dWaa = np.zeros_like(parameters["Wax"]), np.zeros_like(parameters["Waa"])
    dba = np.zeros_like(parameters["ba"])
    for t in reversed(range(da.shape[2])):
        a_next, a_prev, xt, _ = steps[t]
        dz = (da[:, :, t] + da_prevt) * (1 - a_next ** 2)
        dx[:, :, t] += np.dot(parameters["Wax"].T, dz)
        da_prevt = np.dot(parameters["Waa"].T, dz)
        dWax += np.dot(dz, xt.T)
        dWaa += np.dot(dz, a_prev.T)
        dba += np.sum(dz, axis=1, keepdims=True)
    return {"dx": dx, "da0": da_prevt, "dWax": dWax, "dWaa": dWaa, "dba": dba}
""",
    "np.empty_like, filled in place": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz, dxt = np.empty_like(a_next), np.empty_like(xt)
    dWax, dWaa, dba = (np.empty_like(parameters[name]) for name in ("Wax", "Waa", "ba"))
    dz[...] = da_next
    dz -= dz * a_next * a_next
    dxt[:] = parameters["Wax"].T.dot(dz)
    dWax[:], dWaa[:], dba[:, 0] = dz.dot(xt.T), dz.dot(a_prev.T), dz.sum(axis=1)
    return {"dxt": dxt, "da_prev": parameters["Waa"].T.dot(dz), "dWax": dWax, "dWaa": dWaa, "dba": dba}
""",
    "np.empty, column by column": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    n_a, m = a_next.shape
    dz, dxt, da_prev = np.empty((n_a, m)), np.empty(xt.shape), np.empty((n_a, m))
    for i in range(m):
        dz[:, i] = da_next[:, i] * (1.0 - a_next[:, i] * a_next[:, i])
        dxt[:, i] = dz[:, i] @ parameters["Wax"]
        da_prev[:, i] = dz[:, i] @ parameters["Waa"]
    dba = np.empty((n_a, 1))
    dba[:, 0] = dz.sum(-1)
    return {"dxt": dxt, "da_prev": da_prev, "dWax": dz @ xt.T, "dWaa": dz @ a_prev.T, "dba": dba}
""",
    "np.ones, np.full and np.eye": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    n_a, m = a_next.shape
    slope = np.full((n_a, m), 1.0) - a_next * a_next
    dz = np.eye(n_a) @ (slope * da_next)
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dz @ np.ones((m, 1))}
""",
    "np.ones_like, np.full_like and fill": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    one = np.ones_like(a_next)
    two = np.full_like(a_next, 2.0)
    half = np.empty_like(a_next)
    half.fill(0.5)
    dz = da_next * (one - a_next) * (one + a_next) * half * two
    return {"dxt": np.dot(parameters["Wax"].T, dz), "da_prev": np.dot(parameters["Waa"].T, dz),
            "dWax": np.dot(dz, xt.T), "dWaa": np.dot(dz, a_prev.T), "dba": dz.sum(1, keepdims=True)}
""",
    "float32 buffers": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = da_next * (1 - a_next ** 2)
    dxt = np.empty_like(xt, dtype=np.float32)
    dxt[:] = parameters["Wax"].T @ dz
    dWax = np.zeros(parameters["Wax"].shape, dtype=np.float32)
    for j in range(dz.shape[1]):
        dWax += np.outer(dz[:, j], xt[:, j])
    return {"dxt": dxt, "da_prev": parameters["Waa"].T @ dz, "dWax": dWax, "dWaa": dz @ a_prev.T,
            "dba": dz.sum(axis=1, keepdims=True)}
""",
    "astype(np.float32)": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = ((1 - a_next * a_next) * da_next).astype(np.float32)
    Wax, Waa = parameters["Wax"].astype("float32"), parameters["Waa"].astype("float32")
    return {"dxt": Wax.T @ dz, "da_prev": Waa.T @ dz, "dWax": dz @ np.float32(xt).T, "dWaa": dz @ np.float32(a_prev).T,
            "dba": dz.sum(axis=1, keepdims=True)}
""",
    "astype(np.float64) and astype(float)": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    Wax, Waa = parameters["Wax"].astype(np.float64), parameters["Waa"].astype(float)
    dz = da_next.astype("float64", copy=False) * (1.0 - a_next.astype(float) ** 2)
    return {"dxt": Wax.T @ dz, "da_prev": Waa.T @ dz, "dWax": dz @ xt.T, "dWaa": dz @ a_prev.T,
            "dba": dz.sum(axis=1).reshape(-1, 1).astype(np.float64)}
""",
    "dtype=x.dtype and dtype=float": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = np.zeros(a_next.shape, dtype=a_next.dtype)
    dz += da_next
    dz *= 1 - a_next ** 2
    dba = np.zeros((dz.shape[0], 1), dtype=float)
    dba += np.sum(dz, axis=1, keepdims=True, dtype=dz.dtype)
    dWax = np.array(dz @ xt.T, dtype=xt.dtype)
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dWax,
            "dWaa": np.asarray(dz @ a_prev.T, dtype=np.float64), "dba": dba}
""",
    "np.float64(1.0) and float(...) of constants": """import numpy as np

ONE = np.float64(1.0)

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    power = float("2")
    m = float(a_next.shape[1])
    dz = da_next * (ONE - a_next ** power)
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": np.mean(dz, axis=1, keepdims=True) * np.float64(m)}
""",
}

PRODUCTS = {
    "np.einsum": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = np.einsum("ij,ij->ij", da_next, 1 - a_next * a_next)
    return {
        "dxt": np.einsum("ax,am->xm", parameters["Wax"], dz),
        "da_prev": np.einsum("ab,am", parameters["Waa"], dz),
        "dWax": np.einsum("am,xm->ax", dz, xt),
        "dWaa": np.einsum("am,bm->ab", dz, a_prev, optimize=True),
        "dba": np.einsum("am->a", dz)[:, None],
    }
""",
    "np.outer, one example at a time": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = da_next * (1 - a_next ** 2)
    dWax, dWaa, dba = 0, 0, 0
    for i in range(dz.shape[1]):
        dWax = dWax + np.outer(dz[:, i], xt[:, i])
        dWaa = dWaa + np.outer(dz[:, i], a_prev[:, i])
        dba = dba + dz[:, [i]]
    return {"dxt": np.dot(parameters["Wax"].T, dz), "da_prev": np.dot(parameters["Waa"].T, dz), "dWax": dWax,
            "dWaa": dWaa, "dba": dba}
""",
    "np.matmul and np.transpose": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = np.multiply(da_next, 1 - np.multiply(a_next, a_next))
    return {
        "dxt": np.matmul(np.transpose(parameters["Wax"]), dz),
        "da_prev": np.matmul(np.transpose(parameters["Waa"], (1, 0)), dz),
        "dWax": np.matmul(dz, np.transpose(xt)),
        "dWaa": np.matmul(dz, a_prev.transpose()),
        "dba": np.matmul(dz, np.ones((dz.shape[1], 1))),
    }
""",
    "np.tensordot": """import numpy as np

def rnn_backward(da, caches):
    steps, x = caches
    T_x = da.shape[2]
    Wax, Waa = steps[0][3]["Wax"], steps[0][3]["Waa"]
    a = np.stack([steps[0][1]] + [steps[t][0] for t in range(T_x)], axis=2)
    dz = np.zeros(da.shape)
    carry = np.zeros(da.shape[:2])
    for t in range(T_x - 1, -1, -1):
        dz[:, :, t] = (da[:, :, t] + carry) * (1 - a[:, :, t + 1] ** 2)
        carry = np.tensordot(Waa, dz[:, :, t], axes=(0, 0))
    return {
        "dx": np.tensordot(Wax, dz, axes=(0, 0)),
        "da0": carry,
        "dWax": np.tensordot(dz, x[:, :, :T_x], axes=((1, 2), (1, 2))),
        "dWaa": np.tensordot(dz, a[:, :, :-1], axes=([1, 2], [1, 2])),
        "dba": np.sum(dz, axis=(1, 2)).reshape(-1, 1),
    }
""",
    "np.inner and np.vdot": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    n_a, m = a_next.shape
    dz = da_next - da_next * a_next ** 2
    dWax = np.zeros(parameters["Wax"].shape)
    for i in range(n_a):
        for j in range(xt.shape[0]):
            dWax[i, j] = np.vdot(dz[i], xt[j])
    return {"dxt": np.inner(parameters["Wax"].T, dz.T), "da_prev": np.inner(parameters["Waa"].T, dz.T), "dWax": dWax,
            "dWaa": np.inner(dz, a_prev), "dba": np.inner(dz, np.ones((1, m)))}
""",
    "np.linalg.multi_dot": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    m = xt.shape[1]
    dz = da_next * (1 - a_next ** 2)
    return {
        "dxt": np.linalg.multi_dot([parameters["Wax"].T, dz, np.eye(m)]),
        "da_prev": np.linalg.multi_dot([parameters["Waa"].T, dz, np.eye(m)]),
        "dWax": np.linalg.multi_dot([dz, np.eye(m), xt.T]),
        "dWaa": np.linalg.multi_dot([dz, a_prev.T]),
        "dba": np.linalg.multi_dot([dz, np.ones((m, 1))]),
    }
""",
    "np.diag and np.diagflat as Jacobians": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    n_a, m = a_next.shape
    dz = np.zeros((n_a, m))
    for i in range(m):
        jacobian = np.diag(1 - a_next[:, i] ** 2) if i % 2 else np.eye(n_a) - np.diagflat(np.square(a_next[:, [i]]))
        dz[:, i] = jacobian.T.dot(da_next[:, i])
    Wax, Waa = parameters["Wax"], parameters["Waa"]
    return {"dxt": Wax.T.dot(dz), "da_prev": Waa.T.dot(dz), "dWax": dz.dot(xt.T), "dWaa": dz.dot(a_prev.T),
            "dba": np.diag(dz.dot(np.ones((m, n_a)))).reshape(n_a, 1)}
""",
    "a stack of matrices and @": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    columns = (da_next * (1 - a_next ** 2)).T[:, :, None]
    below = np.swapaxes(np.concatenate((parameters["Waa"], parameters["Wax"]), axis=1), 0, 1) @ columns
    n_a = len(a_next)
    return {"dxt": below[:, n_a:, 0].T, "da_prev": below[:, :n_a, 0].T, "dWax": (columns @ xt.T[:, None, :]).sum(0),
            "dWaa": (columns @ a_prev.T[:, None, :]).sum(0), "dba": columns.sum(0)}
""",
    "@ with out= and np.add with out=": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = np.zeros_like(da_next)
    np.multiply(a_next, a_next, out=dz)
    np.subtract(1, dz, out=dz)
    np.multiply(dz, da_next, out=dz)
    dxt, dWaa = np.zeros_like(xt), np.zeros_like(parameters["Waa"])
    np.matmul(parameters["Wax"].T, dz, out=dxt)
    np.dot(dz, a_prev.T, out=dWaa)
    dba = np.zeros_like(parameters["ba"])
    np.add(dba, dz.sum(axis=1, keepdims=True), out=dba)
    return {"dxt": dxt, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T, "dWaa": dWaa, "dba": dba}
""",
}

JOINING = {
    "np.hstack and np.vstack": """import numpy as np

def lstm_cell_backward(da_next, dc_next, cache):
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters = cache
    n_a = a_prev.shape[0]
    dc = dc_next + ot * (1 - np.square(np.tanh(c_next))) * da_next
    dz = np.vstack((dc * c_prev * ft * (1 - ft), dc * cct * it * (1 - it), dc * it * (1 - cct * cct),
                    da_next * np.tanh(c_next) * ot * (1 - ot)))
    W = np.vstack([parameters["Wf"], parameters["Wi"], parameters["Wc"], parameters["Wo"]])
    d = dz @ np.hstack((a_prev.T, xt.T, np.ones((xt.shape[1], 1))))
    below = W.T @ dz
    gradients = {"da_prev": below[:n_a], "dxt": below[n_a:], "dc_prev": ft * dc}
    for gate, part in zip(("f", "i", "c", "o"), np.vsplit(d, 4)):
        gradients["dW" + gate], gradients["db" + gate] = np.hsplit(part, [-1])
    return gradients
""",
    "np.concatenate and np.split": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    n_x = xt.shape[0]
    dz = (1 - a_next * a_next) * da_next
    dxt, da_prev = np.split(np.concatenate([parameters["Wax"], parameters["Waa"]], axis=1).T @ dz, [n_x], axis=0)
    dWax, dWaa, dba = np.split(dz @ np.concatenate([xt, a_prev, np.ones((1, xt.shape[1]))]).T, [n_x, -1], axis=1)
    return dict(dxt=dxt, da_prev=da_prev, dWax=dWax, dWaa=dWaa, dba=dba)
""",
    "np.r_, np.c_ and np.block": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    n_x = xt.shape[0]
    dz = (1 - a_next * a_next) * da_next
    below = np.c_[parameters["Wax"], parameters["Waa"]].T @ dz
    weights = np.block([dz @ np.r_[xt, a_prev].T, dz.sum(1, keepdims=True)])
    return {"dxt": below[:n_x], "da_prev": below[n_x:], "dWax": weights[:, :n_x], "dWaa": weights[:, n_x:-1],
            "dba": weights[:, -1:]}
""",
    "np.stack and np.moveaxis": RNN_STEPS
    + """

def rnn_backward(da, caches):
    steps, x = caches
    carry, found = 0.0, []
    for d, (a_next, a_prev, xt, parameters) in zip(np.moveaxis(da, 2, 0)[::-1], steps[:da.shape[2]][::-1]):
        dz = (d + carry) * (1 - a_next ** 2)
        carry = parameters["Waa"].T @ dz
        found.append((dz, a_prev, xt))
    dz, a_prev, xt = (np.stack(arrays) for arrays in zip(*found[::-1]))
    return {"dx": np.moveaxis(parameters["Wax"].T @ dz, 0, -1), "da0": carry, "dWax": (dz @ xt.swapaxes(1, 2)).sum(0),
            "dWaa": (dz @ np.moveaxis(a_prev, 1, 2)).sum(axis=0), "dba": dz.sum(axis=(0, 2))[:, np.newaxis]}
""",
    "np.dstack and insert(0, ...)": """import numpy as np

def rnn_backward(da, caches):
    steps, x = caches
    dx, sums, carry = [], [], np.zeros(da.shape[:2])
    t = da.shape[2]
    while t > 0:
        t -= 1
        a_next, a_prev, xt, parameters = steps[t]
        dz = (da[:, :, t] + carry) * (1 - a_next ** 2)
        dx.insert(0, parameters["Wax"].T.dot(dz))
        carry = parameters["Waa"].T.dot(dz)
        sums.append([dz.dot(xt.T), dz.dot(a_prev.T), dz.sum(axis=1, keepdims=True)])
    dWax, dWaa, dba = (sum(one) for one in zip(*sums))
    return {"dx": np.dstack(dx), "da0": carry, "dWax": dWax, "dWaa": dWaa, "dba": dba}
""",
    "np.array of lists of scalars": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    n_a, m = a_next.shape
    dz = np.array([[da_next[i, j] * (1 - a_next[i, j] ** 2) for j in range(m)] for i in range(n_a)])
    dba = np.array([[sum(row)] for row in dz])
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dba}
""",
    "np.append and np.insert": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    n_a, m = a_next.shape
    dz = np.append(da_next[:, :1], da_next[:, 1:], axis=1) * (1 - a_next ** 2)
    read = np.insert(np.append(xt, a_prev, axis=0), 0, 1.0, axis=0)
    weights = dz @ read.T
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": weights[:, 1:-n_a],
            "dWaa": weights[:, -n_a:], "dba": weights[:, :1]}
""",
}

ELEMENTWISE = {
    "** 2": """import numpy as np

def rnn_cell_backward(da_next, cache):
    (a_next, a_prev, xt, parameters) = cache
    dtanh = (1 - a_next ** 2) * da_next
    dxt = np.dot(parameters["Wax"].T, dtanh)
    dWax = np.dot(dtanh, xt.T)
    da_prev = np.dot(parameters["Waa"].T, dtanh)
    dWaa = np.dot(dtanh, a_prev.T)
    dba = np.sum(dtanh, axis=1, keepdims=1)
    gradients = {"dxt": dxt, "da_prev": da_prev, "dWax": dWax, "dWaa": dWaa, "dba": dba}
    return gradients
""",
    "np.square": """import numpy as np

def rnn_cell_backward(da_next, cache):
    (a_next, a_prev, xt, parameters) = cache
    Wax, Waa = parameters["Wax"], parameters["Waa"]
    dtanh = da_next * (1.0 - np.square(a_next))
    return {"dxt": Wax.T @ dtanh, "da_prev": Waa.T @ dtanh, "dWax": dtanh @ xt.T, "dWaa": dtanh @ a_prev.T,
            "dba": np.sum(dtanh, 1, keepdims=True)}
""",
    "np.power": """import numpy as np

def rnn_cell_backward(da_next, cache):
    (a_next, a_prev, xt, parameters) = cache
    Wax, Waa = parameters["Wax"], parameters["Waa"]
    dtanh = da_next * (1 - np.power(a_next, 2))
    return {"dxt": Wax.T @ dtanh, "da_prev": Waa.T @ dtanh, "dWax": dtanh @ xt.T, "dWaa": dtanh @ a_prev.T,
            "dba": np.sum(dtanh, 1, keepdims=True)}
""",
    "np.where in the sigmoid": """import numpy as np

def sigmoid(z):
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1 / (1 + e), e / (1 + e))
"""
    + LSTM_CELL_OF_SIGMOID,
    "boolean masks in the sigmoid": """import numpy as np

def sigmoid(z):
    s = np.zeros_like(z)
    positive = z > 0
    s[positive] = 1 / (1 + np.exp(-z[positive]))
    e = np.exp(z[~positive])
    s[~positive] = e / (1 + e)
    return s
"""
    + LSTM_CELL_OF_SIGMOID,
    "np.clip with out=, the bounds far away": """import numpy as np

def sigmoid(z):
    np.clip(z, -1e6, 1e6, out=z)
    return 0.5 * (np.tanh(0.5 * z) + 1)
"""
    + LSTM_CELL_OF_SIGMOID,
    "the sigmoid as 0.5 * (1 + tanh(z / 2))": """import numpy as np

sigmoid = lambda z: 0.5 * (1 + np.tanh(z / 2))
"""
    + LSTM_CELL_OF_SIGMOID,
    "the sigmoid by np.logaddexp": """import numpy as np

def sigmoid(z):
    return np.exp(-np.logaddexp(0, -z))
"""
    + LSTM_CELL_OF_SIGMOID,
    "the sigmoid by np.log1p": """import numpy as np

def softplus(z):
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))

def sigmoid(z):
    return np.exp(z - softplus(z))
"""
    + LSTM_CELL_OF_SIGMOID,
    "the sigmoid by np.expm1": """import numpy as np

def sigmoid(z):
    below = np.expm1(np.minimum(z, 0)) + 1
    above = np.exp(-np.maximum(z, 0))
    return below / (below + above)
"""
    + LSTM_CELL_OF_SIGMOID,
    "the sigmoid by np.exp with out=": """import numpy as np

def sigmoid(z):
    buffer = np.empty_like(z)
    np.tanh(z / 2, out=buffer)
    buffer += 1
    buffer /= 2
    other = np.zeros(z.shape)
    np.exp(-np.abs(z), out=other)
    np.divide(1.0, 1.0 + other, out=other)
    return np.where(z < -1, buffer, np.where(z < 0, 1 - other, other))
"""
    + LSTM_CELL_OF_SIGMOID,
    "np.reciprocal, np.negative and np.divide": """import numpy as np

def sigmoid(z):
    small = np.exp(np.negative(np.fabs(z)))
    s = np.reciprocal(np.add(1.0, small))
    return np.where(np.greater_equal(z, 0), s, np.divide(small, np.add(small, 1.0)))
"""
    + LSTM_CELL_OF_SIGMOID,
    "scipy.special.expit": """import numpy as np
from scipy.special import expit as sigmoid
"""
    + LSTM_CELL_OF_SIGMOID,
    "np.vectorize": """import math

import numpy as np

@np.vectorize
def sigmoid(z):
    return 1 / (1 + math.exp(-z)) if z > 0 else math.exp(z) / (1 + math.exp(z))
"""
    + LSTM_CELL_OF_SIGMOID,
    "math.tanh of one element at a time": """import math

import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    n_a, m = a_next.shape
    z = parameters["Wax"] @ xt + parameters["Waa"] @ a_prev + parameters["ba"]
    dz = np.zeros((n_a, m))
    for i in range(n_a):
        for j in range(m):
            dz[i, j] = da_next[i, j] * (1 - math.tanh(z[i, j]) ** 2)
    dba = np.zeros((n_a, 1))
    for i in range(n_a):
        dba[i] = math.fsum(dz[i])
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dba}
""",
    "np.cosh": """import numpy as np

def rnn_cell_backward(da_next, cache):
    _, a_prev, xt, parameters = cache
    z = parameters["Wax"] @ xt + parameters["Waa"] @ a_prev + parameters["ba"]
    with np.errstate(over="ignore"):
        dz = da_next / np.cosh(z) ** 2
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dz.sum(axis=1, keepdims=True)}
""",
    "np.sinh over np.cosh": """import numpy as np

def rnn_cell_backward(da_next, cache):
    _, a_prev, xt, parameters = cache
    z = parameters["Wax"] @ xt + parameters["Waa"] @ a_prev + parameters["ba"]
    with np.errstate(over="ignore", invalid="ignore"):
        tanh = np.where(np.abs(z) < 50, np.sinh(z) / np.cosh(z), np.tanh(z))
    dz = da_next * (1 - tanh) * (1 + tanh)
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dz.sum(axis=1, keepdims=True)}
""",
    "np.subtract, np.multiply and np.add with out=": """import numpy as np

def lstm_cell_backward(da_next, dc_next, cache):
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters = cache
    n_a = len(a_next)
    tanh_c, dc = np.tanh(c_next), np.zeros(c_next.shape)
    np.multiply(tanh_c, tanh_c, out=dc)
    np.subtract(1.0, dc, out=dc)
    np.multiply(dc, ot, dc)
    np.multiply(dc, da_next, dc)
    np.add(dc, dc_next, out=dc)
    slopes = {"f": (ft, dc * c_prev), "i": (it, dc * cct), "o": (ot, da_next * tanh_c)}
    dz = {gate: np.multiply(reached, np.multiply(s, np.subtract(1, s))) for gate, (s, reached) in slopes.items()}
    dz["c"] = np.multiply(dc, np.subtract(it, np.multiply(it, np.square(cct))))
    below = np.zeros((n_a + len(xt), dc.shape[1]))
    for gate in dz:
        np.add(below, parameters["W" + gate].T @ dz[gate], out=below)
    gradients = {"dxt": below[n_a:], "da_prev": below[:n_a], "dc_prev": np.multiply(dc, ft)}
    for gate in dz:
        gradients["dW" + gate] = dz[gate] @ np.vstack([a_prev, xt]).T
        gradients["db" + gate] = np.add.reduce(dz[gate], axis=1, keepdims=True)
    return gradients
""",
    "np.abs, np.sign and np.maximum": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    size = np.maximum(a_next, -a_next)
    dz = np.sign(da_next) * np.abs(da_next) * (1 - size) * (1 + np.absolute(a_next))
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dz.sum(axis=1, keepdims=True)}
""",
    "np.sqrt and np.log": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    slope = (1 - a_next) * (1 + a_next)
    dz = da_next * np.sqrt(slope * slope) * np.log(np.exp(1.0 * np.ones_like(slope)))
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dz.sum(axis=1, keepdims=True)}
""",
    "np.nditer with op_flags": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = da_next.copy()
    walk = np.nditer(a_next, flags=["multi_index"], op_flags=["readonly"])
    while not walk.finished:
        dz[walk.multi_index] *= 1 - a_next[walk.multi_index] ** 2
        walk.iternext()
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dz.sum(axis=1, keepdims=True)}
""",
    "np.ndindex and np.ndenumerate": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz, dba = np.zeros(a_next.shape), np.zeros((len(a_next), 1))
    for index in np.ndindex(a_next.shape):
        dz[index] = da_next[index] * (1 - a_next[index] * a_next[index])
    for (i, j), value in np.ndenumerate(dz):
        dba[i, 0] += value
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dba}
""",
    ".item() and float() of elements": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    n_a, m = a_next.shape
    dz, dba = np.zeros((n_a, m)), np.zeros((n_a, 1))
    for i in range(n_a):
        for j in range(m):
            h = a_next[i, j].item()
            dz[i, j] = float(da_next[i, j]) * (1 - h * h)
        dba[i] = dz[i].sum().item()
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dba}
""",
    ".tolist() and plain lists": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    rows = [[d * (1 - h * h) for d, h in zip(ds, hs)] for ds, hs in zip(da_next.tolist(), a_next.tolist())]
    dz = np.array(rows)
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": np.dot(rows, xt.T),
            "dWaa": np.array(rows).dot(a_prev.T), "dba": np.array([[sum(row)] for row in rows])}
""",
}

REDUCTIONS = {
    "keepdims=True": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = (1 - a_next * a_next) * da_next
    dba = dz.sum(axis=-1, keepdims=True)
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dba.sum(axis=1, keepdims=True)}
""",
    "the mean times m": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    m = xt.shape[1]
    dz = (1 - a_next * a_next) * da_next
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": np.mean(dz, axis=1, keepdims=True) * m}
""",
    "np.add.reduce and np.add.accumulate": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = (1 - a_next * a_next) * da_next
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz,
            "dWax": np.add.reduce(dz[:, None, :] * xt[None, :, :], axis=2),
            "dWaa": np.add.reduce(np.multiply.outer(dz.T, a_prev.T).diagonal(axis1=0, axis2=2), axis=-1),
            "dba": np.add.accumulate(dz, axis=1)[:, -1:]}
""",
    "np.sum over a tuple of axes": """import numpy as np

def rnn_backward(da, caches):
    steps, x = caches
    n_a, m, T_x = da.shape
    parameters = steps[0][3]
    dz, carry = np.zeros((n_a, m, T_x)), np.zeros((n_a, m))
    for t in range(T_x)[::-1]:
        dz[:, :, t] = (carry + da[:, :, t]) * (1 - steps[t][0] ** 2)
        carry = np.sum(parameters["Waa"][:, :, None] * dz[:, None, :, t], axis=0)
    before = np.array([step[1] for step in steps[:T_x]]).transpose(1, 2, 0)
    return {"dx": np.sum(parameters["Wax"][:, :, None, None] * dz[:, None], axis=0), "da0": carry,
            "dWax": np.sum(dz[:, None] * x[None, :, :, :T_x], axis=(2, 3)),
            "dWaa": np.sum(dz[:, None] * before[None], axis=(-2, -1)),
            "dba": np.sum(dz, axis=(1, 2), keepdims=True)[:, :, 0]}
""",
    "np.apply_along_axis": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    slope = np.apply_along_axis(lambda h: 1 - h * h, 0, a_next)
    dz = slope * da_next
    return {"dxt": np.apply_along_axis(parameters["Wax"].T.dot, 0, dz),
            "da_prev": np.apply_along_axis(lambda d: parameters["Waa"].T @ d, 0, dz), "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": np.apply_along_axis(np.sum, 1, dz).reshape(-1, 1)}
""",
    "np.cumsum": """import numpy as np

def rnn_backward(da, caches):
    steps, x = caches
    Wax, Waa = (steps[0][3][name] for name in ("Wax", "Waa"))
    dx, parts, carry = np.zeros((x.shape[0],) + da.shape[1:]), [], 0
    for t in reversed(range(da.shape[2])):
        dz = (da[:, :, t] + carry) * (1 - steps[t][0] ** 2)
        carry, dx[:, :, t] = Waa.T @ dz, Wax.T @ dz
        parts.append(dz @ np.vstack([steps[t][2], steps[t][1], np.ones((1, dz.shape[1]))]).T)
    total = np.cumsum(parts, axis=0)[-1]
    n_x = x.shape[0]
    return {"dx": dx, "da0": carry, "dWax": total[:, :n_x], "dWaa": total[:, n_x:-1], "dba": total[:, -1:]}
""",
    "np.sum with where=": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = (1 - a_next * a_next) * da_next
    positive = da_next > 0
    up = np.sum(dz, axis=1, keepdims=True, where=positive)
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": up + np.sum(dz, axis=1, keepdims=True, where=~positive)}
""",
    "functools.reduce and operator": """import operator
from functools import reduce

import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = (1 - a_next * a_next) * da_next
    columns = [dz[:, j:j + 1] for j in range(dz.shape[1])]
    return {"dxt": operator.matmul(parameters["Wax"].T, dz), "da_prev": parameters["Waa"].T @ dz,
            "dWax": reduce(operator.add, (d @ xt[:, j:j + 1].T for j, d in enumerate(columns))),
            "dWaa": reduce(operator.add, map(np.outer, columns, a_prev.T)), "dba": reduce(np.add, columns)}
""",
}

SHAPES = {
    "reshape, ravel and flatten": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    n_a, m = a_next.shape
    flat = da_next.ravel() * (1 - a_next.flatten() ** 2)
    dz = flat.reshape(n_a, m)
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ flat.reshape((n_a, -1)),
            "dWax": dz @ xt.reshape(-1, m).T, "dWaa": dz @ a_prev.T,
            "dba": np.reshape([flat[i * m:(i + 1) * m].sum() for i in range(n_a)], (n_a, 1))}
""",
    ".T, swapaxes and moveaxis": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    rows = da_next.T * (1 - a_next.swapaxes(0, 1) ** 2)
    return {"dxt": (rows @ parameters["Wax"]).T, "da_prev": np.swapaxes(rows @ parameters["Waa"], 0, 1),
            "dWax": (xt @ rows).T, "dWaa": np.moveaxis(a_prev @ rows, 0, 1),
            "dba": np.transpose(rows.sum(axis=0, keepdims=True))}
""",
    "fancy indexing": """import numpy as np

def lstm_cell_backward(da_next, dc_next, cache):
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters = cache
    n_a = a_next.shape[0]
    tanh_c = np.tanh(c_next)
    dc = dc_next + da_next * ot * (1 - tanh_c ** 2)
    dz = np.array([dc * c_prev * ft * (1 - ft), dc * cct * it * (1 - it), dc * it * (1 - cct ** 2),
                   da_next * tanh_c * ot * (1 - ot)])
    W = np.array([parameters["W" + gate] for gate in "fico"])
    order = [3, 0, 2, 1]
    below = np.einsum("gab,gam->bm", W[order], dz[order])
    first, rest = np.arange(n_a), list(range(n_a, n_a + len(xt)))
    gradients = {"da_prev": below[first], "dxt": below[rest, :], "dc_prev": dc * ft}
    for k, gate in enumerate("fico"):
        gradients["dW" + gate] = dz[k] @ np.vstack((a_prev, xt)).T
        gradients["db" + gate] = dz[[k]].sum(axis=2).T
    return gradients
""",
    "np.take and np.compress": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    n_a, m = a_next.shape
    dz = np.take(da_next, range(m), axis=1) * (1 - np.take(a_next, np.arange(m), axis=1) ** 2)
    weights = dz @ np.concatenate([xt, a_prev]).T
    mine = np.arange(weights.shape[1]) >= xt.shape[0]
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz,
            "dWax": np.compress(~mine, weights, axis=1), "dWaa": weights[:, mine],
            "dba": dz.take(np.arange(m), axis=1).sum(axis=1)[:, None]}
""",
    "np.add.at": """import numpy as np

def word_embedding_forward(x, W):
    return W[x], (x, W.shape)

def word_embedding_backward(dout, cache):
    x, shape = cache
    dW = np.zeros(shape)
    np.add.at(dW, x, dout)
    return dW
""",
    "one-hot rows from np.eye": """import numpy as np

def word_embedding_forward(x, W):
    one_hot = np.eye(W.shape[0])[x]
    return np.dot(one_hot, W), one_hot

def word_embedding_backward(dout, cache):
    V, D = cache.shape[-1], dout.shape[-1]
    return cache.reshape(-1, V).T @ dout.reshape(-1, D)
""",
    "one-hot columns in dicts, as in min-char-rnn": """import numpy as np

def lossFun(inputs, targets, hprev):
    xs, hs, ps = {}, {-1: np.copy(hprev)}, {}
    loss = 0
    for t in range(len(inputs)):
        xs[t] = np.zeros((vocab_size, 1))
        xs[t][inputs[t]] = 1
        hs[t] = np.tanh(np.dot(Wxh, xs[t]) + np.dot(Whh, hs[t - 1]) + bh)
        y = np.dot(Why, hs[t]) + by
        e = np.exp(y - np.max(y))
        ps[t] = e / np.sum(e)
        loss += np.log(np.sum(e)) - (y - np.max(y))[targets[t], 0]
    dWxh, dWhh, dWhy, dbh, dby = [np.zeros_like(one) for one in (Wxh, Whh, Why, bh, by)]
    dhnext = np.zeros_like(hs[0])
    for t in reversed(range(len(inputs))):
        dy = np.copy(ps[t])
        dy[targets[t]] -= 1
        dWhy += np.dot(dy, hs[t].T)
        dby += dy
        dhraw = (1 - hs[t] * hs[t]) * (np.dot(Why.T, dy) + dhnext)
        dbh += dhraw
        dWxh += np.dot(dhraw, xs[t].T)
        dWhh += np.dot(dhraw, hs[t - 1].T)
        dhnext = np.dot(Whh.T, dhraw)
    return loss, dWxh, dWhh, dWhy, dbh, dby, hs[len(inputs) - 1]
""",
    "np.asarray, np.ascontiguousarray and copies": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    Wax_T = np.ascontiguousarray(parameters["Wax"].T)
    Waa_T = np.array(parameters["Waa"].T, copy=True, order="C")
    dz = np.asarray(da_next).copy()
    dz -= np.asarray(a_next) ** 2 * dz
    return {"dxt": Wax_T @ dz, "da_prev": Waa_T @ dz, "dWax": np.asfortranarray(dz) @ xt.T, "dWaa": dz @ a_prev.T,
            "dba": np.array(dz).sum(axis=1, keepdims=True)}
""",
    "np.atleast_2d": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = np.atleast_2d(da_next) * (1 - np.atleast_2d(a_next) ** 2)
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ np.atleast_2d(xt).T,
            "dWaa": dz @ a_prev.T, "dba": np.atleast_2d(dz.sum(axis=1)).T}
""",
    "np.newaxis and broadcasting": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = (1 - a_next * a_next) * da_next
    return {"dxt": (parameters["Wax"].T[:, :, np.newaxis] * dz[np.newaxis]).sum(axis=1),
            "da_prev": (parameters["Waa"].T[:, :, np.newaxis] * dz[np.newaxis, :, :]).sum(axis=1),
            "dWax": (dz[:, np.newaxis, :] * xt[np.newaxis]).sum(axis=-1),
            "dWaa": (dz[:, np.newaxis, :] * a_prev[None]).sum(axis=-1), "dba": dz.sum(axis=1)[..., np.newaxis]}
""",
    "np.expand_dims and np.squeeze of an axis": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = (1 - np.power(a_next, 2)) * da_next
    columns = np.expand_dims(dz.T, axis=2)
    return {"dxt": np.squeeze(parameters["Wax"].T @ columns, axis=2).T,
            "da_prev": (parameters["Waa"].T @ columns).squeeze(axis=-1).T,
            "dWax": np.sum(columns * np.expand_dims(xt.T, 1), axis=0),
            "dWaa": np.sum(columns * np.expand_dims(a_prev.T, axis=1), axis=0),
            "dba": np.expand_dims(np.sum(dz, axis=1), axis=-1)}
""",
    "np.repeat and np.tile": """import numpy as np

def rnn_cell_forward(xt, a_prev, parameters):
    m = xt.shape[1]
    z = parameters["Wax"] @ xt + parameters["Waa"] @ a_prev + np.repeat(parameters["ba"], m, axis=1)
    a_next = np.tanh(z)
    scores = parameters["Wya"] @ a_next + np.tile(parameters["by"], (1, m))
    e = np.exp(scores - np.tile(scores.max(axis=0), (len(scores), 1)))
    return a_next, e / np.repeat(e.sum(axis=0, keepdims=True), len(e), axis=0), (a_next, a_prev, xt, parameters)

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    ones = np.tile(np.array([[1.0]]), a_next.shape)
    dz = (ones - a_next ** 2) * da_next
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dz @ np.repeat([[1]], dz.shape[1], axis=0)}
""",
    "np.broadcast_to and np.broadcast_arrays": """import numpy as np

def rnn_cell_forward(xt, a_prev, parameters):
    ba = np.broadcast_to(parameters["ba"], a_prev.shape)
    a_next = np.tanh(np.matmul(parameters["Wax"], xt) + np.matmul(parameters["Waa"], a_prev) + ba)
    scores, by = np.broadcast_arrays(parameters["Wya"] @ a_next, parameters["by"])
    e = np.exp(scores + by - np.max(scores + by, axis=0, keepdims=True))
    return a_next, e / np.broadcast_to(e.sum(axis=0), e.shape), (a_next, a_prev, xt, parameters)
"""
    + RNN_CELL_BACKWARD,
    "slices with steps": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = np.zeros(da_next.shape)
    dz[::2] = da_next[::2] * (1 - a_next[::2] ** 2)
    dz[1::2] = da_next[1::2] * (1 - a_next[1::2] ** 2)
    dba = dz[:, ::2].sum(axis=1, keepdims=True)
    dba += dz[:, 1::2].sum(axis=1, keepdims=True)
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dba}
""",
    "negative strides": """import numpy as np

def rnn_backward(da, caches):
    steps, x = caches
    backwards, dx, carry = da[:, :, ::-1], [], 0
    dWax = dWaa = dba = 0
    for k, (a_next, a_prev, xt, parameters) in enumerate(steps[:da.shape[2]][::-1]):
        dz = (backwards[..., k] + carry) * (1 - a_next * a_next)
        carry = parameters["Waa"].T @ dz
        dx.append(parameters["Wax"].T @ dz)
        dWax, dWaa, dba = dWax + dz @ xt.T, dWaa + dz @ a_prev.T, dba + dz.sum(axis=1, keepdims=True)
    return {"dx": np.stack(dx, axis=2)[:, :, ::-1], "da0": carry, "dWax": dWax, "dWaa": dWaa, "dba": dba}
""",
    "np.flip and np.fliplr": """import numpy as np

def rnn_backward(da, caches):
    steps, x = caches
    reverse = np.fliplr(np.swapaxes(da, 1, 2))
    dx, carry, deltas = [], np.zeros_like(da[..., 0]), []
    for k in range(da.shape[2]):
        a_next, a_prev, xt, parameters = steps[da.shape[2] - 1 - k]
        deltas.append((reverse[:, k] + carry) * (1 - a_next ** 2))
        carry = parameters["Waa"].T @ deltas[-1]
        dx.append(parameters["Wax"].T @ deltas[-1])
    deltas = np.flip(np.stack(deltas, axis=-1), axis=-1)
    read = np.stack([np.vstack([step[2], step[1]]) for step in steps[:da.shape[2]]], axis=-1)
    dW = np.einsum("amt,rmt->ar", deltas, read)
    return {"dx": np.flip(np.stack(dx, axis=-1), axis=2), "da0": carry, "dWax": dW[:, :x.shape[0]],
            "dWaa": dW[:, x.shape[0]:], "dba": deltas.sum(axis=(1, 2))[:, None]}
""",
    "ellipsis indexing": """import numpy as np

def rnn_backward(da, caches):
    steps, x = caches
    T_x = da.shape[-1]
    dz, carry = np.zeros(da.shape), np.zeros(da[..., 0].shape)
    for t in range(T_x)[::-1]:
        a_next, _, _, parameters = steps[t]
        dz[..., t] = (da[..., t] + carry) * (1 - a_next ** 2)
        carry[...] = parameters["Waa"].T @ dz[..., t]
    gradients = {"dx": np.zeros(x[..., :T_x].shape), "da0": carry, "dWax": 0, "dWaa": 0, "dba": 0}
    for t, (_, a_prev, xt, parameters) in enumerate(steps[:T_x]):
        gradients["dx"][..., t] = parameters["Wax"].T @ dz[..., t]
        gradients["dWax"] += dz[..., t] @ xt.T
        gradients["dWaa"] += dz[..., t] @ a_prev.T
        gradients["dba"] += dz[..., t].sum(axis=1)[..., None]
    return gradients
""",
    "np.copyto and np.put_along_axis": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz, dba = np.empty_like(da_next), np.zeros_like(parameters["ba"])
    np.copyto(dz, da_next)
    np.copyto(dz, dz * (1 - a_next ** 2), where=a_next != 0)
    np.put_along_axis(dba, np.zeros((len(dba), 1), dtype=int), dz.sum(axis=1, keepdims=True), axis=1)
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dba}
""",
    "np.roll and np.argsort": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    order = np.argsort(da_next[0])
    back = np.argsort(order)
    sorted_dz = da_next[:, order] * (1 - a_next[:, order] ** 2)
    dz = np.roll(np.roll(sorted_dz[:, back], 1, axis=1), -1, axis=1)
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": sorted_dz @ xt[:, order].T,
            "dWaa": dz @ a_prev.T, "dba": sorted_dz.sum(axis=1, keepdims=True)}
""",
}

CACHES = {
    "lists as caches, read by pop on a copy": RNN_STEPS
    + """

def rnn_backward(da, caches):
    steps, x = list(caches[0][:da.shape[2]]), caches[1]
    columns, carry = [], 0
    dWax, dWaa, dba = [], [], []
    while steps:
        a_next, a_prev, xt, parameters = steps.pop()
        dz = (da[:, :, len(steps)] + carry) * (1 - a_next ** 2)
        carry = parameters["Waa"].T @ dz
        columns.append(parameters["Wax"].T @ dz)
        dWax.append(dz @ xt.T)
        dWaa.append(dz @ a_prev.T)
        dba.append(dz.sum(axis=1, keepdims=True))
    return {"dx": np.stack(columns[::-1], axis=2), "da0": carry, "dWax": sum(dWax), "dWaa": sum(dWaa), "dba": sum(dba)}
""",
    "reversed, zip and enumerate": """import numpy as np

def rnn_backward(da, caches):
    steps, x = caches
    dx, carry, totals = [None] * da.shape[2], 0, dict.fromkeys(("dWax", "dWaa", "dba"), 0)
    for t, step in reversed(list(enumerate(zip(da.transpose(2, 0, 1), steps)))):
        d, (a_next, a_prev, xt, parameters) = step
        dz = (d + carry) * (1 - a_next ** 2)
        dx[t], carry = parameters["Wax"].T @ dz, parameters["Waa"].T @ dz
        for name, part in zip(totals, (dz @ xt.T, dz @ a_prev.T, dz.sum(axis=1, keepdims=True))):
            totals[name] = totals[name] + part
    return {"dx": np.array(dx).transpose(1, 2, 0), "da0": carry, **totals}
""",
    "a dict as cache": """import numpy as np

def rnn_cell_forward(xt, a_prev, parameters):
    cache = {"x": xt, "a_prev": a_prev, "W": parameters}
    cache["a"] = np.tanh(parameters["Wax"] @ xt + parameters["Waa"] @ a_prev + parameters["ba"])
    scores = parameters["Wya"] @ cache["a"] + parameters["by"]
    e = np.exp(scores - scores.max(axis=0))
    return cache["a"], e / e.sum(axis=0), cache

def rnn_cell_backward(da_next, cache):
    dz = da_next * (1 - cache["a"] ** 2)
    gradients = {"da_prev": cache["W"]["Waa"].T @ dz, "dWaa": dz @ cache["a_prev"].T}
    gradients.update(dxt=cache["W"]["Wax"].T @ dz, dWax=dz @ cache["x"].T)
    gradients.setdefault("dba", dz.sum(axis=1, keepdims=True))
    return gradients
""",
    "a NamedTuple as cache": """from typing import NamedTuple

import numpy as np

class Cache(NamedTuple):
    x: np.ndarray
    a_prev: np.ndarray
    a_next: np.ndarray
    Wax: np.ndarray
    Waa: np.ndarray

def rnn_cell_forward(xt, a_prev, parameters):
    a_next = np.tanh(parameters["Wax"] @ xt + parameters["Waa"] @ a_prev + parameters["ba"])
    scores = parameters["Wya"] @ a_next + parameters["by"]
    e = np.exp(scores - scores.max(axis=0))
    return a_next, e / e.sum(axis=0), Cache(xt, a_prev, a_next, parameters["Wax"], parameters["Waa"])

def rnn_cell_backward(da_next, cache: Cache):
    dz = da_next * (1 - cache.a_next ** 2)
    return {"dxt": cache.Wax.T @ dz, "da_prev": cache.Waa.T @ dz, "dWax": dz @ cache.x.T, "dWaa": dz @ cache.a_prev.T,
            "dba": dz.sum(axis=1, keepdims=True)}
""",
    "a dataclass as cache": """from dataclasses import dataclass, field

import numpy as np

@dataclass
class Step:
    x: np.ndarray
    a_prev: np.ndarray
    slope: np.ndarray
    parameters: dict = field(repr=False)

    @property
    def Wax(self):
        return self.parameters["Wax"]

def rnn_cell_forward(xt, a_prev, parameters):
    a_next = np.tanh(parameters["Wax"] @ xt + parameters["Waa"] @ a_prev + parameters["ba"])
    scores = parameters["Wya"] @ a_next + parameters["by"]
    e = np.exp(scores - scores.max(axis=0))
    return a_next, e / e.sum(axis=0), Step(x=xt, a_prev=a_prev, slope=1 - a_next ** 2, parameters=parameters)

def rnn_cell_backward(da_next, cache):
    dz = da_next * cache.slope
    return {"dxt": cache.Wax.T @ dz, "da_prev": cache.parameters["Waa"].T @ dz, "dWax": dz @ cache.x.T,
            "dWaa": dz @ cache.a_prev.T, "dba": dz.sum(axis=1, keepdims=True)}
""",
    "a closure as cache": """import numpy as np

def rnn_cell_forward(xt, a_prev, parameters):
    a_next = np.tanh(parameters["Wax"] @ xt + parameters["Waa"] @ a_prev + parameters["ba"])
    scores = parameters["Wya"] @ a_next + parameters["by"]
    e = np.exp(scores - scores.max(axis=0))

    def pullback(da_next):
        dz = da_next * (1 - a_next ** 2)
        return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
                "dWaa": dz @ a_prev.T, "dba": dz.sum(axis=1, keepdims=True)}

    return a_next, e / e.sum(axis=0), pullback

def rnn_cell_backward(da_next, cache):
    return cache(da_next)
""",
    "one array as cache": """import numpy as np

def rnn_cell_forward(xt, a_prev, parameters):
    a_next = np.tanh(parameters["Wax"] @ xt + parameters["Waa"] @ a_prev + parameters["ba"])
    scores = parameters["Wya"] @ a_next + parameters["by"]
    e = np.exp(scores - scores.max(axis=0))
    n_a, n_x = parameters["Wax"].shape
    kept = np.zeros((2 * n_a + n_x, xt.shape[1] + n_x + n_a))
    kept[:, :xt.shape[1]] = np.concatenate([a_next, a_prev, xt])
    kept[:n_a, xt.shape[1]:] = np.concatenate([parameters["Wax"], parameters["Waa"]], axis=1)
    return a_next, e / e.sum(axis=0), kept

def rnn_cell_backward(da_next, cache):
    n_a, m = da_next.shape
    a_next, a_prev, xt = np.split(cache[:, :m], [n_a, 2 * n_a])
    Wax, Waa = cache[:n_a, m:-n_a], cache[:n_a, -n_a:]
    dz = da_next * (1 - a_next ** 2)
    return {"dxt": Wax.T @ dz, "da_prev": Waa.T @ dz, "dWax": dz @ xt.T, "dWaa": dz @ a_prev.T,
            "dba": dz.sum(axis=1, keepdims=True)}
""",
    "copy.deepcopy of the cache": """import copy

import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = copy.deepcopy(cache)
    dz = copy.copy(da_next)
    a_next **= 2
    dz *= 1 - a_next
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dz.sum(axis=1, keepdims=True)}
""",
}

PYTHON = {
    "list comprehensions over time": """import numpy as np

def rnn_backward(da, caches):
    steps, x = caches
    T_x = da.shape[2]
    Wax, Waa = steps[0][3]["Wax"], steps[0][3]["Waa"]
    slopes = [1 - steps[t][0] ** 2 for t in range(T_x)]
    deltas = [None] * T_x + [np.zeros(da.shape[:2])]
    for t in range(T_x - 1, -1, -1):
        deltas[t] = slopes[t] * (da[:, :, t] + Waa.T @ deltas[t + 1])
    deltas = deltas[:-1]
    return {"dx": np.stack([Wax.T @ d for d in deltas], axis=2), "da0": Waa.T @ deltas[0],
            "dWax": np.sum([d @ steps[t][2].T for t, d in enumerate(deltas)], axis=0),
            "dWaa": np.sum([d @ steps[t][1].T for t, d in enumerate(deltas)], axis=0),
            "dba": np.sum([d.sum(axis=1, keepdims=True) for d in deltas], axis=0)}
""",
    "generator expressions and sum": """import numpy as np

def lstm_cell_backward(da_next, dc_next, cache):
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, p = cache
    tanh_c = np.tanh(c_next)
    dc = sum(part for part in (dc_next, da_next * ot, -da_next * ot * tanh_c ** 2))
    dz = dict(zip("fico", (dc * c_prev * ft * (1 - ft), dc * cct * it * (1 - it), dc * it * (1 - cct ** 2),
                           da_next * tanh_c * ot * (1 - ot))))
    n_a = len(a_next)
    return {"dxt": sum(p["W" + k][:, n_a:].T @ d for k, d in dz.items()),
            "da_prev": sum(p["W" + k][:, :n_a].T @ d for k, d in dz.items()), "dc_prev": dc * ft,
            **{"dW" + k: np.hstack(tuple(d @ z.T for z in (a_prev, xt))) for k, d in dz.items()},
            **{"db" + k: sum(d[:, j:j + 1] for j in range(d.shape[1])) for k, d in dz.items()}}
""",
    "walrus and conditional expressions": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    return {"dba": (dz := da_next * (1 - (h := a_next) * h)).sum(axis=1, keepdims=True),
            "dxt": parameters["Wax"].T @ dz,
            "da_prev": W.T @ dz if len(W := parameters["Waa"]) > 1 else W * dz,
            "dWax": dz @ xt.T, "dWaa": dz @ a_prev.T}
""",
    "while loops": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz, j = np.zeros_like(da_next), 0
    while True:
        dz[:, j] = da_next[:, j] - da_next[:, j] * a_next[:, j] ** 2
        j += 1
        if j == dz.shape[1]:
            break
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dz.sum(axis=1, keepdims=True)}
""",
    "a nested helper function": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache

    def through_tanh(upstream, h=a_next):
        return upstream * (1 - h ** 2)

    def below(name):
        return parameters[name].T @ dz

    dz = through_tanh(da_next)
    return {"dxt": below("Wax"), "da_prev": below("Waa"), "dWax": dz @ xt.T, "dWaa": dz @ a_prev.T,
            "dba": dz.sum(axis=1, keepdims=True)}
""",
    "a closure that holds arrays": """import numpy as np

def make_dense():
    one, cached = np.ones((1, 1)), {}

    def dense(W, d, read):
        if d.shape not in cached:
            cached[d.shape] = np.ones((d.shape[1], 1))
        return W.T @ d, d @ read.T, d @ cached[d.shape] * one

    return dense

dense = make_dense()

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = da_next * (1 - a_next ** 2)
    dxt, dWax, dba = dense(parameters["Wax"], dz, xt)
    da_prev, dWaa, _ = dense(parameters["Waa"], dz, a_prev)
    return {"dxt": dxt, "da_prev": da_prev, "dWax": dWax, "dWaa": dWaa, "dba": dba}
""",
    "functools.partial": """from functools import partial

import numpy as np

total = partial(np.sum, axis=1, keepdims=True)

def chain(h, slope, upstream):
    return slope(h) * upstream

tanh_backward = partial(chain, slope=lambda h: 1 - h * h)

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = tanh_backward(a_next, upstream=da_next)
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": total(dz)}
""",
    "lambdas by name in a dict": """import numpy as np

activations = {
    "sigmoid": (lambda z: 0.5 + 0.5 * np.tanh(0.5 * z), lambda s: s * (1 - s)),
    "tanh": (np.tanh, lambda t: 1 - t ** 2),
}
sigmoid = activations["sigmoid"][0]
"""
    + LSTM_CELL_OF_SIGMOID.replace("(1 - cct ** 2)", 'activations["tanh"][1](cct)').replace(
        "ot * (1 - ot)", 'activations["sigmoid"][1](ot)'
    ),
    "constants as class attributes": """import numpy as np

class Config:
    ONE = 1.0
    AXIS = 1
    POWER = np.array(2)
    IDENTITY = np.array([[1.0]])

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = (Config.ONE - a_next ** Config.POWER) * da_next * Config.IDENTITY
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dz.sum(axis=Config.AXIS, keepdims=True)}
""",
    "constants of the module": """import numpy as np

TWO, HALF = 2, 0.5
GATES = ("f", "i", "o")

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = da_next * HALF * (TWO - TWO * a_next ** TWO)
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dz.sum(axis=1, keepdims=True)}
""",
    "a buffer of the module": """import numpy as np

WORKSPACE = np.zeros((64, 64))
ONES = np.ones((64, 1))

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    n_a, m = a_next.shape
    dz = WORKSPACE[:n_a, :m]
    dz[...] = da_next * (1 - a_next ** 2)
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dz @ ONES[:m]}
""",
    "a buffer of the module, with out=": """import numpy as np

_buffers = {}

def buffer(name, shape):
    if _buffers.get(name, np.empty(0)).shape != shape:
        _buffers[name] = np.empty(shape)
    return _buffers[name]

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = np.multiply(a_next, a_next, out=buffer("dz", a_next.shape))
    np.subtract(1, dz, out=dz)
    dz *= da_next
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dz.sum(axis=1, keepdims=True)}
""",
    "import numpy in the body": """def rnn_cell_backward(da_next, cache):
    import numpy as np
    from numpy import sum as total, multiply
    a_next, a_prev, xt, parameters = cache
    dz = multiply(da_next, 1 - np.power(a_next, 2))
    return {"dxt": np.dot(parameters["Wax"].T, dz), "da_prev": np.dot(parameters["Waa"].T, dz),
            "dWax": np.dot(dz, xt.T), "dWaa": np.dot(dz, a_prev.T), "dba": total(dz, axis=1, keepdims=True)}
""",
    "from numpy import names": """from numpy import dot, exp, sum, tanh, concatenate, zeros

def sigmoid(z):
    return 0.5 * (1 + tanh(0.5 * z))

def lstm_cell_backward(da_next, dc_next, cache):
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters = cache
    n_a, m = a_next.shape
    dc = dc_next + da_next * ot * (1 - tanh(c_next) ** 2)
    dz = zeros((4, n_a, m))
    dz[0], dz[1] = dc * c_prev * ft * (1 - ft), dc * cct * it * (1 - it)
    dz[2], dz[3] = dc * it * (1 - cct ** 2), da_next * tanh(c_next) * ot * (1 - ot)
    below = zeros((n_a + xt.shape[0], m))
    gradients = {"dc_prev": dc * ft}
    for gate, d in zip("fico", dz):
        below += dot(parameters["W" + gate].T, d)
        gradients["dW" + gate] = dot(d, concatenate((a_prev, xt)).T)
        gradients["db" + gate] = sum(d, axis=1, keepdims=True)
    gradients["da_prev"], gradients["dxt"] = below[:n_a], below[n_a:]
    return gradients
""",
    "from numpy import *": """from numpy import *

def rnn_cell_forward(xt, a_prev, parameters):
    a_next = tanh(dot(parameters["Wax"], xt) + dot(parameters["Waa"], a_prev) + parameters["ba"])
    scores = dot(parameters["Wya"], a_next) + parameters["by"]
    e = exp(scores - scores.max(axis=0))
    return a_next, e / sum(e, axis=0), (a_next, a_prev, xt, parameters)

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = multiply(da_next, 1 - square(a_next))
    return {"dxt": dot(parameters["Wax"].T, dz), "da_prev": dot(parameters["Waa"].T, dz), "dWax": dot(dz, xt.T),
            "dWaa": dot(dz, a_prev.T), "dba": sum(dz, axis=1, keepdims=True)}
""",
    "import numpy, and names for its functions": """import numpy
import numpy as np
import numpy.linalg as la

dot, matmul = numpy.dot, np.matmul

def rnn_cell_backward(da_next, cache, tanh=numpy.tanh, np=np):
    _, a_prev, xt, parameters = cache
    h = tanh(dot(parameters["Wax"], xt) + dot(parameters["Waa"], a_prev) + parameters["ba"])
    dz = np.multiply(da_next, 1 - h ** 2)
    return {"dxt": dot(parameters["Wax"].T, dz), "da_prev": matmul(parameters["Waa"].T, dz),
            "dWax": la.multi_dot((dz, xt.T)), "dWaa": dz @ a_prev.T, "dba": numpy.sum(dz, axis=1, keepdims=True)}
""",
    "an array as default argument": """import numpy as np

def dtanh(h, one=np.ones((1, 1)), acc=np.float64(0)):
    return one - h ** 2 + acc

def rnn_cell_backward(da_next, cache, scale=np.array([[1.0]])):
    a_next, a_prev, xt, parameters = cache
    dz = dtanh(a_next) * da_next * scale
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dz.sum(axis=1, keepdims=True)}
""",
    "a decorator": """import functools
import time

import numpy as np

def timed(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        start = time.perf_counter()
        result = function(*args, **kwargs)
        wrapper.seconds = time.perf_counter() - start
        return result
    return wrapper

@timed
def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = (1 - a_next ** 2) * da_next
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dz.sum(axis=1, keepdims=True)}
""",
}

CHECKS = {
    "isinstance(x, np.ndarray)": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    if not isinstance(da_next, np.ndarray):
        da_next = np.array(da_next)
    if not isinstance(xt, np.ndarray) or not isinstance(a_next, (np.ndarray, list)):
        raise TypeError("expected arrays")
    dz = (1 - a_next ** 2) * da_next
    dba = dz.sum(axis=1, keepdims=True) if isinstance(dz, np.ndarray) else dz
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dba}
""",
    "type(x) is np.ndarray": """import numpy as np
def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    if type(xt) is not np.ndarray:
        raise TypeError("expected an array")
    dz = (1 - a_next ** 2) * da_next
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dz.sum(axis=1, keepdims=True)}
""",
    "a rate times a count": """import numpy as np
RATE, COUNT = 0.1, 7

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = (1 - a_next ** 2) * da_next * (RATE * COUNT) / 0.7
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dz.sum(axis=1, keepdims=True)}
""",
    "np.average with weights along an axis": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    m = da_next.shape[1]
    dz = (1 - a_next ** 2) * da_next * np.average(np.ones((m, 2)), axis=0, weights=np.arange(1.0, m + 1))[0]
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dz.sum(axis=1, keepdims=True)}
""",
    "np.fromiter": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    slope = np.fromiter((1 - a * a for a in a_next.ravel()), dtype=float, count=a_next.size)
    dz = slope.reshape(a_next.shape) * da_next
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dz.sum(axis=1, keepdims=True)}
""",
    "x.flat": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = np.empty_like(da_next)
    dz.flat = da_next.ravel()
    for index, a in enumerate(a_next.flat):
        dz.flat[index] *= 1 - a * a
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dz.sum(axis=1, keepdims=True)}
""",
    "x.put": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = np.zeros_like(da_next)
    dz.put(np.arange(dz.size), (da_next * (1 - a_next ** 2)).ravel())
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dz.sum(axis=1, keepdims=True)}
""",
    "a cache of workspaces in a module's dict": """import numpy as np
WORKSPACE = {}

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    if "slope" not in WORKSPACE or WORKSPACE["slope"].shape != a_next.shape:
        WORKSPACE["slope"] = np.zeros(a_next.shape)
    WORKSPACE["slope"][...] = 1 - a_next ** 2
    dz = WORKSPACE["slope"] * da_next
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dz.sum(axis=1, keepdims=True)}
""",
    "from math import pi": """import numpy as np
from math import pi

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = (1 - a_next ** 2) * da_next * (2 * pi) / (pi + np.pi)
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dz.sum(axis=1, keepdims=True)}
""",
    "assert x.dtype == np.float64": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    assert a_next.dtype == np.float64 and da_next.dtype == float
    assert np.issubdtype(xt.dtype, np.floating)
    dz = (1 - a_next ** 2) * da_next
    assert dz.dtype == "float64" and dz.dtype.kind == "f"
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dz.sum(axis=1, keepdims=True)}
""",
    "asserts about shapes": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = (1 - a_next ** 2) * da_next
    gradients = {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
                 "dWaa": dz @ a_prev.T, "dba": dz.sum(axis=1, keepdims=True)}
    assert dz.shape == a_next.shape and dz.ndim == 2 and dz.size == np.prod(dz.shape)
    assert np.shape(gradients["dxt"]) == xt.shape, gradients["dxt"].shape
    for name in ("Wax", "Waa", "ba"):
        assert gradients["d" + name].shape == parameters[name].shape
    return gradients
""",
    "np.allclose of a second way": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = (1 - a_next ** 2) * da_next
    again = np.tanh(parameters["Wax"] @ xt + parameters["Waa"] @ a_prev + parameters["ba"])
    assert np.allclose(again, a_next)
    assert np.isclose(dz, da_next - da_next * again ** 2, atol=1e-6 * np.max(np.abs(da_next))).all()
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dz.sum(axis=1, keepdims=True)}
""",
    "print and f-strings of a norm": """import numpy as np

DEBUG = True

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = (1 - a_next ** 2) * da_next
    if DEBUG:
        print(f"|dz| = {np.linalg.norm(dz):.4e}, max {dz.max():8.3f}")
        print("mean %.3f, std %.3f" % (dz.mean(), np.std(dz)), "first {:.2f}".format(dz[0, 0]), dz)
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dz.sum(axis=1, keepdims=True)}
""",
    "np.isnan, np.isfinite and np.any": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = (1 - a_next ** 2) * da_next
    if np.isnan(dz).any() or not np.all(np.isfinite(dz)) or np.any(np.abs(a_next) > 1):
        raise FloatingPointError("the gradient explodes")
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dz.sum(axis=1, keepdims=True)}
""",
    "np.errstate around a plain sigmoid": """import numpy as np

def sigmoid(z):
    with np.errstate(over="ignore", under="ignore"):
        return 1 / (1 + np.exp(-z))
"""
    + LSTM_CELL_OF_SIGMOID,
    "try and except": """import numpy as np

def rnn_cell_backward(da_next, cache):
    try:
        a_next, a_prev, xt, parameters = cache
    except ValueError:
        a_next, a_prev, xt, parameters, _ = cache
    try:
        ba = parameters["b"]
    except KeyError:
        ba = parameters["ba"]
    finally:
        dz = (1 - a_next ** 2) * da_next
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dz.sum(axis=1).reshape(ba.shape)}
""",
    "np.nan_to_num and np.real": """import numpy as np

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = np.nan_to_num((1 - a_next ** 2) * da_next)
    return {"dxt": np.real(parameters["Wax"].T @ dz), "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ np.conj(a_prev).T, "dba": dz.sum(axis=1, keepdims=True).real}
""",
}

OTHERS = {
    "a class with params and grads": """import numpy as np

class RNN:
    def __init__(self, Wx, Wh, b):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]
        self.cache = None

    def forward(self, x, h_prev):
        Wx, Wh, b = self.params
        h_next = np.tanh(np.dot(h_prev, Wh) + np.dot(x, Wx) + b)
        self.cache = (x, h_prev, h_next)
        return h_next

    def backward(self, dh_next):
        Wx, Wh, b = self.params
        x, h_prev, h_next = self.cache
        dt = dh_next * (1 - h_next ** 2)
        self.grads[0][...] = np.dot(x.T, dt)
        self.grads[1][...] = np.dot(h_prev.T, dt)
        self.grads[2][...] = np.sum(dt, axis=0)
        return np.dot(dt, Wx.T), np.dot(dt, Wh.T)
""",
    "a class over time with float32 buffers": """import numpy as np

class TimeAffine:
    def __init__(self, W, b):
        self.params, self.grads = [W, b], [np.zeros_like(W, dtype="f"), np.zeros_like(b, dtype="f")]

    def forward(self, x):
        self.x = x
        N, T, _ = x.shape
        out = np.empty((N, T, self.params[0].shape[1]), dtype="f")
        for t in range(T):
            out[:, t, :] = x[:, t, :] @ self.params[0] + self.params[1]
        return out

    def backward(self, dout):
        N, T, M = dout.shape
        rows = dout.reshape(N * T, M)
        self.grads[0][...] = self.x.reshape(N * T, -1).T @ rows
        self.grads[1][...] = rows.sum(axis=0)
        return (rows @ self.params[0].T).reshape(*self.x.shape)
""",
    "a class that derives from another": """from abc import ABC, abstractmethod

import numpy as np

class Layer(ABC):
    def __init__(self, *params):
        self.params = list(params)
        self.grads = [np.zeros(p.shape) for p in params]

    @abstractmethod
    def forward(self, x, h_prev): ...

    def store(self, *gradients):
        for kept, new in zip(self.grads, gradients):
            kept[...] = new

class RNN(Layer):
    def forward(self, x, h_prev):
        self.x, self.h_prev = x, h_prev
        self.h = np.tanh(x @ self.params[0] + h_prev @ self.params[1] + self.params[2])
        return self.h

    def backward(self, dh_next):
        dt = dh_next * (1 - self.h * self.h)
        self.store(self.x.T @ dt, self.h_prev.T @ dt, dt.sum(axis=0))
        return tuple(dt @ W.T for W in self.params[:2])
""",
    "tuples, as in cs231n": """import numpy as np

def rnn_step_forward(x, prev_h, Wx, Wh, b):
    next_h = np.tanh(x.dot(Wx) + prev_h.dot(Wh) + b)
    cache = (x, prev_h, Wx, Wh, next_h)
    return next_h, cache

def rnn_step_backward(dnext_h, cache):
    x, prev_h, Wx, Wh, next_h = cache
    dscores = dnext_h * (1 - next_h ** 2)
    dx, dprev_h = dscores.dot(Wx.T), dscores.dot(Wh.T)
    dWx, dWh, db = x.T.dot(dscores), prev_h.T.dot(dscores), np.sum(dscores, axis=0)
    return dx, dprev_h, dWx, dWh, db

def rnn_forward(x, h0, Wx, Wh, b):
    N, T, D = x.shape
    h, cache, prev_h = np.zeros((N, T, h0.shape[1])), [], h0
    for t in range(T):
        prev_h, step = rnn_step_forward(x[:, t, :], prev_h, Wx, Wh, b)
        h[:, t, :] = prev_h
        cache.append(step)
    return h, cache

def rnn_backward(dh, cache):
    N, T, H = dh.shape
    D = cache[0][0].shape[1]
    dx, dWx, dWh, db = np.zeros((N, T, D)), np.zeros((D, H)), np.zeros((H, H)), np.zeros(H)
    dprev_h = np.zeros((N, H))
    for t in range(T - 1, -1, -1):
        dx[:, t, :], dprev_h, *others = rnn_step_backward(dh[:, t, :] + dprev_h, cache[t])
        for total, part in zip((dWx, dWh, db), others):
            total += part
    return dx, dprev_h, dWx, dWh, db
""",
    "packed gates sliced by H, as in cs231n": """import numpy as np

def sigmoid(x):
    pos_mask, neg_mask = (x >= 0), (x < 0)
    z = np.zeros_like(x)
    z[pos_mask] = np.exp(-x[pos_mask])
    z[neg_mask] = np.exp(x[neg_mask])
    top = np.ones_like(x)
    top[neg_mask] = z[neg_mask]
    return top / (1 + z)

def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    H = prev_h.shape[1]
    a = x.dot(Wx) + prev_h.dot(Wh) + b
    gates = a.copy()
    gates[:, :3 * H] = sigmoid(a[:, :3 * H])
    gates[:, 3 * H:] = np.tanh(a[:, 3 * H:])
    i, f, o, g = (gates[:, k * H:(k + 1) * H] for k in range(4))
    next_c = f * prev_c + i * g
    return o * np.tanh(next_c), next_c, (x, prev_h, prev_c, Wx, Wh, gates, next_c)

def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, Wx, Wh, gates, next_c = cache
    i, f, o, g = np.array_split(gates, 4, axis=1)
    dc = dnext_c + dnext_h * o * (1 - np.tanh(next_c) ** 2)
    da = np.concatenate((dc * g, dc * prev_c, dnext_h * np.tanh(next_c), dc * i), axis=1)
    da *= np.concatenate((i - i ** 2, f - f ** 2, o - o ** 2, 1 - g ** 2), axis=1)
    return da.dot(Wx.T), da.dot(Wh.T), dc * f, x.T.dot(da), prev_h.T.dot(da), da.sum(axis=0)
""",
    "the logsumexp of scipy, a softmax in place": """import numpy as np
from scipy.special import logsumexp

def temporal_softmax_loss(x, y, mask, verbose=False):
    N, T, V = x.shape
    flat, labels, counted = x.reshape(N * T, V), y.reshape(N * T), mask.reshape(N * T)
    log_probs = flat - logsumexp(flat, axis=1, keepdims=True)
    loss = -np.sum(counted * log_probs[np.arange(N * T), labels]) / N
    dx = np.exp(log_probs)
    dx[np.arange(N * T), labels] -= 1
    dx /= N
    dx *= counted[:, None]
    return loss, dx.reshape(N, T, V)
""",
}

HABITS = {
    **ALLOCATION,
    **PRODUCTS,
    **JOINING,
    **ELEMENTWISE,
    **REDUCTIONS,
    **SHAPES,
    **CACHES,
    **PYTHON,
    **CHECKS,
    **OTHERS,
}
ROUNDED = frozenset({"float32 buffers", "astype(np.float32)", "a class over time with float32 buffers"})

ALL_OF_RNN_CELL = {"dxt", "da_prev", "dWax", "dWaa", "dba"}

# What is wrong by so little that float64 mostly rounds it away: the source, and the gradients that are not exact.
WRONG_HABITS = {
    "np.square, the slope times 1 + 1e-12": (
        spoiled(HABITS["np.square"], ("np.square(a_next))", "np.square(a_next)) * (1 + 1e-12)")),
        ALL_OF_RNN_CELL,
    ),
    "np.power, the square times 1 + 1e-15": (
        spoiled(HABITS["np.power"], ("np.power(a_next, 2)", "np.power(a_next, 2) * (1 + 1e-15)")),
        ALL_OF_RNN_CELL,
    ),
    "try and except, an epsilon in the slope": (
        spoiled(HABITS["try and except"], ("(1 - a_next ** 2)", "(1 - a_next ** 2 + 1e-16)")),
        ALL_OF_RNN_CELL,
    ),
    "np.einsum, the bias gradient times 1 + 1e-13": (
        spoiled(
            HABITS["np.einsum"], ('np.einsum("am->a", dz)[:, None]', 'np.einsum("am->a", dz)[:, None] * (1 + 1e-13)')
        ),
        {"dba"},
    ),
    "the mean times m + 1e-12": (spoiled(HABITS["the mean times m"], ("* m}", "* (m + 1e-12)}")), {"dba"}),
    "keepdims=True, 1e-20 of the square added": (
        spoiled(HABITS["keepdims=True"], ("dba.sum(axis=1, keepdims=True)}", "dba + 1e-20 * dba ** 2}")),
        {"dba"},
    ),
    "** 2, 1e-20 of the input added": (
        spoiled(
            HABITS["** 2"], ('np.dot(parameters["Wax"].T, dtanh)', 'np.dot(parameters["Wax"].T, dtanh) + 1e-20 * xt')
        ),
        {"dxt"},
    ),
    "np.newaxis and broadcasting, 1e-18 of the transpose added": (
        spoiled(
            HABITS["np.newaxis and broadcasting"],
            (
                "(dz[:, np.newaxis, :] * a_prev[None]).sum(axis=-1)",
                "(dz[:, np.newaxis, :] * a_prev[None]).sum(axis=-1) + 1e-18 * a_prev @ dz.T",
            ),
        ),
        {"dWaa"},
    ),
    "np.diag and np.diagflat, 1e-18 off the diagonal": (
        spoiled(HABITS["np.diag and np.diagflat as Jacobians"], ("np.eye(n_a) -", "np.eye(n_a) + 1e-18 -")),
        ALL_OF_RNN_CELL,
    ),
    "a buffer of the module, its ones 1 + 1e-14": (
        spoiled(HABITS["a buffer of the module"], ("np.ones((64, 1))", "np.full((64, 1), 1 + 1e-14)")),
        {"dba"},
    ),
    "a dict as cache, 1e-17 of the cotangent added": (
        spoiled(
            HABITS["a dict as cache"],
            ('cache["W"]["Waa"].T @ dz', 'cache["W"]["Waa"].T @ dz + 1e-17 * da_next'),
        ),
        {"da_prev"},
    ),
    "np.zeros and slice assignment, the input gate times 1 + 1e-9": (
        spoiled(HABITS["np.zeros and slice assignment"], ("it * (1 - it)", "it * (1 - it * (1 + 1e-9))")),
        {"dxt", "da_prev", "dWi", "dbi"},
    ),
    "np.where in the sigmoid, an epsilon in the output gate": (
        spoiled(HABITS["np.where in the sigmoid"], ("ot * (1 - ot)", "ot * (1 - ot + 1e-16)")),
        {"dxt", "da_prev", "dWo", "dbo"},
    ),
    "the sigmoid by np.logaddexp, the candidate's square times 1 + 1e-15": (
        spoiled(HABITS["the sigmoid by np.logaddexp"], ("(1 - cct ** 2)", "(1 - (1 + 1e-15) * cct ** 2)")),
        {"dxt", "da_prev", "dWc", "dbc"},
    ),
    "np.multiply with out=, the forget gate times 1 + 1e-11": (
        spoiled(
            HABITS["np.subtract, np.multiply and np.add with out="],
            ("np.multiply(dc, ft)", "np.multiply(dc, ft * (1 + 1e-11))"),
        ),
        {"dc_prev"},
    ),
    "np.zeros_like accumulators and +=, the carry times 1 + 1e-14": (
        spoiled(
            HABITS["np.zeros_like accumulators and +="],
            ('da_prevt = np.dot(parameters["Waa"].T, dz)', 'da_prevt = np.dot(parameters["Waa"].T, dz) * (1 + 1e-14)'),
        ),
        {"dx", "da0", "dWax", "dWaa", "dba"},
    ),
    "list comprehensions over time, 1e-16 of a gradient added to da0": (
        spoiled(
            HABITS["list comprehensions over time"],
            ('"da0": Waa.T @ deltas[0]', '"da0": Waa.T @ deltas[0] + 1e-16 * deltas[0]'),
        ),
        {"da0"},
    ),
    "np.cumsum, a row of ones that is 1 + 1e-13": (
        spoiled(HABITS["np.cumsum"], ("np.ones((1, dz.shape[1]))", "np.ones((1, dz.shape[1])) * (1 + 1e-13)")),
        {"dba"},
    ),
    "np.add.at, each row times 1 + 1e-14": (
        spoiled(HABITS["np.add.at"], ("np.add.at(dW, x, dout)", "np.add.at(dW, x, dout * (1 + 1e-14))")),
        {"dW"},
    ),
    "as in min-char-rnn, 1 - 1e-13 taken from the prediction": (
        spoiled(
            HABITS["one-hot columns in dicts, as in min-char-rnn"],
            ("dy[targets[t]] -= 1", "dy[targets[t]] -= 1 - 1e-13"),
        ),
        {"dWxh", "dWhh", "dWhy", "dbh", "dby"},
    ),
    "a class with params and grads, the bias gradient times 1 + 1e-15": (
        spoiled(HABITS["a class with params and grads"], ("np.sum(dt, axis=0)", "np.sum(dt, axis=0) * (1 + 1e-15)")),
        {"db"},
    ),
    "tuples, as in cs231n, 1e-19 of the weights added": (
        spoiled(HABITS["tuples, as in cs231n"], ("prev_h.T.dot(dscores)", "prev_h.T.dot(dscores) + 1e-19 * Wh")),
        {"dWh"},
    ),
    "packed gates sliced by H, a slope of 1 - (1 + 1e-12) g ** 2": (
        spoiled(HABITS["packed gates sliced by H, as in cs231n"], ("1 - g ** 2", "1 - (1 + 1e-12) * g ** 2")),
        {"dx", "dprev_h", "dWx", "dWh", "db"},
    ),
}
