"""The derivative of a forward function as a short program: jax.vjp traced once, with dimensions that stay symbols.

One program serves every shape, so that a drawn case costs milliseconds and not a compilation.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

import jax
import numpy as np
from jax import export

from ..contracts import Dimensions, Forward, names_of

# Parameters that ask for something special unless they are None, which is what rules compute.
SPECIAL = ("accuracy", "out_dtype", "out_sharding", "sharding")


def trace(contract: Forward, forward: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Any:
    """The closed jaxpr of (inputs, cotangents) → (outputs, gradients).

    forward maps a dict of inputs to a dict of outputs; cotangents has one array per output, gradients one per input.
    """

    def outputs_and_gradients(inputs: Any, cotangents: Any) -> Any:
        outputs, pullback = jax.vjp(forward, inputs)
        return outputs, pullback(cotangents)[0]

    return _traced(contract, outputs_and_gradients, contract.inputs, contract.outputs)


def trace_forward(contract: Forward, forward: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Any:
    """The closed jaxpr of inputs → outputs."""
    return _traced(contract, forward, contract.inputs)


def _traced(contract: Forward, function: Callable[..., Any], *arguments: Mapping[str, Dimensions]) -> Any:
    """The closed jaxpr of a function of dicts of float64 arrays with these dimensions."""
    with jax.enable_x64(True), jax.disable_jit(False):
        names = names_of(contract)
        symbols = dict(zip(names, export.symbolic_shape(",".join(names)), strict=True))

        def array(dimensions: Dimensions) -> Any:
            shape = tuple(
                1 if dimension == "1" else sum(symbols[term] for term in dimension.split("+"))
                for dimension in dimensions
            )
            return jax.ShapeDtypeStruct(shape, np.float64)

        return jax.make_jaxpr(function)(
            *({name: array(dimensions) for name, dimensions in named.items()} for named in arguments)
        )


def evaluate(
    program: Any, rules: Mapping[str, Callable[..., Any]], sizes: Mapping[str, int], arguments: list[Any]
) -> list[Any]:
    """Run a closed jaxpr: `rules` has a function per primitive, called as rule(*operands, **parameters).

    Sizes in parameters arrive as integers.  Raises NotImplementedError for a primitive without a rule; a rule raises
    TypeError for a parameter that it does not know, so that nothing is silently ignored.
    """
    jaxpr, constants = program.jaxpr, program.consts
    values: dict[Any, Any] = dict(zip(jaxpr.constvars, constants, strict=True))
    values.update(zip(jaxpr.invars, arguments, strict=True))
    for step in _steps(jaxpr):
        operands = [atom.val if hasattr(atom, "val") else values[atom] for atom in step.operands]
        parameters = {**step.parameters, **{key: size(sizes) for key, size in step.sizes.items()}}
        if step.name == "scan":
            results = _scan(rules, sizes, operands, **parameters)
        elif step.name == "jit":  # a part that jax compiles by itself: with what does not change the result
            results = evaluate(parameters["jaxpr"], rules, sizes, operands)
        elif step.name in rules:
            results = rules[step.name](*operands, **parameters)
        else:
            raise NotImplementedError(f"the derivative program has the primitive {step.name!r}, which has no rule")
        values.update(zip(step.results, results if step.several else [results], strict=True))
    return [atom.val if hasattr(atom, "val") else values[atom] for atom in jaxpr.outvars]


class Step(NamedTuple):
    """One equation: its parameters, and those that depend on the sizes, as functions of them."""

    name: str
    operands: list[Any]
    results: list[Any]
    several: bool
    parameters: dict[str, Any]
    sizes: dict[str, Callable[[Mapping[str, int]], Any]]


@cache
def _steps(jaxpr: Any) -> list[Step]:
    """The equations of a jaxpr, prepared once: a drawn case would spend most of its time on reading sizes."""
    steps = []
    for equation in jaxpr.eqns:
        given = {key: value for key, value in equation.params.items() if not (key in SPECIAL and value is None)}
        sizes = {key: size for key, value in given.items() if (size := _size(value)) is not None}
        parameters = {key: value for key, value in given.items() if key not in sizes}
        primitive = equation.primitive
        steps.append(
            Step(primitive.name, equation.invars, equation.outvars, primitive.multiple_results, parameters, sizes)
        )
    return steps


def _size(value: Any) -> Callable[[Mapping[str, int]], Any] | None:
    """What a symbolic size such as n_a + n_x is at given sizes, or a tuple with such; None for anything else."""
    if isinstance(value, tuple):
        parts = [(_size(part), part) for part in value]
        if all(size is None for size, _ in parts):
            return None
        return lambda sizes: tuple(part if size is None else size(sizes) for size, part in parts)
    if export.is_symbolic_dim(value):
        code = compile(str(value), "<size>", "eval")  # our own twins' sizes, printed as Python
        return lambda sizes: int(eval(code, {"__builtins__": {}}, dict(sizes)))
    return None


def _scan(
    rules: Mapping[str, Callable[..., Any]],
    sizes: Mapping[str, int],
    operands: list[Any],
    *,
    jaxpr: Any,
    length: Any,
    reverse: bool,
    num_consts: int,
    num_carry: int,
    unroll: int,  # the last three do not change the result
    linear: Any = None,
    _split_transpose: bool = False,
) -> list[Any]:
    constants, carry = operands[:num_consts], operands[num_consts : num_consts + num_carry]
    sequences = operands[num_consts + num_carry :]
    steps = range(length)
    stacked = []
    for t in reversed(steps) if reverse else steps:
        results = evaluate(jaxpr, rules, sizes, [*constants, *carry, *(sequence[t] for sequence in sequences)])
        carry = results[:num_carry]
        stacked.append(results[num_carry:])
    if reverse:
        stacked.reverse()
    return [*carry, *(np.stack(step) for step in zip(*stacked, strict=True))]
