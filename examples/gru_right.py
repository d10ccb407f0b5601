# A GRU without biases and without predictions, its three matrices called Wu, Wr and Wc.  The two gates are one product,
# a cache is a dict, and a sequence needs no list of caches: what it wants again it stacks along time.
import numpy as np


def squash(z):
    return np.tanh(z * 0.5) * 0.5 + 0.5


def gru_cell_forward(xt, a_prev, parameters):
    below = np.concatenate([a_prev, xt])
    u, r = np.split(squash(np.concatenate([parameters["Wu"], parameters["Wr"]]) @ below), 2)
    candidate = np.tanh(parameters["Wc"] @ np.concatenate([r * a_prev, xt]))
    a_next = a_prev + u * (candidate - a_prev)
    return a_next, dict(x=xt, a=a_prev, u=u, r=r, candidate=candidate, parameters=parameters)


def gru_forward(x, a0, parameters):
    a, steps = a0, []
    for xt in x.transpose(2, 0, 1):
        a, step = gru_cell_forward(xt, a, parameters)
        steps.append(step)
    kept = {name: np.stack([step[name] for step in steps], 2) for name in ("x", "a", "u", "r", "candidate")}
    return np.dstack([kept["a"][..., 1:], a]), (kept, parameters)


def gru_cell_backward(da_next, cache):
    x, a, u, r, candidate, parameters = cache.values()
    n_a = a.shape[0]
    d = {"u": da_next * (candidate - a) * (u - u * u), "c": da_next * u * (1 - candidate) * (1 + candidate)}
    into_reset = np.einsum("ij,im->jm", parameters["Wc"][:, :n_a], d["c"])  # the gradient of r * a
    d["r"] = into_reset * a * (r - r * r)
    read = {"u": (a, x), "r": (a, x), "c": (r * a, x)}
    found = {"dW" + gate: np.hstack([d[gate] @ array.T for array in read[gate]]) for gate in d}
    found["dxt"] = sum(parameters["W" + gate][:, n_a:].T @ d[gate] for gate in d)
    direct = da_next - da_next * u
    found["da_prev"] = direct + into_reset * r + sum(parameters["W" + gate][:, :n_a].T @ d[gate] for gate in "ur")
    return found


def gru_backward(da, caches):
    kept, parameters = caches
    n_a, _, T_x = da.shape
    kept = {name: array[..., :T_x] for name, array in kept.items()}
    x, a, u, r, candidate = kept.values()
    Wu, Wr, Wc = (parameters[name][:, :n_a] for name in ("Wu", "Wr", "Wc"))

    # all that the recursion multiplies with is known before it starts
    slope_u, slope_r, slope_c = (candidate - a) * u * (1 - u), a * r * (1 - r), u * (1 - candidate ** 2)
    d = np.zeros((3, *da.shape))
    later = np.zeros(da.shape[:2])
    for t in range(T_x - 1, -1, -1):
        total = da[..., t] + later
        d[0, ..., t] = total * slope_u[..., t]
        d[2, ..., t] = total * slope_c[..., t]
        into_reset = Wc.T @ d[2, ..., t]
        d[1, ..., t] = into_reset * slope_r[..., t]
        later = total * (1 - u[..., t]) + into_reset * r[..., t] + Wu.T @ d[0, ..., t] + Wr.T @ d[1, ..., t]

    gradients = {"da0": later, "dx": np.zeros(x.shape)}
    for gate, delta, state in zip("urc", d, (a, a, r * a)):
        gradients["dW" + gate] = np.tensordot(delta, np.concatenate([state, x]), ([1, 2], [1, 2]))
        gradients["dx"] += np.tensordot(parameters["W" + gate][:, n_a:], delta, ([0], [0]))
    return gradients
