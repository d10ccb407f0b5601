"""Character language model, derived in notes/char_rnn.md; the tags (C1)... are its equation numbers.

The net is that of rnn.py with one example, whose inputs and targets are characters, under the names of Karpathy's
min-char-rnn (2015).  Dimensions: V characters, H hidden units, T characters in a window.
`d<name>` is the gradient of the loss with respect to <name> and has its shape.
Arrays are float32 or float64, all of one dtype, and results have that dtype.

    python -m manual.char_rnn --help
"""

import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from .activations import softmax
from .fused.rnn import rnn_backward, rnn_forward_time_major
from .losses import cross_entropy_backward, cross_entropy_forward
from .optimizers import adagrad, clip_by_value, initialize_adagrad
from .shapes import Array, check_arrays

Parameters: TypeAlias = Mapping[str, Any]  # arrays, under the keys of PARAMETERS

PARAMETERS = {"Wxh": ("H", "V"), "Whh": ("H", "H"), "Why": ("V", "H"), "bh": ("H", "1"), "by": ("V", "1")}
LIMIT = 5.0  # of a gradient's entries, in training
TEXT = Path(__file__).with_name("char_rnn_text.txt")


def loss_fun(
    inputs: Sequence[int] | Array,
    targets: Sequence[int] | Array,
    hprev: Array,
    Wxh: Array,
    Whh: Array,
    Why: Array,
    bh: Array,
    by: Array,
) -> tuple[Any, Array, Array, Array, Array, Array, Array]:
    """Loss over a window of characters, its gradients, and the hidden state that the next window starts from.

    inputs, targets: T indices of characters each, 0 to V-1; hprev (H, 1), which no gradient goes through;
    Wxh (H, V), Whh (H, H), Why (V, H), bh (H, 1), by (V, 1).
    Returns the loss, summed over the characters, then dWxh, dWhh, dWhy, dbh, dby, not clipped, and the last hidden
    state (H, 1).  ``functools.partial(loss_fun, Wxh=Wxh, ...)`` is the lossFun(inputs, targets, hprev) of min-char-rnn.
    Raises ValueError or TypeError for indices out of range, no or unequally many of them, and shapes that disagree.
    Source: Karpathy (2015), min-char-rnn.
    """
    arrays = {"hprev": hprev, "Wxh": Wxh, "Whh": Whh, "Why": Why, "bh": bh, "by": by}
    V = check_arrays({"hprev": ("H", "1"), **PARAMETERS}, arrays)["V"]
    x, y = one_hot("inputs", inputs, V, hprev.dtype), one_hot("targets", targets, V, hprev.dtype)
    if x.shape != y.shape:
        raise ValueError(f"targets has {y.shape[2]} characters; expected {x.shape[2]}, one for each of inputs")

    parameters: Any = {"Wax": Wxh, "Waa": Whh, "ba": bh}
    steps, caches = rnn_forward_time_major(x.transpose(2, 0, 1), hprev, parameters)  # (C1)
    h = steps.transpose(1, 2, 0)
    loss, _, cache = cross_entropy_forward(h, y, Why, by)  # (C2) (C3) (C4)
    layer = cross_entropy_backward(cache)  # (C5) (C6) (C7)
    net = rnn_backward(layer["da"], caches)  # (C8) (C9) (C10) (C11) (C12) (C13)
    return loss, net["dWax"], net["dWaa"], layer["dW"], net["dba"], layer["db"], h[:, :, -1].copy()


