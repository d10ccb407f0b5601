"""The arithmetics by name, their inputs, and arrays of their numbers as messages."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from . import balls, field
from .balls import Balls
from .exact import as_array
from .field import Field
from .scalar import Scalar, number

NAMES = ("field", "arb")


def engine_of(words: Mapping[str, Any]) -> Field | Balls:
    """The arithmetic that {"name": "field", "levels": 8, "seed": 0} or {"name": "arb", "precision": 256} describes."""
    if words["name"] == "field":
        return field_of(words["levels"], words["seed"])
    return Balls(words["precision"])


@lru_cache(maxsize=8)
def field_of(levels: int, seed: int) -> Field:
    """The field, kept because its primes take time to find."""
    return Field(levels, seed)


def variables(engine: Any, name: str, array: Any) -> Any:
    """A plain array of the engine's numbers for an input or cotangent: a variable for each element that is not zero.

    The same engine and name give the same variables, so that both sides of a comparison can make them.
    """
    result = np.empty(array.shape, dtype=object)
    flat = result.reshape(-1)
    zero = number(engine, 0)
    for index, value in enumerate(array.reshape(-1)):
        flat[index] = engine.variable(f"{name} {index}", float(value)) if value else zero
    return result


def constants(engine: Any, array: Any) -> Any:
    """A plain array of the engine's numbers for ones and zeros, which are no variables."""
    return as_array(np.frompyfunc(lambda value: number(engine, value), 1, 1)(array))


def encoded(array: Any) -> dict[str, Any]:
    """An array of exact numbers in words that can be sent."""
    write = balls.encoded if any(isinstance(x, balls.Ball) for x in array.flat) else field.encoded
    return {
        "shape": list(array.shape),
        "numbers": [write(x) for x in array.flat],
        "taints": [x.taint for x in array.flat],
    }


def decoded(words: Any, engine: Field | Balls) -> Any:
    """The plain array of `encoded`.  Raises ValueError for anything else: the words come from a candidate's process."""
    try:
        shape, numbers, taints = tuple(words["shape"]), words["numbers"], words["taints"]
        read: Any = balls.decoded if isinstance(engine, Balls) else field.decoded
        values: list[Scalar] = [
            read(item, None if taint is None else str(taint), engine)
            for item, taint in zip(numbers, taints, strict=True)
        ]
        array = np.empty(len(values), dtype=object)
        array[:] = values
        return array.reshape(shape)
    except (KeyError, TypeError, ValueError, OverflowError, IndexError, AttributeError) as error:
        raise ValueError(f"no array of exact numbers: {error}") from None
