from typing import Any, Tuple

import numpy as np
from numpy import ndarray


def rnn_step_forward(x: ndarray, prev_h: ndarray, Wx: ndarray, Wh: ndarray, b: ndarray) -> Tuple[ndarray, Any]:
    from_input: ndarray = np.einsum("nd,dh->nh", x, Wx)
    from_state: ndarray = np.einsum("nk,kh->nh", prev_h, Wh)
    next_h: ndarray = np.tanh(from_input + from_state + b[None, :])
    return next_h, dict(next_h=next_h, prev_h=prev_h, x=x, Wh=Wh, Wx=Wx)


def rnn_step_backward(dnext_h: ndarray, cache: Any) -> Tuple[ndarray, ...]:
    d_sum: ndarray = dnext_h * (1.0 - cache["next_h"] ** 2)
    d_x: ndarray = np.einsum("nh,dh->nd", d_sum, cache["Wx"])
    d_prev_h: ndarray = np.einsum("nh,kh->nk", d_sum, cache["Wh"])
    d_Wx: ndarray = np.einsum("nd,nh->dh", cache["x"], d_sum)
    d_Wh: ndarray = np.einsum("nk,nh->kh", cache["prev_h"], d_sum)
    d_b: ndarray = np.sum(d_sum, axis=1)
    return d_x, d_prev_h, d_Wx, d_Wh, d_b
