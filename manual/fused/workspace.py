"""Buffers that a caller keeps between calls."""

import sys
import sysconfig
import threading
from collections.abc import Callable, Hashable
from typing import Any

SPARE = 2  # of a shape: the results of the last call are still held while those of the next one are made
SHAPES = 4  # of a name: the last window of a sequence is shorter than the others


class Workspace:
    """Buffers of the nets in this folder, kept by their caller, so that a loop need not ask the system for memory anew.

        workspace = Workspace()
        for x, da in batches:
            a, _, caches = lstm_forward_time_major(x, a0, parameters, workspace=workspace)
            gradients = lstm_backward_time_major(da, caches)

    A buffer is handed out again only when nothing but the workspace refers to it any more: no result, no view of one,
    no caches, no call that is still running.  So nothing that was returned is ever overwritten, several caches may be
    alive at once, and nets and threads may share a workspace.  It holds what the last calls needed, for SHAPES shapes,
    until it is dropped.  On a Python that does not count references exactly it keeps nothing.
    """

    def __init__(self) -> None:
        self._lent: dict[str, dict[Hashable, list[Any]]] = {}
        self._lock = threading.RLock()

    def take(self, name: str, key: Hashable, build: Callable[[], Any]) -> Any:
        """What `build` made under this name and key and nobody holds any more, or else makes now.

        The caller must hold on to the very object for as long as it uses any part of it.
        """
        if not RECYCLES:
            return build()
        with self._lock:
            shapes = self._lent.setdefault(name, {})
            spare = shapes[key] = shapes.pop(key, [])  # the one used last is the last
            if len(shapes) > SHAPES:
                del shapes[next(iter(shapes))]
            for index in range(len(spare)):
                if _references(spare, index) == FREE:
                    return spare[index]
        built = build()
        with self._lock:
            spare.append(built)
            del spare[:-SPARE]
        return built

    def __reduce__(self) -> tuple[type, tuple[()]]:
        """A copy is an empty workspace of its own."""
        return Workspace, ()


def given_or_new(workspace: Any) -> Workspace:
    """The workspace, or for None a new one.  Raises TypeError for anything else."""
    if workspace is None:
        return Workspace()
    if not isinstance(workspace, Workspace):
        raise TypeError(f"workspace is a {type(workspace).__name__}; expected a Workspace or None")
    return workspace


def _references(held: list[Any], index: int) -> int:
    return sys.getrefcount(held[index])


# The count of an object that only a list holds depends on the version of Python; so does whether it is exact.
RECYCLES = sys.implementation.name == "cpython" and not sysconfig.get_config_var("Py_GIL_DISABLED")
FREE = _references([object()], 0) if RECYCLES else 0
