from typing import Any, Dict, List, NamedTuple, Tuple

import numpy as np

Array = np.ndarray


class Step(NamedTuple):
    a_next: Array
    a_prev: Array
    xt: Array
    parameters: Dict[str, Array]


def softmax(z: Array) -> Array:
    e = np.exp(z - z.max(axis=0))
    return e / e.sum(axis=0)


def rnn_cell_forward(xt: Array, a_prev: Array, parameters: Dict[str, Array]) -> Tuple[Array, Array, Step]:
    z = parameters["Wax"] @ xt + parameters["Waa"] @ a_prev + parameters["ba"]
    a_next = np.tanh(z)
    yt_pred = softmax(parameters["Wya"] @ a_next + parameters["by"])
    return a_next, yt_pred, Step(a_next, a_prev, xt, parameters)


def rnn_forward(x: Array, a0: Array, parameters: Dict[str, Array]) -> Tuple[Array, Array, Any]:
    a_list: List[Array] = []
    y_list: List[Array] = []
    steps: List[Step] = []
    a_next = a0
    for xt in np.split(x, x.shape[2], axis=2):
        a_next, yt_pred, step = rnn_cell_forward(np.squeeze(xt), a_next, parameters)
        a_list.append(a_next)
        y_list.append(yt_pred)
        steps.append(step)
    return np.stack(a_list, axis=2), np.stack(y_list, axis=2), (steps, x)


def rnn_cell_backward(da_next: Array, cache: Step) -> Dict[str, Array]:
    dz = da_next * (1 - cache.a_next ** 2)
    return {
        "dxt": cache.parameters["Wax"].T @ dz,
        "da_prev": cache.parameters["Waa"].T @ dz,
        "dWax": dz @ cache.xt.T,
        "dWaa": dz @ cache.a_prev.T,
        "dba": dz.sum(axis=1, keepdims=True),
    }


def rnn_backward(da: Array, caches: Any) -> Dict[str, Array]:
    steps, x = caches
    da_next: Array = np.zeros(da.shape[:2])
    collected: List[Dict[str, Array]] = []
    for t in reversed(range(da.shape[2])):
        gradients = rnn_cell_backward(da[:, :, t] + da_next, steps[t])
        da_next = gradients["da_prev"]
        collected.append(gradients)
    collected.reverse()
    return {
        "dx": np.stack([g["dxt"] for g in collected], axis=2),
        "da0": da_next,
        **{name: np.sum([g[name] for g in collected], axis=0) for name in ("dWax", "dWaa", "dba")},
    }
