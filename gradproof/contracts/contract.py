"""What a published function promises: its arguments, their shapes in named dimensions, and what it returns.

A contract is data.  Drawing cases, calling the candidate, comparing and reporting all work from it and know no network.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Dimensions = tuple[str, ...]  # ("n_a", "m", "T"); "1" is a one, "n_a+n_x" a sum


@dataclass(frozen=True)
class Forward:
    """A forward function.

    arguments: published parameter → the input it takes, or the tuple of inputs that it takes as a dict.
    optional: parameters that only some implementations take; where absent the input is zero.
    pack(contract, inputs, taken) → (positional arguments by name, keyword arguments); unpack(contract, returned) →
    (outputs by name, cache).  See `contracts/coursera.py`.
    """

    name: str
    convention: str
    twin: str  # "rnn.rnn_forward": the function of that name in autodiff/, and in manual/ for its caches
    arguments: Mapping[str, str | tuple[str, ...]]
    inputs: Mapping[str, Dimensions]
    outputs: Mapping[str, Dimensions]  # in the order returned
    cache: tuple[str, ...]  # entries of one step's cache
    pack: Callable[..., tuple[dict[str, Any], dict[str, Any]]]
    unpack: Callable[..., tuple[dict[str, Any], Any]]
    optional: tuple[str, ...] = ()
    biases: tuple[str, ...] = ()
    cell: str | None = None  # the function that it calls at every step
    description: str = ""


@dataclass(frozen=True)
class Backward:
    """A backward function, which reads the cache of `forward`.

    cotangents: published parameter → the output of `forward` whose upstream gradient it is.
    gradients: returned key → the input of `forward` that it belongs to.
    optional, optional_gradients: parameters and keys that only some implementations have.
    groups: what the gradients of one gate are called together.
    pack(contract, cotangents, cache, taken) → (positional arguments by name, keyword arguments); unpack(contract,
    returned) → gradients by name.
    """

    name: str
    convention: str
    forward: Forward
    cotangents: Mapping[str, str]
    cache: str  # the parameter that takes the cache, after the cotangents
    gradients: Mapping[str, str]
    pack: Callable[..., tuple[dict[str, Any], dict[str, Any]]]
    unpack: Callable[..., dict[str, Any]]
    optional: tuple[str, ...] = ()
    optional_gradients: tuple[str, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cell: str | None = None
    description: str = ""

    @property
    def arguments(self) -> tuple[str, ...]:
        """The published parameters in order, the optional ones last."""
        required = [name for name in self.cotangents if name not in self.optional]
        return (*required, self.cache, *self.optional)


Contract = Forward | Backward


def signature(contract: Contract) -> str:
    """As published: "lstm_backward(da, caches[, dc])"."""
    required = [name for name in contract.arguments if name not in contract.optional]
    return f"{contract.name}({', '.join(required)}{''.join(f'[, {name}]' for name in contract.optional)})"


def returns(contract: Contract) -> str:
    """What the function is to return, in words."""
    if isinstance(contract, Forward):
        return f"({', '.join(contract.outputs)}, {'caches' if contract.cell else 'cache'})"
    required = [name for name in contract.gradients if name not in contract.optional_gradients]
    return f"a dict with {', '.join(required)}{''.join(f'[, {name}]' for name in contract.optional_gradients)}"


def forward_of(contract: Contract) -> Forward:
    """The forward function that a contract is about."""
    return contract.forward if isinstance(contract, Backward) else contract


def sizes_of(dimensions: Dimensions, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """Shape of an array: ("n_a", "n_a+n_x") with n_a=3 and n_x=4 is (3, 7)."""
    return tuple(
        1 if dimension == "1" else sum(sizes[term] for term in dimension.split("+")) for dimension in dimensions
    )


def names_of(contract: Contract) -> tuple[str, ...]:
    """The free dimensions of a contract, in a fixed order: ("n_x", "n_a", "n_y", "m", "T")."""
    forward = forward_of(contract)
    found = {term for shape in forward.inputs.values() for part in shape for term in part.split("+")}
    return tuple(name for name in ("n_x", "n_a", "n_y", "m", "T") if name in found)
