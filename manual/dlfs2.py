"""The recurrent layers of "Deep Learning from Scratch 2", in that book's classes: the canonical functions, rearranged.

A step is that of manual/rnn.py, manual/lstm.py or manual/gru.py, a block that of the same file in manual/fused/.

Shapes: N examples (rows), T time steps of one block, D inputs, H hidden units, V words, M outputs.
Gates: an LSTM's packed as f forget, g candidate, i input, o output, a GRU's as z update, r reset, h candidate; the
GRU's reset comes before the matrix product, and h_next = (1 - z) * h_prev + z * h~.
Every class has `params`, a list of arrays, and `grads`, a list of arrays of their shapes.  `backward` writes the
gradients into the arrays that are in `grads`, so that they are the ones an optimizer holds; a second `backward` writes
the same ones again, and adds nothing up.
A Time class runs over a block of T steps.  With stateful=True it starts from the state that the block before has left,
or that `set_state` was given; else from zero.  No gradient crosses the border of a block: `backward` takes the state
after the last step to be read by nothing else, and leaves the gradient of the incoming state in `dh` (and `dc`).
Floating arrays are float32 or float64, all of one dtype, and results have that dtype.  `forward` and `backward` raise
ValueError or TypeError when a shape or dtype disagrees, naming the array, and `backward` raises RuntimeError before the
first `forward`.
Source: K. Saitoh, Deep Learning from Scratch 2 (O'Reilly Japan, 2018); the nets' own sources are named in
manual/rnn.py, manual/lstm.py and manual/gru.py.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from . import cs231n, gru, lstm, rnn
from .fused.gru import gru_backward_time_major, gru_forward_time_major
from .fused.lstm import lstm_backward_time_major, lstm_forward_time_major
from .fused.rnn import rnn_backward_time_major, rnn_forward_time_major
from .fused.workspace import Workspace
from .rows import (
    GRU_WEIGHTS,
    LSTM_WEIGHTS,
    RNN_WEIGHTS,
    check_kind,
    check_words,
    examples_first,
    features_first,
    features_last,
    gated_gradients,
    gated_parameters,
    rnn_gradients,
    rnn_parameters,
    time_first,
)
from .shapes import Array, check_arrays

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "TimeAffine",
    "TimeEmbedding",
    "TimeGRU",
    "TimeLSTM",
    "TimeRNN",
    "TimeSoftmaxWithLoss",
]
LSTM_GATES = "fcio"  # the canonical LSTM calls the candidate c
GRU_GATES = "zrh"


class RNN:
    """One step of an RNN.  Wx (D, H); Wh (H, H); b (H,)."""

    def __init__(self, Wx: Array, Wh: Array, b: Array) -> None:
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(param) for param in self.params]
        self.cache: Any = None

    def forward(self, x: Array, h_prev: Array) -> Array:
        """x (N, D); h_prev (N, H).  Returns h_next (N, H)."""
        Wx, Wh, b = self.params
        check_arrays(
            {"x": ("N", "D"), "h_prev": ("N", "H"), **RNN_WEIGHTS},
            {"x": x, "h_prev": h_prev, "Wx": Wx, "Wh": Wh, "b": b},
        )
        a_next, _, cache = rnn.rnn_cell_forward(features_first(x), features_first(h_prev), rnn_parameters(Wx, Wh, b))
        h_next = features_last(a_next)
        self.cache = h_next, cache
        return h_next

    def backward(self, dh_next: Array) -> tuple[Array, Array]:
        """dh_next (N, H).  Returns dx (N, D) and dh_prev (N, H); writes into `grads`."""
        h_next, cache = _of_forward(self.cache)
        check_arrays({"h_next": ("N", "H"), "dh_next": ("N", "H")}, {"h_next": h_next, "dh_next": dh_next})
        gradients = rnn.rnn_cell_backward(features_first(dh_next), cache)
        _write(self.grads, rnn_gradients(gradients))
        return features_last(gradients["dxt"]), features_last(gradients["da_prev"])


class TimeRNN:
    """An RNN over a block of T steps.  Wx (D, H); Wh (H, H); b (H,).

    `h` (N, H) is the last hidden state, `dh` (N, H) the gradient of the first, the incoming one.
    """

    def __init__(self, Wx: Array, Wh: Array, b: Array, stateful: bool = False) -> None:
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(param) for param in self.params]
        self.stateful = stateful
        self.workspace = Workspace()
        self.h: Array | None = None
        self.dh: Array | None = None
        self.cache: Any = None

    def set_state(self, h: Array) -> None:
        """The state (N, H) that the next block starts from, if stateful."""
        self.h = h

    def reset_state(self) -> None:
        """The next block starts from zero."""
        self.h = None

    def forward(self, xs: Array) -> Array:
        """xs (N, T, D).  Returns hs (N, T, H)."""
        Wx, Wh, b = self.params
        sizes = check_arrays({"xs": ("N", "T", "D"), **RNN_WEIGHTS}, {"xs": xs, "Wx": Wx, "Wh": Wh, "b": b})
        h = _incoming("h", self.h if self.stateful else None, xs, sizes)
        parameters = rnn_parameters(Wx, Wh, b)
        self.cache = None  # the buffers of the block before serve this one
        a, caches = rnn_forward_time_major(time_first(xs), features_first(h), parameters, workspace=self.workspace)
        hs = examples_first(a)
        self.h = hs[:, -1].copy()
        self.cache = hs, caches
        return hs

    def backward(self, dhs: Array) -> Array:
        """dhs (N, T, H).  Returns dxs (N, T, D); writes into `grads` and sets `dh`."""
        hs, caches = _of_forward(self.cache)
        check_arrays({"hs": ("N", "T", "H"), "dhs": ("N", "T", "H")}, {"hs": hs, "dhs": dhs})
        gradients = rnn_backward_time_major(time_first(dhs), caches)
        _write(self.grads, rnn_gradients(gradients))
        self.dh = features_last(gradients["da0"])
        return examples_first(gradients["dx"])


class LSTM:
    """One step of an LSTM.  Wx (D, 4H); Wh (H, 4H); b (4H,)."""

    def __init__(self, Wx: Array, Wh: Array, b: Array) -> None:
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(param) for param in self.params]
        self.cache: Any = None

    def forward(self, x: Array, h_prev: Array, c_prev: Array) -> tuple[Array, Array]:
        """x (N, D); h_prev and c_prev (N, H).  Returns h_next and c_next (N, H)."""
        Wx, Wh, b = self.params
        check_arrays(
            {"x": ("N", "D"), "h_prev": ("N", "H"), "c_prev": ("N", "H"), **LSTM_WEIGHTS},
            {"x": x, "h_prev": h_prev, "c_prev": c_prev, "Wx": Wx, "Wh": Wh, "b": b},
        )
        a_next, c_next, _, cache = lstm.lstm_cell_forward(
            features_first(x), features_first(h_prev), features_first(c_prev), gated_parameters(Wx, Wh, b, LSTM_GATES)
        )
        h_next = features_last(a_next)
        self.cache = h_next, cache
        return h_next, features_last(c_next)

    def backward(self, dh_next: Array, dc_next: Array) -> tuple[Array, Array, Array]:
        """dh_next and dc_next (N, H).  Returns dx (N, D), dh_prev and dc_prev (N, H); writes into `grads`."""
        h_next, cache = _of_forward(self.cache)
        check_arrays(
            {"h_next": ("N", "H"), "dh_next": ("N", "H"), "dc_next": ("N", "H")},
            {"h_next": h_next, "dh_next": dh_next, "dc_next": dc_next},
        )
        gradients = lstm.lstm_cell_backward(features_first(dh_next), features_first(dc_next), cache)
        _write(self.grads, gated_gradients(gradients, LSTM_GATES))
        dx, dh_prev, dc_prev = (features_last(gradients[name]) for name in ("dxt", "da_prev", "dc_prev"))
        return dx, dh_prev, dc_prev


class TimeLSTM:
    """An LSTM over a block of T steps.  Wx (D, 4H); Wh (H, 4H); b (4H,).

    `h` and `c` (N, H) are the last hidden and cell state, `dh` and `dc` (N, H) the gradients of the first, the
    incoming ones.  The book has no `dc`.
    """

    def __init__(self, Wx: Array, Wh: Array, b: Array, stateful: bool = False) -> None:
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(param) for param in self.params]
        self.stateful = stateful
        self.workspace = Workspace()
        self.h: Array | None = None
        self.c: Array | None = None
        self.dh: Array | None = None
        self.dc: Array | None = None
        self.cache: Any = None

    def set_state(self, h: Array, c: Array | None = None) -> None:
        """The states (N, H) that the next block starts from, if stateful; a cell state of None is zero."""
        self.h, self.c = h, c

    def reset_state(self) -> None:
        """The next block starts from zero."""
        self.h, self.c = None, None

    def forward(self, xs: Array) -> Array:
        """xs (N, T, D).  Returns hs (N, T, H)."""
        Wx, Wh, b = self.params
        sizes = check_arrays({"xs": ("N", "T", "D"), **LSTM_WEIGHTS}, {"xs": xs, "Wx": Wx, "Wh": Wh, "b": b})
        h = _incoming("h", self.h if self.stateful else None, xs, sizes)
        c = _incoming("c", self.c if self.stateful else None, xs, sizes)
        parameters = gated_parameters(Wx, Wh, b, LSTM_GATES)
        self.cache = None
        a, c_last, caches = lstm_forward_time_major(
            time_first(xs), features_first(h), parameters, features_first(c), workspace=self.workspace
        )
        hs = examples_first(a)
        self.h, self.c = hs[:, -1].copy(), features_last(c_last)
        self.cache = hs, caches
        return hs

    def backward(self, dhs: Array) -> Array:
        """dhs (N, T, H).  Returns dxs (N, T, D); writes into `grads` and sets `dh` and `dc`."""
        hs, caches = _of_forward(self.cache)
        check_arrays({"hs": ("N", "T", "H"), "dhs": ("N", "T", "H")}, {"hs": hs, "dhs": dhs})
        gradients = lstm_backward_time_major(time_first(dhs), caches)
        _write(self.grads, gated_gradients(gradients, LSTM_GATES))
        self.dh, self.dc = features_last(gradients["da0"]), features_last(gradients["dc0"])
        return examples_first(gradients["dx"])


class GRU:
    """One step of a GRU.  Wx (D, 3H); Wh (H, 3H); b (3H,)."""

    def __init__(self, Wx: Array, Wh: Array, b: Array) -> None:
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(param) for param in self.params]
        self.cache: Any = None

    def forward(self, x: Array, h_prev: Array) -> Array:
        """x (N, D); h_prev (N, H).  Returns h_next (N, H)."""
        Wx, Wh, b = self.params
        check_arrays(
            {"x": ("N", "D"), "h_prev": ("N", "H"), **GRU_WEIGHTS},
            {"x": x, "h_prev": h_prev, "Wx": Wx, "Wh": Wh, "b": b},
        )
        parameters = gated_parameters(Wx, Wh, b, GRU_GATES)
        a_next, _, cache = gru.gru_cell_forward(features_first(x), features_first(h_prev), parameters)
        h_next = features_last(a_next)
        self.cache = h_next, cache
        return h_next

    def backward(self, dh_next: Array) -> tuple[Array, Array]:
        """dh_next (N, H).  Returns dx (N, D) and dh_prev (N, H); writes into `grads`."""
        h_next, cache = _of_forward(self.cache)
        check_arrays({"h_next": ("N", "H"), "dh_next": ("N", "H")}, {"h_next": h_next, "dh_next": dh_next})
        gradients = gru.gru_cell_backward(features_first(dh_next), cache)
        _write(self.grads, gated_gradients(gradients, GRU_GATES))
        return features_last(gradients["dxt"]), features_last(gradients["da_prev"])


class TimeGRU:
    """A GRU over a block of T steps.  Wx (D, 3H); Wh (H, 3H); b (3H,).

    `h` (N, H) is the last hidden state, `dh` (N, H) the gradient of the first, the incoming one.
    """

    def __init__(self, Wx: Array, Wh: Array, b: Array, stateful: bool = False) -> None:
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(param) for param in self.params]
        self.stateful = stateful
        self.workspace = Workspace()
        self.h: Array | None = None
        self.dh: Array | None = None
        self.cache: Any = None

    def set_state(self, h: Array) -> None:
        """The state (N, H) that the next block starts from, if stateful."""
        self.h = h

    def reset_state(self) -> None:
        """The next block starts from zero."""
        self.h = None

    def forward(self, xs: Array) -> Array:
        """xs (N, T, D).  Returns hs (N, T, H)."""
        Wx, Wh, b = self.params
        sizes = check_arrays({"xs": ("N", "T", "D"), **GRU_WEIGHTS}, {"xs": xs, "Wx": Wx, "Wh": Wh, "b": b})
        h = _incoming("h", self.h if self.stateful else None, xs, sizes)
        parameters = gated_parameters(Wx, Wh, b, GRU_GATES)
        self.cache = None
        a, caches = gru_forward_time_major(time_first(xs), features_first(h), parameters, workspace=self.workspace)
        hs = examples_first(a)
        self.h = hs[:, -1].copy()
        self.cache = hs, caches
        return hs

    def backward(self, dhs: Array) -> Array:
        """dhs (N, T, H).  Returns dxs (N, T, D); writes into `grads` and sets `dh`."""
        hs, caches = _of_forward(self.cache)
        check_arrays({"hs": ("N", "T", "H"), "dhs": ("N", "T", "H")}, {"hs": hs, "dhs": dhs})
        gradients = gru_backward_time_major(time_first(dhs), caches)
        _write(self.grads, gated_gradients(gradients, GRU_GATES))
        self.dh = features_last(gradients["da0"])
        return examples_first(gradients["dx"])


class TimeEmbedding:
    """The row of W that each word names.  W (V, D)."""

    def __init__(self, W: Array) -> None:
        self.params = [W]
        self.grads = [np.zeros_like(W)]
        self.cache: cs231n.WordEmbeddingCache | None = None

    def forward(self, xs: Array) -> Array:
        """xs (N, T), integers from 0 to V-1.  Returns out (N, T, D)."""
        (W,) = self.params
        check_words("xs", xs, check_arrays({"W": ("V", "D")}, {"W": W})["V"])
        out, self.cache = cs231n.word_embedding_forward(xs, W)
        return out

    def backward(self, dout: Array) -> None:
        """dout (N, T, D).  Returns None, since words have no gradient; writes into `grads`, repeated words added up."""
        _write(self.grads, [cs231n.word_embedding_backward(dout, _of_forward(self.cache))])


class TimeAffine:
    """The same affine layer at every time step.  W (D, M); b (M,)."""

    def __init__(self, W: Array, b: Array) -> None:
        self.params = [W, b]
        self.grads = [np.zeros_like(param) for param in self.params]
        self.cache: cs231n.TemporalAffineCache | None = None

    def forward(self, x: Array) -> Array:
        """x (N, T, D).  Returns out (N, T, M)."""
        W, b = self.params
        check_arrays({"x": ("N", "T", "D"), "W": ("D", "M"), "b": ("M",)}, {"x": x, "W": W, "b": b})
        out, self.cache = cs231n.temporal_affine_forward(x, W, b)
        return out

    def backward(self, dout: Array) -> Array:
        """dout (N, T, M).  Returns dx (N, T, D); writes into `grads`."""
        dx, *gradients = cs231n.temporal_affine_backward(dout, _of_forward(self.cache))
        _write(self.grads, gradients)
        return dx


class TimeSoftmaxWithLoss:
    """Softmax cross-entropy, averaged over the words whose label is not `ignore_label`."""

    def __init__(self) -> None:
        self.params: list[Array] = []
        self.grads: list[Array] = []
        self.ignore_label = -1
        self.cache: Array | None = None

    def forward(self, xs: Array, ts: Array) -> Any:
        """xs (N, T, V), scores; ts: the labels, integers (N, T) from 0 to V-1 or `ignore_label`, or one-hot (N, T, V).

        Returns the loss, a scalar.  Raises ValueError when every label is ignored: no words have no mean.
        """
        sizes = check_arrays({"xs": ("N", "T", "V")}, {"xs": xs})
        labels = _labels(ts, sizes) if isinstance(ts, np.ndarray) and ts.ndim == 3 else ts
        mask = labels != self.ignore_label
        check_words("ts", labels, sizes["V"], sizes, counted=mask)
        if not mask.any():
            raise ValueError(f"every label of ts is {self.ignore_label}, which is ignored; expected at least one other")
        loss, dx = cs231n.temporal_softmax_loss(xs, labels, mask)
        examples_a_word = xs.shape[0] / int(mask.sum())  # there the mean is over examples
        self.cache = examples_a_word * dx
        return examples_a_word * loss

    def backward(self, dout: float = 1) -> Array:
        """dout: the gradient of the loss, a number.  Returns dx (N, T, V)."""
        dx = _of_forward(self.cache)
        return np.asarray(dout, dtype=dx.dtype) * dx


def _of_forward(cache: Any) -> Any:
    if cache is None:
        raise RuntimeError("backward was called before forward; it needs what forward has kept")
    return cache


def _incoming(name: str, state: Array | None, xs: Array, sizes: Mapping[str, int]) -> Array:
    """The state (N, H) that a block starts from: `state`, checked, or zero."""
    if state is None:
        return np.zeros((sizes["N"], sizes["H"]), dtype=xs.dtype)
    check_arrays({"xs": ("N", "T", "D"), name: ("N", "H")}, {"xs": xs, name: state}, sizes)
    return state


def _labels(ts: Array, sizes: Mapping[str, int]) -> Array:
    """The labels (N, T) of one-hot ts (N, T, V)."""
    check_kind("ts", ts, "biuf", "one-hot numbers", ("N", "T", "V"), sizes)
    one_hot = ((ts == 0) | (ts == 1)).all(axis=2) & (np.count_nonzero(ts, axis=2) == 1)
    if not one_hot.all():
        n, t = np.argwhere(~one_hot)[0]
        raise ValueError(f"ts[{n}, {t}] is not one-hot; expected a single 1 among zeros")
    return ts.argmax(axis=2)


def _write(grads: Iterable[Array], gradients: Iterable[Array]) -> None:
    """In place: an optimizer holds these very arrays."""
    for grad, gradient in zip(grads, gradients, strict=True):
        grad[...] = gradient
