"""What the three nets do alike with a sequence: whole, or in windows of which only the first state is kept.

A net is two functions on a window of steps.  `run` computes its hidden states, and the record that `back` reads.
`back` takes the cotangents of the states, and the carry: what reaches the last state of the window from the windows
after it.  It returns the carry for the window before, and adds to the sums, the gradients of the weights.  The state of
a net is a tuple, (a,) or (a, c), and so is the carry, (da,) or (da, dc).

Time comes first, and step t of every array is one block (rows, m): columns are examples.

Checkpointing keeps the state before every k-th step.  When the backward reaches a window it computes the window's
record again: T / k states and the record of k steps are held, least at k = sqrt(T), at the price of one more forward.
Source: Chen et al. (2016, arXiv:1604.06174), section 4.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from ..shapes import Array, check_parameters, check_steps
from .workspace import Workspace, given_or_new

State: TypeAlias = tuple[Array, ...]
COLUMNS = 512  # of one product: the steps of a chunk times the examples


class Window(NamedTuple):
    """What `back` reads of a window."""

    x: Array  # (steps, n_x, m)
    hidden: Array  # (steps + 1, n_a, m), beginning with the state before
    record: Any
    weights: Any


class Net(NamedTuple):
    name: str
    run: Callable[..., tuple[Window, State]]  # (x, state, weights, hidden, workspace) → window, the state after it
    back: Callable[..., tuple[State, Any]]  # (window, cotangents, carry, dx, sums, workspace) → carry, sums


class Kept(NamedTuple):
    """What the backward of a sequence needs of its forward: the first entry of the caches, whose second is x."""

    net: Net
    x: Array  # (T, n_x, m)
    whole: Window | None  # the only window, or None where windows are run again
    states: list[State]  # before every window
    size: int  # steps of a window
    weights: Any
    workspace: Workspace | None


def forward(
    net: Net,
    x: Array,
    state: State,
    weights: Any,
    checkpoint: int | bool | None,
    workspace: Workspace | None,
    each: Callable[[slice, Window], None] | None = None,
) -> tuple[Array, State, Kept]:
    """Hidden states a (T, n_a, m), the state after the last step, and what `backward` reads.

    x (T, n_x, m).  `each` is shown every window, whose record the next one overwrites.
    """
    T = len(x)
    size = window_size(T, checkpoint)
    held = given_or_new(workspace)
    hidden = empty(held, "hidden", x, T + 1, *state[0].shape)
    hidden[0] = state[0]
    window, states = None, []
    for steps in windows(T, size):
        window = None  # so that the next one may have its record
        state = tuple(array.copy() for array in state)
        states.append(state)
        window, state = net.run(x[steps], state, weights, hidden[steps.start : steps.stop + 1], held)
        if each is not None:
            each(steps, window)
    state = tuple(array.copy() for array in state)
    whole = window if size == T else None
    set_writeable(hidden, whole is None)
    return hidden[1:], state, Kept(net, x, whole, states, size, weights, workspace)


def backward(kept: Kept, da: Array, dc: Array | None = None) -> tuple[Array, State, Any]:
    """dx (T, n_x, m), the gradients of the first state, and the sums.

    da and dc (T, n_a, m), with no more steps than x: the cotangents of every hidden and, if any, of every cell state.
    """
    x = kept.x
    check_steps("da", len(da), len(x))
    held = given_or_new(kept.workspace)
    dx = empty(held, "dx", x, len(da), *x.shape[1:])
    carry = tuple(zeros(array) for array in kept.states[0])
    window, sums = None, None
    for steps in reversed(windows(len(da), kept.size)):
        window = None  # so that the next one may have its record
        state = kept.states[steps.start // kept.size]
        window = kept.whole or again(kept.net, x[steps], state, kept.weights, held)[0]
        of_window = da[steps], None if dc is None else dc[steps]
        carry, sums = kept.net.back(window, of_window, carry, dx[steps], sums, held)
    return dx, carry, sums


def again(net: Net, x: Array, state: State, weights: Any, workspace: Workspace) -> tuple[Window, State]:
    """The window of these steps, run from the state before it, and the state after it."""
    hidden = empty(workspace, "hidden of a window", x, len(x) + 1, *state[0].shape)
    hidden[0] = state[0]
    return net.run(x, state, weights, hidden, workspace)


def window_size(T: int, checkpoint: int | bool | None) -> int:
    """Steps of a window: T for None or False, ceil(sqrt(T)) for True, else `checkpoint` itself.

    Raises TypeError for what is no whole number, ValueError for one below 1.
    """
    if checkpoint is None or checkpoint is False:
        return T
    if checkpoint is True:
        return math.isqrt(T - 1) + 1
    if not isinstance(checkpoint, (int, np.integer)):
        raise TypeError(f"checkpoint is {checkpoint!r}; expected None, False, True, or a whole number of steps")
    if checkpoint < 1:
        raise ValueError(f"checkpoint is {checkpoint}; expected at least 1 step")
    return min(int(checkpoint), T)


def windows(T: int, size: int) -> list[slice]:
    """The steps of a sequence in windows of `size` steps, in order; the last one may be shorter."""
    return [slice(start, min(start + size, T)) for start in range(0, T, size)]


def chunks(T: int, m: int) -> list[slice]:
    """The steps of a window in chunks of at most COLUMNS columns, or of one step; all equal but for the last.

    What needs no loop over the steps is computed for a chunk at once: so few steps that they are still in the
    processor's cache when the loop reads them, so many that the product for the weights' gradients is a large one.
    """
    return windows(T, math.ceil(T / math.ceil(T * m / COLUMNS)))


def side_by_side(buffer: Array, *blocks: Array) -> Array:
    """Blocks (steps, rows, m), one below the other, with the columns of all steps in a row: (all rows, steps * m)."""
    steps, _, m = blocks[0].shape
    rows = sum(block.shape[1] for block in blocks)
    columns = buffer[: rows * steps * m].reshape(rows, steps, m)
    top = 0
    for block in blocks:
        columns[top : top + block.shape[1]] = block.transpose(1, 0, 2)
        top += block.shape[1]
    return columns.reshape(rows, steps * m)


def accumulate(workspace: Workspace, name: str, total: Array | None, left: Array, right: Array) -> Array:
    """total + left @ right.T, in place; None is zero."""
    shape = len(left), len(right)
    if total is None:
        return np.dot(left, right.T, empty(workspace, name, left, *shape))
    return np.add(total, np.dot(left, right.T, empty(workspace, f"{name}, more", left, *shape)), total)


def transposed(buffer: Array, m: int, matrix: Array) -> Array:
    """matrix.T as BLAS reads it best: for one column in the order of the matrix itself, for more in that of rows."""
    if m == 1:
        rows = buffer.reshape(matrix.shape)
        rows[...] = matrix
        return rows.T
    columns = buffer.reshape(matrix.shape[::-1])
    columns[...] = matrix.T
    return columns


def new(like: Array, *shape: int) -> Array:
    """An array of the kind and dtype of `like`, its memory in the order of its axes, whatever that of `like` is."""
    return np.empty_like(like, shape=shape, order="C")


def constant(like: Array, value: float) -> Array:
    """A number as an array without axes, of the kind and dtype of `like`: quicker in a ufunc than Python's number."""
    array = new(like, 1)
    array[...] = value
    return array.reshape(())


