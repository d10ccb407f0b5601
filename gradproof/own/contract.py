"""The contract of a pair: made from a plan, which is plain data, on both sides of the candidate's process."""

import contextlib
import dataclasses
import functools
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..contracts.contract import Backward, Forward
from . import structure
from .signature import Dimensions, split

CONVENTION = "own"
Path = structure.Path


@dataclass(frozen=True)
class Plan:
    """All that is known of a pair.

    inputs: as in `Signature`; values: argument → constant.
    positional, backward_positional: parameters that take no keyword.
    outputs, gradients: name → path in what is returned; of: gradient → input.
    cotangents: parameter → output.  unit: outputs whose upstream gradient is one.
    passed: parameter of the backward → "input", "value" or "returned", and its name or path.
    """

    forward: str
    backward: str
    inputs: Mapping[str, Dimensions]
    values: Mapping[str, Any] = field(default_factory=dict)
    positional: tuple[str, ...] = ()
    backward_positional: tuple[str, ...] = ()
    outputs: Mapping[str, Path] = field(default_factory=dict)
    cotangents: Mapping[str, str] = field(default_factory=dict)
    unit: tuple[str, ...] = ()
    passed: Mapping[str, tuple[str, Any]] = field(default_factory=dict)
    gradients: Mapping[str, Path] = field(default_factory=dict)
    of: Mapping[str, str] = field(default_factory=dict)

    @property
    def itself(self) -> bool:
        """Whether one function returns the loss and its gradients."""
        return self.forward == self.backward

    @property
    def variables(self) -> tuple[str, ...]:
        """The inputs that are no integers."""
        return tuple(name for name, dimensions in self.inputs.items() if split(dimensions)[1] is None)

    @property
    def text(self) -> str:
        """The plan as words that can be sent, which `plan_of` reads."""
        return json.dumps(dataclasses.asdict(self), default=_as_data)


@dataclass
class Returned:
    """What a forward returned, and the arguments that it was given."""

    value: Any
    arguments: Mapping[str, Any]


def plan_of(text: str) -> Plan:
    """The plan of `Plan.text`."""
    data = json.loads(text)
    for name in ("inputs", "outputs", "gradients", "passed"):
        data[name] = {key: tuple(value) for key, value in data[name].items()}
    for name in ("positional", "backward_positional", "unit"):
        data[name] = tuple(data[name])
    return Plan(**data)


