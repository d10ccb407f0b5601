"""Backpropagation through time over a sequence that is longer than memory: windows in, gradients out.

This is exact BPTT, not the truncated one: what reaches the last state of a window from the windows after it is carried
back.  The forward keeps of every window its input, the cotangent of its hidden states, and the state before it; the
backward takes the windows in reverse order and runs each of them again.  In a directory all of this is on disk, the
gradient dx as well, and memory holds one window with its record.
"""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeAlias, cast

import numpy as np

from ..shapes import Array, check_arrays
from .sequence import Net, State, again, new, zeros
from .workspace import Workspace

Directory: TypeAlias = str | os.PathLike[str]
RESULT = "dx.npy"


class OnDisk:
    """A list of arrays in a file.  Each is read as an np.memmap of its own, which is unmapped when it is dropped."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.arrays: list[tuple[int, tuple[int, ...], Any]] = []

    def append(self, array: Array) -> None:
        with self.path.open("ab") as file:
            self.arrays.append((file.tell(), array.shape, array.dtype))
            np.ascontiguousarray(array).tofile(file)

    def __getitem__(self, number: int) -> Array:
        offset, shape, dtype = self.arrays[number]
        return np.memmap(self.path, dtype, "r", offset, shape)


def stream(
    net: Net,
    windows: Iterable[Array],
    cotangent: Callable[[Array], Array],
    state: State,
    n_x: int,
    weights: Any,
    directory: Directory | None,
) -> tuple[Array, State, Any]:
    """dx (T, n_x, m), the gradients of the first state, and the sums, as `sequence.backward` returns them.

    windows: x (steps, n_x, m), of any number of steps each; cotangent: a function of a window's hidden states a (steps,
    n_a, m) which returns the gradient of the loss with respect to them, called for one window after the other.
    directory: where x, da and the states are kept as long as they are needed, and where dx.npy is left, of which dx is
    an np.memmap; None is memory.  Only NumPy's own arrays are kept in a directory.
    Raises ValueError when there is no window, ValueError or TypeError when a window, or what `cotangent` returns for
    it, does not fit, with the window's number; FileExistsError when the directory has a dx.npy.
    """
    workspace, a0 = Workspace(), state[0]
    sizes = {"n_x": n_x, "n_a": len(a0), "m": a0.shape[1]}
    with ExitStack() as at_end:
        kept: list[Any] = [[] for _ in ("x", "da", *state)]
        part = None
        if directory is not None:
            part = at_end.enter_context(_reserved(Path(directory) / RESULT))
            kept = [OnDisk(part.with_suffix(f".{number}")) for number in range(len(kept))]
        xs, das, *states = kept

        ends, window = [0], cast(Any, None)
        for number, x in enumerate(windows):
            name = f"windows[{number}]"
            check_arrays({"a0": ("n_a", "m"), name: ("steps", "n_x", "m")}, {"a0": a0, name: x}, sizes)
            for arrays, array in zip((xs, *states), (x, *state), strict=True):
                arrays.append(array if part else array.copy())
            window, after = again(net, x, state, weights, workspace)
            da = cotangent(window.hidden[1:].copy())
            name, of_steps = f"what cotangent returned for {name}", {**sizes, "steps": len(x)}
            check_arrays({"a0": ("n_a", "m"), name: ("steps", "n_a", "m")}, {"a0": a0, name: da}, of_steps)
            das.append(da if part else da.copy())
            state = tuple(array.copy() for array in after)
            window = None  # so that the next one may have its record
            ends.append(ends[-1] + len(x))
        if len(ends) == 1:
            raise ValueError("windows is empty; expected at least one array x (steps, n_x, m)")

        shape = ends[-1], n_x, a0.shape[1]
        dx = new(a0, *shape) if part is None else np.lib.format.open_memmap(part, "w+", a0.dtype, shape)
        carry = tuple(zeros(array) for array in state)
        sums = None
        for number in reversed(range(len(ends) - 1)):
            if part is not None:  # mapped anew, so that what was written need not stay in memory
                dx = np.load(part, mmap_mode="r+")
            state = tuple(arrays[number] for arrays in states)
            window, _ = again(net, xs[number], state, weights, workspace)
            dx_of_window = dx[ends[number] : ends[number + 1]]
            carry, sums = net.back(window, (das[number], None), carry, dx_of_window, sums, workspace)
            window = None
        if part is not None:
            del dx, dx_of_window
            os.replace(part, Path(directory) / RESULT)  # type: ignore[arg-type]
            dx = np.load(Path(directory) / RESULT, mmap_mode="r+")  # type: ignore[arg-type]
    return dx, carry, sums


@contextmanager
def _reserved(path: Path) -> Iterator[Path]:
    """A file in a folder of its own beside `path`, to become `path` in the end.

    Until then `path` is an empty file, so that no other call takes the name.  Where nothing took its place it is
    removed, and the folder in any case.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.touch(exist_ok=False)
    except FileExistsError as error:
        raise FileExistsError(f"{path} is there already; expected a directory without one") from error
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, ignore_cleanup_errors=True) as folder:
            yield Path(folder) / path.name
    finally:
        if path.stat().st_size == 0:
            path.unlink()
