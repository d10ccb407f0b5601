"""What a person may say about a pair of functions; what is not said is discovered."""

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import AuditError

Dimensions = tuple[str, ...]
TERM = re.compile(r"(?:\d+|[^\W\d]\w*)(?:[+*](?:\d+|[^\W\d]\w*))*")


@dataclass(frozen=True)
class Signature:
    """The shapes of a forward's inputs, and what its backward takes and returns; whatever is left out is discovered.

    inputs: argument, or "params.W1" for an entry of a dict → its dimensions, ("N", "D"); () for a scalar; of integers
    below a dimension, such as labels, the last is written "N<C", or "<C" for a single one.
    values: argument → a constant that is no array, such as a stride.
    outputs: names of what the forward returns before its cache.
    cotangents: parameter of the backward → the output whose upstream gradient it takes.
    cache: the backward's parameter that takes what the forward returns after its outputs.
    gradients: key or position in what the backward returns → the input it is the gradient of.
    """

    inputs: Mapping[str, Dimensions] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    outputs: tuple[str, ...] | None = None
    cotangents: Mapping[str, str] = field(default_factory=dict)
    cache: str | None = None
    gradients: Mapping[str | int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        given: Mapping[str, Any] = self.inputs
        for name, dimensions in given.items():
            if not isinstance(dimensions, (tuple, list)) or not all(isinstance(part, str) for part in dimensions):
                raise TypeError(f'the dimensions of {name} are {dimensions!r}; expected a tuple such as ("N", "D")')
            for part in split(tuple(dimensions))[0]:
                if not TERM.fullmatch(part):
                    raise AuditError(f"{part!r} is no dimension of {name}; expected a name, a number, 4*H or D+H")


def split(dimensions: Dimensions) -> tuple[Dimensions, str | None]:
    """The dimensions themselves, and of integers the dimension that they stay below: ("N<C",) is ("N",), "C"."""
    last, below, bound = dimensions[-1].partition("<") if dimensions else ("", "", "")
    if not below:
        return tuple(dimensions), None
    return (*dimensions[:-1], last) if last else tuple(dimensions[:-1]), bound


def from_words(shapes: Iterable[str], values: Iterable[str]) -> Signature:
    """The signature of the command line: "x=N,D gamma=D y=N<C s=" and "stride=2"; raises AuditError."""
    inputs = {}
    for word in (word for text in shapes for word in text.split()):
        name, equals, dimensions = word.partition("=")
        if not equals or not all(part.isidentifier() for part in name.split(".")):
            raise AuditError(f"{word!r} is no shape; expected words such as x=N,D or s= for a scalar")
        inputs[name] = tuple(part for part in dimensions.split(",") if part)
    constants = {}
    for word in values:
        name, equals, text = word.partition("=")
        if not equals or not name.strip().isidentifier():
            raise AuditError(f"{word!r} is no value; expected NAME=VALUE, such as stride=2")
        try:
            constants[name.strip()] = ast.literal_eval(text.strip())
        except (ValueError, SyntaxError):
            raise AuditError(f"{word!r} has no value that Python can read; expected such as stride=2") from None
    return Signature(inputs, constants)


def declaration(inputs: Mapping[str, Dimensions], in_file: bool) -> str:
    """How a person says these shapes: on the command line if the pair is in a file, and in Python."""
    told = ", ".join(f'"{name}": {_as_tuple(dimensions)}' for name, dimensions in inputs.items())
    said = f"Signature(inputs={{{told}}})"
    shapes = " ".join(f"{name}={','.join(dimensions)}" for name, dimensions in inputs.items())
    return f'--shapes "{shapes}" (in Python: {said})' if in_file else said


def _as_tuple(dimensions: Dimensions) -> str:
    quoted = ", ".join(f'"{one}"' for one in dimensions)
    return f"({quoted},)" if len(dimensions) == 1 else f"({quoted})"


def as_words(signature: Signature) -> tuple[str, list[str]]:
    """What `from_words` reads."""
    shapes = " ".join(f"{name}={','.join(dimensions)}" for name, dimensions in signature.inputs.items())
    return shapes, [f"{name}={value!r}" for name, value in signature.values.items()]