def _as_data(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{value!r} is a {type(value).__name__}; expected a number, a string, or lists and dicts of them")


@functools.lru_cache(maxsize=64)
def forward_of(text: str) -> Forward:
    plan = plan_of(text)
    dimensions = {name: split(shape) for name, shape in plan.inputs.items()}
    arguments = dict.fromkeys(name.partition(".")[0] for name in plan.inputs)
    return Forward(
        name=plan.forward,
        convention=CONVENTION,
        twin="",
        arguments={name: _taken(plan, name) for name in arguments},
        inputs={name: shape for name, (shape, _) in dimensions.items()},
        outputs=dict.fromkeys(plan.outputs, ()),  # their shapes are learnt by running it
        pack=lambda contract, inputs, taken: _packed(plan.positional, arguments_of(plan, inputs)),
        unpack=lambda contract, returned: (outputs_of(plan, returned.value), _cache(plan, returned)),
        returned_cache="",
        constants={name: f"<{bound}" for name, (_, bound) in dimensions.items() if bound is not None},
        spelling=text,
        bind=lambda contract, names, function: _remembering(plan, names[function]),
    )


@functools.lru_cache(maxsize=64)
def backward_of(text: str) -> Backward:
    plan = plan_of(text)
    cache = next(iter(plan.passed)) if len(plan.passed) == 1 else "cache"
    return Backward(
        name=plan.backward,
        convention=CONVENTION,
        forward=forward_of(text),
        cotangents=plan.cotangents,
        cache=cache,
        gradients=plan.of,
        pack=lambda contract, cotangents, made, taken: _packed(
            plan.backward_positional, _backward_arguments(plan, cotangents, made)
        ),
        unpack=lambda contract, returned: gradients_of(plan, returned),
        unit=plan.unit,
        bind=lambda contract, names, function: _told if plan.itself else _in_float64(names[function]),
    )


def made(kind: str, text: str) -> Forward | Backward:
    """The contract whose key has these words."""
    return forward_of(text) if kind == "Forward" else backward_of(text)


def arguments_of(plan: Plan, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The forward's arguments by name: inputs, dicts of them, and values."""
    arguments: dict[str, Any] = {}
    for name, value in inputs.items():
        argument, dot, entry = name.partition(".")
        if dot:
            arguments.setdefault(argument, {})[entry] = value
        else:
            arguments[argument] = value
    return {**arguments, **plan.values}


def outputs_of(plan: Plan, returned: Any) -> dict[str, Any]:
    return {name: structure.at(returned, path) for name, path in plan.outputs.items()}


def gradients_of(plan: Plan, returned: Any) -> dict[str, Any]:
    """Gradients by name; one that is not there is left out."""
    found = {}
    for name, path in plan.gradients.items():
        with contextlib.suppress(TypeError):
            found[name] = structure.at(returned, path)
    if returned is None and () not in plan.gradients.values():
        raise TypeError("returned None: is a return missing?")
    if plan.gradients and not found:
        if len(plan.gradients) == 1 and structure.parts(returned) is None:
            return dict.fromkeys(plan.gradients, returned)
        raise TypeError(f"returned {type(returned).__name__}; expected {', '.join(plan.gradients)}")
    return found


def passed_to(plan: Plan, returned: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What the backward takes besides cotangents, by parameter."""
    found = {}
    for parameter, (kind, where) in plan.passed.items():
        if kind == "returned":
            found[parameter] = tuple(structure.at(returned, tuple(path)) for path in where)
            if len(where) == 1:
                found[parameter] = found[parameter][0]
        else:
            found[parameter] = arguments[where]
    return found


def _cache(plan: Plan, returned: Returned) -> Any:
    if plan.itself:
        return returned.value
    passed = passed_to(plan, returned.value, returned.arguments)
    return next(iter(passed.values())) if len(passed) == 1 else passed


def _backward_arguments(plan: Plan, cotangents: Mapping[str, Any], cache: Any) -> dict[str, Any]:
    if plan.itself:
        return {"cache": cache}
    return {**cotangents, **(dict.fromkeys(plan.passed, cache) if len(plan.passed) == 1 else cache)}


def _packed(first: tuple[str, ...], arguments: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arguments that take no keyword, in their order, and the others."""
    positional = {name: arguments[name] for name in first if name in arguments}
    return positional, {name: value for name, value in arguments.items() if name not in positional}


def _taken(plan: Plan, argument: str) -> str | tuple[str, ...]:
    entries = tuple(name for name in plan.inputs if name.startswith(f"{argument}."))
    return entries or argument


def _remembering(plan: Plan, function: Callable[..., Any]) -> Callable[..., Any]:
    """A forward that returns its arguments, too: a backward may take them beside its cache, or in place of one."""
    called = _in_float64(function)

    @functools.wraps(function)
    def forward(*positional: Any, **keyword: Any) -> Returned:
        arguments = {**dict(zip(plan.positional, positional, strict=False)), **keyword}
        return Returned(called(*positional, **keyword), arguments)

    return forward


def _told(cache: Any) -> Any:
    """For a function that returns its gradients beside the loss: they came with the forward call."""
    return cache


def _in_float64(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def called(*positional: Any, **keyword: Any) -> Any:
        with float64():
            return function(*positional, **keyword)

    return called


@contextlib.contextmanager
def float64() -> Iterator[None]:
    """JAX computes in float64 while this holds, where the candidate has loaded it."""
    jax = sys.modules.get("jax")
    if jax is None:
        yield
        return
    with jax.enable_x64(True):
        yield
