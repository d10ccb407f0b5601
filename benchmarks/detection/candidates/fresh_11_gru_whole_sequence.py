import numpy as np

einsum = np.einsum


def gate(W, b, below, squash):
    return squash(einsum("ij,jm->im", W, below) + b)


def logistic(v):
    return 1 / (1 + np.exp(-v))


def gru_forward(x, a0, parameters):
    P = parameters
    tape = []
    a, y = [], []
    h = a0
    for t in range(x.shape[2]):
        seen = np.vstack((h, x[:, :, t]))
        z = gate(P["Wz"], P["bz"], seen, logistic)
        r = gate(P["Wr"], P["br"], seen, logistic)
        seen_r = np.vstack((r * h, x[:, :, t]))
        cand = gate(P["Wh"], P["bh"], seen_r, np.tanh)
        tape.append((h, z, r, cand, seen, seen_r))
        h = (1 - z) * h + z * cand
        e = np.exp(einsum("ij,jm->im", P["Wy"], h) + P["by"])
        a.append(h)
        y.append(e / e.sum(axis=0))
    return np.dstack(a), np.dstack(y), (tape, P, x)


def gru_backward(da, caches):
    tape, P, x = caches
    n_a, m, T = da.shape
    Uz, Ur, Uh = P["Wz"][:, :n_a], P["Wr"][:, :n_a], P["Wh"][:, :n_a]
    Vz, Vr, Vh = P["Wz"][:, n_a:], P["Wr"][:, n_a:], P["Wh"][:, n_a:]
    grads = {"d" + name: np.zeros(P[name].shape) for name in ("Wz", "Wr", "Wh", "bz", "br", "bh")}
    dx = np.zeros((x.shape[0], m, T))
    dh = np.zeros((n_a, m))

    for t, (h, z, r, cand, seen, seen_r) in zip(range(T - 1, -1, -1), tape[T - 1::-1]):
        dh = dh + da[:, :, t]

        # through the activations
        d_cand = dh * z * (1 - cand ** 2)
        d_z = dh * (cand - h) * z * (1 - z)
        d_rh = Uh.T @ d_cand
        d_r = d_rh * h * r * (1 - r)

        # parameters
        for name, d, s in (("z", d_z, seen), ("r", d_r, seen), ("h", d_cand, seen_r)):
            grads["dW" + name] += einsum("im,jm->ij", d, s)
            grads["db" + name] += einsum("im->i", d)[:, None]

        # to the input and to the step before
        dx[:, :, t] = Vz.T @ d_z + Vr.T @ d_r + Vh.T @ d_cand
        dh = dh * (1 - z) + Uz.T @ d_z + Ur @ d_r + d_rh * r

    grads["dx"] = dx
    grads["da0"] = dh
    return grads
