"""The reference's cells in place of the candidate's, to tell a wrong cell from a wrong loop around it."""

import contextlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from . import references


@contextlib.contextmanager
def reference_cells(
    names: Mapping[str, Any], replaced: Mapping[str, str] | None, caller: Callable[..., Any], calls: list[None]
) -> Iterator[None]:
    """While this holds, the caller finds the reference wherever it looks for the candidate's cell.

    replaced: the candidate's name of a function or class → that in manual/.  Every call of a reference is added to
    `calls`.
    """
    namespace = getattr(inspect.unwrap(caller), "__globals__", {})
    kept: dict[str, Any] = {}
    for name, reference in (replaced or {}).items():
        original, counted = names[name], _counting(references.reference(reference), calls)
        places = [key for key, value in namespace.items() if value is original]
        kept |= dict.fromkeys(places, original)
        namespace.update(dict.fromkeys(places, counted))
    try:
        yield
    finally:
        namespace.update(kept)


def _counting(reference: Any, calls: list[None]) -> Any:
    """A function or class of the reference that counts its calls, and takes any mixture of floats and a 0 for zeros."""
    if not inspect.isclass(reference):

        def counted(*positional: Any, **keyword: Any) -> Any:
            calls.append(None)
            return reference(*_as_float64(positional), **keyword)

        return counted

    class Counted(reference):
        def __init__(self, *parameters: Any, **named: Any):
            super().__init__(*_as_float64(parameters), **named)

        def forward(self, *arguments: Any) -> Any:
            calls.append(None)
            return super().forward(*_as_float64(arguments))

        def backward(self, *arguments: Any) -> Any:
            calls.append(None)
            return super().backward(*_as_float64(arguments))

    return Counted


def _as_float64(arguments: tuple[Any, ...]) -> list[Any]:
    """float32 arrays in float64, and a number as an array of the first one's shape: loops start from `dc = 0`."""
    like = next((np.zeros(one.shape) for one in arguments if isinstance(one, np.ndarray)), np.zeros(()))
    return [
        like + one
        if isinstance(one, (int, float)) and not isinstance(one, bool)
        else one.astype(np.float64)
        if isinstance(one, np.ndarray) and one.dtype == np.float32
        else one
        for one in arguments
    ]