def one_hot(name: str, indices: Sequence[int] | Array, V: int, dtype: Any) -> Array:
    """(V, 1, T) of T indices: column t is 1 in the row of character t.  ValueError or TypeError, with their name."""
    indices = np.asarray(indices)
    if indices.ndim != 1 or indices.size == 0:
        raise ValueError(f"{name} has shape {indices.shape}; expected a list of at least one character index")
    if indices.dtype.kind not in "iu":
        raise TypeError(f"{name} has dtype {indices.dtype}; expected integers, the indices of characters")
    outside = np.flatnonzero((indices < 0) | (indices >= V))
    if outside.size:
        t = outside[0]
        raise ValueError(f"{name}[{t}] is {indices[t]}; expected 0 to {V - 1}, one of V={V} characters")
    columns = np.zeros((V, 1, indices.size), dtype=dtype)
    columns[indices, 0, np.arange(indices.size)] = 1
    return columns


class RNN:
    """The net one step at a time.  It keeps its hidden state h (H, 1), which starts at zero.

    Takes Wxh (H, I), Whh (H, H), Why (O, H), bh (H, 1), by (O, 1), so that ``RNN(**parameters)`` works, and calls them
    W_xh, W_hh, W_hy, b_h, b_y.  I and O may differ: ``rnn2.step(rnn1.step(x))`` is a deep net.
    """

    def __init__(self, Wxh: Array, Whh: Array, Why: Array, bh: Array, by: Array) -> None:
        shapes = {**PARAMETERS, "Wxh": ("H", "I"), "Why": ("O", "H"), "by": ("O", "1")}
        check_arrays(shapes, {"Wxh": Wxh, "Whh": Whh, "Why": Why, "bh": bh, "by": by})
        self.W_xh, self.W_hh, self.W_hy, self.b_h, self.b_y = Wxh, Whh, Why, bh, by
        self.reset()

    def reset(self) -> None:
        self.h = np.zeros_like(self.b_h)

    def step(self, x: Array) -> Array:
        """Scores y of one input x (I, 1); x may be a vector (I,), and y is one then."""
        xt = x[:, np.newaxis] if np.ndim(x) == 1 else x
        check_arrays({"W_xh": ("H", "I"), "x": ("I", "1")}, {"W_xh": self.W_xh, "x": xt})

        self.h = np.tanh(self.W_xh @ xt + self.W_hh @ self.h + self.b_h)  # (C1)
        y = self.W_hy @ self.h + self.b_y  # (C2)
        return y[:, 0] if np.ndim(x) == 1 else y


def sample(
    hprev: Array,
    seed_index: int,
    n: int,
    Wxh: Array,
    Whh: Array,
    Why: Array,
    bh: Array,
    by: Array,
    rng: np.random.Generator,
    temperature: float = 1.0,
) -> Array:
    """Draw n characters that follow the character seed_index after the hidden state hprev (H, 1).

    A temperature below 1 prefers the probable characters, one above 1 evens them out; at 0, the limit, the most
    probable character is taken and rng is not used.  Returns n indices.  Weights as in `loss_fun`.
    Raises ValueError or TypeError for an index out of range, a shape that disagrees, a negative n or temperature.
    """
    arrays = {"hprev": hprev, "Wxh": Wxh, "Whh": Whh, "Why": Why, "bh": bh, "by": by}
    V = check_arrays({"hprev": ("H", "1"), **PARAMETERS}, arrays)["V"]
    xt = one_hot("seed_index", [seed_index], V, hprev.dtype)[:, :, 0]
    if n < 0:
        raise ValueError(f"n is {n}; expected a number of characters, at least 0")
    if not 0 <= temperature < math.inf:
        raise ValueError(f"temperature is {temperature}; expected a finite number, at least 0")

    net, drawn = RNN(Wxh, Whh, Why, bh, by), []
    net.h = hprev
    for _ in range(n):
        y = net.step(xt)[:, 0].astype(np.float64)
        if temperature == 0:
            index = int(y.argmax())
        else:
            with np.errstate(over="ignore"):  # a difference over a tiny temperature: minus infinity is right
                index = int(rng.choice(V, p=softmax((y - y.max()) / temperature)))  # (C16)
        drawn.append(index)
        xt = one_hot("index", [index], V, hprev.dtype)[:, :, 0]
    return np.array(drawn, dtype=np.int64)


