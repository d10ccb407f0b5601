"""Buffers that a caller keeps between calls."""

import sys
import threading
from collections.abc import Callable, Hashable
from typing import Any

SPARE = 2  # of a name: the results of the last call are still held while those of the next one are made


class Workspace:
    """Buffers of the nets in this folder, kept by their caller, so that a loop allocates nothing twice.

        workspace = Workspace()
        for x, da in batches:
            a, _, caches = lstm_forward_time_major(x, a0, parameters, workspace=workspace)
            gradients = lstm_backward_time_major(da, caches)

    A buffer is handed out again only when nothing but the workspace refers to it any more: no result, no view of one,
    no caches, no call that is still running.  So nothing that was returned is ever overwritten, several caches may be
    alive at once, and threads may share a workspace, although one each spares them the lock.
    """

    def __init__(self) -> None:
        self._lent: dict[str, list[tuple[Hashable, Any]]] = {}
        self._lock = threading.Lock()

    def take(self, name: str, key: Hashable, build: Callable[[], Any]) -> Any:
        """An object that `build` made under this name and key and that nobody holds; a new one if there is none."""
        with self._lock:
            lent = self._lent.setdefault(name, [])
            for index in range(len(lent)):
                if lent[index][0] == key and RECYCLES and _references(lent, index) == FREE:
                    return lent[index][1]
            built = build()
            lent.append((key, built))
            del lent[:-SPARE]
            return built

    def __reduce__(self) -> tuple[type, tuple[()]]:
        """A copy is an empty workspace of its own."""
        return Workspace, ()


def _references(lent: list[tuple[Hashable, Any]], index: int) -> int:
    return sys.getrefcount(lent[index][1])


# How many references are counted depends on the version of Python; that a count can be relied on, on its kind.
RECYCLES = sys.implementation.name == "cpython" and getattr(sys, "_is_gil_enabled", lambda: True)()
FREE = _references([(None, object())], 0) if RECYCLES else 0
