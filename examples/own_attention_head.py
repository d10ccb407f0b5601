# One head of scaled dot-product attention without a mask: every row of X attends to all rows.
import numpy as np


def softmax(S):
    e = np.exp(S - np.max(S, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def attention_head_forward(X, Wq, Wk, Wv):
    """
    X: token vectors, shape (T, D)
    Wq, Wk: projections to queries and keys, shape (D, K)
    Wv: projection to values, shape (D, V)

    Returns out, shape (T, V), and a dict with what the backward needs.
    """
    Q, K, V = X @ Wq, X @ Wk, X @ Wv
    scale = 1.0 / np.sqrt(Wq.shape[1])
    A = softmax(Q @ K.T * scale)
    out = A @ V
    cache = {"X": X, "Q": Q, "K": K, "V": V, "A": A, "Wq": Wq, "Wk": Wk, "Wv": Wv, "scale": scale}
    return out, cache


def attention_head_backward(dout, cache):
    """
    dout: gradient of the loss with respect to out, shape (T, V)

    Returns a dict with dX (T, D), dWq (D, K), dWk (D, K), dWv (D, V).
    """
    X, A, scale = cache["X"], cache["A"], cache["scale"]
    dV = A.T @ dout
    dA = dout @ cache["V"].T
    dS = A * (dA - np.sum(dA * A, axis=-1, keepdims=True))
    dQ = scale * (dS @ cache["K"])
    dK = scale * (dS.T @ cache["Q"])
    dX = dQ @ cache["Wq"].T + dK @ cache["Wk"].T + dV @ cache["Wv"].T
    return {"dX": dX, "dWq": X.T @ dQ, "dWk": X.T @ dK, "dWv": X.T @ dV}
