"""The derivative of a forward function as a short program: jax.vjp traced once, with dimensions that stay symbols.

One program serves every shape, so that a drawn case costs milliseconds and not a compilation.
"""

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any, NamedTuple

import jax
import numpy as np
from jax import export

from ..contracts import Dimensions, Forward

# Parameters that ask for something special unless they are None, which is what rules compute.
SPECIAL = ("accuracy", "out_dtype", "out_sharding", "sharding")


def trace(contract: Forward, forward: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Any:
    """The closed jaxpr of (inputs, cotangents) → (outputs, gradients).

    forward maps a dict of inputs to a dict of outputs; cotangents has one array per output, gradients one per input.
    """
    return trace_vjp(forward, (contract.inputs,), contract.outputs)


def trace_forward(contract: Forward, forward: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Any:
    """The closed jaxpr of inputs → outputs."""
    return _traced(forward, contract.inputs)


def trace_vjp(forward: Callable[..., Any], takes: Any, returns: Any) -> Any:
    """The closed jaxpr of (primals, cotangents) → (outputs of ``forward(*primals)``, gradients).

    takes: a tuple of nests of tuples, lists and dicts in which the dimensions stand for every primal, ("n_a",
    "n_a+n_x"); returns: the same for every output, in the structure that the forward returns.  A numeral is a size
    that does not vary, and () a scalar.
    """

    def outputs_and_gradients(primals: Any, cotangents: Any) -> Any:
        outputs, pullback = jax.vjp(forward, *primals)
        return outputs, pullback(cotangents)

    return _traced(outputs_and_gradients, takes, returns)


def _traced(function: Callable[..., Any], *arguments: Any) -> Any:
    """The closed jaxpr of a function of nests of float64 arrays with these dimensions."""
    with jax.enable_x64(True), jax.disable_jit(False):
        every = jax.tree.leaves(arguments, is_leaf=is_dimensions)
        names = dict.fromkeys(term for dimensions in every for part in dimensions for term in part.split("+"))
        letters = [name for name in names if not name.isdigit()]
        symbols = dict(zip(letters, export.symbolic_shape(",".join(letters)), strict=True))

        def array(dimensions: Dimensions) -> Any:
            shape = (sum(symbols.get(term) or int(term) for term in part.split("+")) for part in dimensions)
            return jax.ShapeDtypeStruct(tuple(shape), np.float64)

        return jax.make_jaxpr(function)(*jax.tree.map(array, arguments, is_leaf=is_dimensions))


def is_dimensions(nest: Any) -> bool:
    """Whether this part of a nest is the dimensions of one array."""
    return isinstance(nest, tuple) and all(isinstance(part, str) for part in nest)


def evaluate(
    program: Any,
    rules: Mapping[str, Callable[..., Any]],
    sizes: Mapping[str, int],
    arguments: list[Any],
    wanted: int | None = None,
) -> list[Any]:
    """Run a closed jaxpr: `rules` has a function per primitive, called as rule(*operands, **parameters).

    wanted: how many of its results are, the first ones; what the others alone need is not computed.  Sizes in
    parameters arrive as integers.  Raises NotImplementedError for a primitive without a rule; a rule raises TypeError
    for a parameter that it does not know, so that nothing is silently ignored.
    """
    return _at(program, rules, sizes, wanted)(*arguments)


def _at(
    program: Any, rules: Mapping[str, Callable[..., Any]], sizes: Mapping[str, int], wanted: int | None = None
) -> Callable[..., list[Any]]:
    """The program at these sizes as a function: a scan calls it at every step, and only the arguments differ."""
    jaxpr = program.jaxpr
    steps, literals = _steps(jaxpr)
    if wanted is not None:
        steps = _needed(jaxpr, wanted)
    known = {**literals, **dict(zip(map(id, jaxpr.constvars), program.consts, strict=True))}
    taken, returned = [id(atom) for atom in jaxpr.invars], [id(atom) for atom in jaxpr.outvars[:wanted]]
    calls = [(_rule(step, rules, sizes), step.operands, step.results, step.several) for step in steps]

    def run(*arguments: Any) -> list[Any]:
        values = {**known, **dict(zip(taken, arguments, strict=True))}
        for rule, operands, results, several in calls:
            result = rule(*[values[atom] for atom in operands])
            if several:
                values.update(zip(results, result, strict=True))
            else:
                values[results[0]] = result
        return [values[atom] for atom in returned]

    return run


def _rule(step: "Step", rules: Mapping[str, Callable[..., Any]], sizes: Mapping[str, int]) -> Callable[..., Any]:
    """What computes the results of a step from its operands."""
    parameters = {**step.parameters, **{key: size(sizes) for key, size in step.sizes.items()}}
    if step.name == "scan":
        return partial(_scan, _at(parameters.pop("jaxpr"), rules, sizes), **parameters)
    if step.name == "jit":  # a part that jax compiles by itself: with what does not change the result
        return _at(parameters["jaxpr"], rules, sizes)
    if step.name not in rules:
        raise NotImplementedError(f"the derivative program has the primitive {step.name!r}, which has no rule")
    return partial(rules[step.name], **parameters) if parameters else rules[step.name]


class Step(NamedTuple):
    """One equation: its atoms by id, its parameters, and those that depend on the sizes, as functions of them."""

    name: str
    operands: list[int]
    results: list[int]
    several: bool
    parameters: dict[str, Any]
    sizes: dict[str, Callable[[Mapping[str, int]], Any]]


@cache
def _steps(jaxpr: Any) -> tuple[list[Step], dict[int, Any]]:
    """The equations of a jaxpr, prepared once, and the values of its literals, which have an id and no hash."""
    steps, literals = [], {id(atom): np.asarray(atom.val) for atom in jaxpr.outvars if hasattr(atom, "val")}
    for equation in jaxpr.eqns:
        given = {key: value for key, value in equation.params.items() if not (key in SPECIAL and value is None)}
        sizes = {key: size for key, value in given.items() if (size := _size(value)) is not None}
        parameters = {key: value for key, value in given.items() if key not in sizes}
        literals |= {id(atom): np.asarray(atom.val) for atom in equation.invars if hasattr(atom, "val")}
        operands, results = [id(atom) for atom in equation.invars], [id(atom) for atom in equation.outvars]
        primitive = equation.primitive
        steps.append(Step(primitive.name, operands, results, primitive.multiple_results, parameters, sizes))
    return steps, literals


@cache
def _needed(jaxpr: Any, wanted: int) -> list[Step]:
    """The steps without which the first results cannot be had."""
    needed, kept = {id(atom) for atom in jaxpr.outvars[:wanted]}, []
    for step in reversed(_steps(jaxpr)[0]):
        if needed.intersection(step.results):
            needed.update(step.operands)
            kept.append(step)
    return kept[::-1]


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
    body: Callable[..., list[Any]],
    *operands: Any,
    length: Any,
    reverse: bool,
    num_consts: int,
    num_carry: int,
    unroll: int,  # the last three do not change the result
    linear: Any = None,
    _split_transpose: bool = False,
) -> list[Any]:
    constants, carry = operands[:num_consts], list(operands[num_consts : num_consts + num_carry])
    sequences = operands[num_consts + num_carry :]
    steps = range(length)
    stacked = []
    for t in reversed(steps) if reverse else steps:
        results = body(*constants, *carry, *(sequence[t] for sequence in sequences))
        carry = results[:num_carry]
        stacked.append(results[num_carry:])
    if reverse:
        stacked.reverse()
    return [*carry, *(np.stack(step) for step in zip(*stacked, strict=True))]