def vocabulary_of(text: str) -> str:
    """The distinct characters of a text, sorted, so that an index means the same in every run.

    Raises ValueError when there are fewer than two: nothing could be learned.
    """
    vocabulary = "".join(sorted(set(text)))
    if len(vocabulary) < 2:
        raise ValueError(f"the text has {len(text)} characters, {len(vocabulary)} distinct; expected 2 distinct ones")
    return vocabulary


def encode(text: str, vocabulary: str) -> Array:
    """The index in the vocabulary of every character.  ValueError for a character that is not in it, naming it."""
    index = {character: i for i, character in enumerate(vocabulary)}
    for position, character in enumerate(text):
        if character not in index:
            known = f"the {len(vocabulary)} characters of the vocabulary"
            raise ValueError(f"character {character!r} at position {position} of the text is not among {known}")
    return np.array([index[character] for character in text], dtype=np.int64)


def decode(indices: Sequence[int] | Array, vocabulary: str) -> str:
    """The text of which `encode` gives these indices."""
    return "".join(vocabulary[index] for index in indices)


class State(NamedTuple):
    """All that training changes."""

    step: int  # how many were taken
    position: int  # in the text, where the next window starts
    hprev: Array  # (H, 1), from which it starts
    parameters: Parameters
    memory: Parameters  # Adagrad's, under "dWxh" and so on
    smooth_loss: float


def initial_state(V: int, hidden_size: int, seq_length: int, rng: np.random.Generator) -> State:
    """Weights of standard deviation 0.01, biases of zero; the loss of guessing evenly among V characters."""
    sizes = {"V": V, "H": hidden_size, "1": 1}
    shapes = {name: tuple(sizes[dimension] for dimension in PARAMETERS[name]) for name in PARAMETERS}
    parameters = {name: 0.01 * rng.standard_normal(shapes[name]) for name in ("Wxh", "Whh", "Why")}
    parameters |= {name: np.zeros(shapes[name]) for name in ("bh", "by")}
    hprev = np.zeros((hidden_size, 1))
    return State(0, 0, hprev, parameters, initialize_adagrad(parameters), math.log(V) * seq_length)


def training_step(data: Array, state: State, seq_length: int = 25, learning_rate: float = 0.1) -> State:
    """The state after one window of seq_length characters of `data`, a text's indices, and one step of Adagrad.

    At the end of the text training goes on at its beginning, with a hidden state of zero.
    Raises ValueError when the text is shorter than a window.
    """
    check_window(len(data), seq_length)
    position, hprev = state.position, state.hprev
    if position + seq_length + 1 > len(data):
        position, hprev = 0, np.zeros_like(hprev)
    end = position + seq_length

    inputs, targets = data[position:end], data[position + 1 : end + 1]
    loss, *gradients, h_last = loss_fun(inputs, targets, hprev, **state.parameters)
    clipped = clip_by_value({f"d{name}": g for name, g in zip(PARAMETERS, gradients, strict=True)}, LIMIT)
    parameters, memory = adagrad(state.parameters, clipped, state.memory, learning_rate)
    smooth_loss = 0.999 * state.smooth_loss + 0.001 * float(loss)  # (C15)
    return State(state.step + 1, end, h_last, parameters, memory, smooth_loss)  # (C14)


def train(data: Array, state: State, seq_length: int = 25, learning_rate: float = 0.1) -> Iterator[State]:
    """The states that `training_step` gives one after another, without end.  They share no arrays that change."""
    while True:
        state = training_step(data, state, seq_length, learning_rate)
        yield state


def check_window(length: int, seq_length: int) -> None:
    """Raise ValueError when a text of this length has no window and the character after it."""
    if length < seq_length + 1:
        raise ValueError(
            f"the text has {length} characters; expected at least {seq_length + 1}: a window of {seq_length} and the "
            "character after it"
        )


if __name__ == "__main__":
    from .char_rnn_command import main

    sys.exit(main())