def zeros(like: Array) -> Array:
    """Zeros of the kind, dtype and shape of `like`."""
    array = new(like, *like.shape)
    array[...] = 0
    return array


def empty(workspace: Workspace, name: str, like: Array, *shape: int) -> Array:
    """A buffer of the workspace, of the kind and dtype of `like`."""
    array = workspace.take(name, (shape, like.dtype, type(like)), lambda: new(like, *shape))
    set_writeable(array, True)
    return array


def set_writeable(array: Array, writeable: bool) -> None:
    """Hidden states are returned and are in the caches too: read-only, since to write there would spoil gradients."""
    if isinstance(array, np.ndarray):  # CuPy has no such flag
        array.flags.writeable = writeable


def kept_of(caches: Any, *nets: Net) -> Kept:
    """The first entry of the caches of a forward of one of these nets.  Raises TypeError for any others."""
    if not isinstance(caches, (tuple, list)) or len(caches) != 2 or not isinstance(caches[0], Kept):
        raise TypeError(f"caches are not those of a fused forward; expected those that the {nets[0].name}'s returned")
    if caches[0].net.name not in [net.name for net in nets]:
        raise TypeError(f"caches are those of a fused {caches[0].net.name}; expected those of {nets[0].name}")
    return caches[0]


def inputs_of(parameters: Any, name: str, n_a: int, a0: Array) -> int:
    """n_x by the columns of a weight that acts on n_a hidden units besides; n_a is 0 where it acts on inputs alone."""
    check_parameters({name: ("n_a", "columns")}, parameters, a0, {"n_a": len(a0)})
    n_x: int = parameters[name].shape[1] - n_a
    if n_x < 1:
        shape = f"(n_a, n_a+n_x) with n_a={n_a}, every size at least 1"
        raise ValueError(f'parameters["{name}"] has shape {parameters[name].shape}; expected {shape}')
    return n_x
