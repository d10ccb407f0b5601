"""cuDNN: one layer, one direction, CUDNN_RNN_DOUBLE_BIAS, linear input.

x (T, N, I); hx and cx (1, N, H).  cuDNN hands out its weights one linLayerID at a time: W[k] (H, I) and bW[k] (H,) are
those of linLayerID k, which act on the input, R[k] (H, H) and bR[k] (H,) those of linLayerID G + k, which act on the
hidden state, where G is the number of gates.  The order of the gates is PyTorch's.
"""

from .pytorch import pytorch_gru, pytorch_lstm, pytorch_rnn


def _stacked(W, R, bW, bR):
    """(G, H, I), (G, H, H), (G, H), (G, H) to PyTorch's (GH, I), (GH, H), (GH,), (GH,)."""
    return W.reshape(-1, W.shape[-1]), R.reshape(-1, R.shape[-1]), bW.ravel(), bR.ravel()


def cudnn_rnn(x, hx, W, R, bW, bR):
    """CUDNN_RNN_TANH.  W (1, H, I), R (1, H, H), bW and bR (1, H).  Returns y (T, N, H) and hy (1, N, H)."""
    return pytorch_rnn(x, hx, *_stacked(W, R, bW, bR))


def cudnn_lstm(x, hx, cx, W, R, bW, bR):
    """CUDNN_LSTM: input, forget, new memory, output gate, so W (4, H, I), R (4, H, H), bW and bR (4, H).

    Returns y (T, N, H), hy and cy (1, N, H).
    """
    return pytorch_lstm(x, hx, cx, *_stacked(W, R, bW, bR))


def cudnn_gru(x, hx, W, R, bW, bR):
    """CUDNN_GRU: reset, update, new memory gate, so W (3, H, I), R (3, H, H), bW and bR (3, H).

    h = (1 - i) h' + i h_prev; r multiplies the new memory gate's bR.  Returns y (T, N, H) and hy (1, N, H).
    """
    return pytorch_gru(x, hx, *_stacked(W, R, bW, bR))
