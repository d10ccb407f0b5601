"""Arguments in and results out, where a convention does it as most do: positional arrays, and tuples returned."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .contract import Backward, Forward


def pack_forward(
    contract: Forward, inputs: Mapping[str, Any], taken: tuple[str, ...]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The published arguments in order; the optional ones that the function has by keyword."""

    def value(names: str | tuple[str, ...]) -> Any:
        if isinstance(names, str):
            return constant(contract.constants.get(names, ""), inputs[names])
        return {name: inputs[name] for name in names}

    required = {name: value(names) for name, names in contract.arguments.items() if name not in contract.optional}
    return required, {name: value(names) for name, names in contract.arguments.items() if name in taken}


def constant(kind: str, array: Any) -> Any:
    """One-hot rows as indices, a mask as booleans; anything else as it is."""
    return np.argmax(array, axis=-1) if kind == "one-hot" else array.astype(bool) if kind == "mask" else array


def unpack_forward(contract: Forward, returned: Any) -> tuple[dict[str, Any], Any]:
    """A tuple of the outputs and, last, the cache."""
    expected = (*contract.outputs, contract.returned_cache)
    arrays = as_tuple(returned, expected)
    return dict(zip(contract.outputs, arrays, strict=False)), arrays[-1]


def pack_backward(
    contract: Backward, cotangents: Mapping[str, Any], cache: Any, taken: tuple[str, ...]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The cotangents and the cache in order; the optional cotangents that the function has by keyword."""
    required = {name: array for name, array in cotangents.items() if name not in contract.optional}
    return {**required, contract.cache: cache}, {name: array for name, array in cotangents.items() if name in taken}


def unpack_gradients(contract: Backward, returned: Any) -> dict[str, Any]:
    """A tuple of gradients, or one array where there is one gradient."""
    names = tuple(contract.gradients)
    if len(names) == 1 and not isinstance(returned, (tuple, list)):
        returned = (returned,)
    return dict(zip(names, as_tuple(returned, names), strict=True))


def itself(contract: Backward, names: Mapping[str, Any], function: str) -> Any:
    """For a function that returns its gradients beside the loss: they came with the forward call."""

    def gradients(cache: Any) -> Any:
        return cache

    gradients.__wrapped__ = names[function]  # type: ignore[attr-defined]
    return gradients


def scalar(value: Any) -> Any:
    """A loss of shape (1,) or (1, 1) is a loss."""
    return np.reshape(value, ()) if isinstance(value, np.ndarray) and value.size == 1 else value


def as_tuple(returned: Any, expected: tuple[str, ...]) -> tuple[Any, ...]:
    """What was returned, if it is a tuple of as many results.  Raises TypeError with what was expected."""
    if not isinstance(returned, (tuple, list)) or len(returned) != len(expected):
        count = f" of {len(returned)}" if isinstance(returned, (tuple, list)) else ""
        raise TypeError(f"returned {type(returned).__name__}{count}; expected the tuple ({', '.join(expected)})")
    return tuple(returned)
