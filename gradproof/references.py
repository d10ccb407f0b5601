"""The only door to the twins in autodiff/, and to manual/'s forwards, which supply caches that a candidate lacks.

In an installed wheel the two packages live inside gradproof/; in the checkout they stand beside it.  No verdict rests
on manual/: the truth is the derivative program of the twin, and XLA must agree with it before anything is judged.
"""

import importlib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np

from .contracts import Forward, sizes_of


class TruthError(Exception):
    """The two evaluations of the ground truth disagree: a defect of gradproof, not of the candidate."""


def reference(name: str) -> Callable[..., Any]:
    """The function "rnn.rnn_forward" of manual/, in NumPy.  Needs no JAX."""
    return _find("manual", name)


def cache_of(contract: Forward, inputs: Mapping[str, Any]) -> Any:
    """The cache that the reference makes from these inputs, in the published order."""
    with np.errstate(all="ignore"):
        assert contract.reference is not None
        return reference(contract.reference)(*arguments(contract, inputs))[-1]


def twin(name: str) -> Callable[..., Any]:
    """The function "rnn.rnn_forward" of autodiff/, in jax.numpy."""
    return _find("autodiff", name)


def outputs_and_gradients(
    contract: Forward, sizes: Mapping[str, int], inputs: Mapping[str, Any], cotangents: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The truth in float64: every output of the forward, and the gradient of sum(cotangents * outputs) for every input.

    cotangents: one array per output.  Raises TruthError when XLA's result for the designed case is another one.
    """
    return _evaluated(_program(contract), contract, sizes, inputs, cotangents)


def primals(contract: Forward, sizes: Mapping[str, int], inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs alone, by the program of `outputs_and_gradients`, which XLA confirms."""
    return _primals(
        contract, sizes, inputs, lambda leaves: _run(_program(contract), sizes, leaves, len(contract.outputs))
    )


def exact_primals(
    contract: Forward, engine: Any, sizes: Mapping[str, int], inputs: Mapping[str, Any]
) -> dict[str, Any]:
    """`primals` on arrays of an engine's exact numbers."""
    from .arithmetic.exact import exact_array, rules
    from .arithmetic.program import evaluate

    def run(leaves: list[Any]) -> list[Any]:
        found = evaluate(_program(contract), rules(engine), sizes, leaves, len(contract.outputs))
        return [exact_array(engine, result) for result in found]

    return _primals(contract, sizes, inputs, run)


def _primals(
    contract: Forward, sizes: Mapping[str, int], inputs: Mapping[str, Any], run: Callable[[list[Any]], list[Any]]
) -> dict[str, Any]:
    nothing = [np.zeros(sizes_of(contract.outputs[name], sizes)) for name in sorted(contract.outputs)]
    return dict(zip(sorted(contract.outputs), run([*_leaves(contract, inputs), *nothing]), strict=True))


def outputs(contract: Forward, sizes: Mapping[str, int], inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs of the twin alone, for a contract that is only tried: XLA is not asked whether it agrees."""
    from .arithmetic.program import trace_forward

    program = trace_forward(contract, lambda arrays: _forward(contract, arrays))
    return dict(zip(sorted(contract.outputs), _run(program, sizes, _leaves(contract, inputs)), strict=True))


def exactly(
    contract: Forward, engine: Any, sizes: Mapping[str, int], inputs: Mapping[str, Any], cotangents: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """`outputs_and_gradients` on arrays of an engine's exact numbers."""
    from .arithmetic.exact import exact_array, rules
    from .arithmetic.program import evaluate

    leaves = [*_leaves(contract, inputs), *(cotangents[name] for name in sorted(contract.outputs))]
    results = evaluate(_program(contract), rules(engine), sizes, leaves)
    exact = [exact_array(engine, result) for result in results]
    outputs = dict(zip(sorted(contract.outputs), exact, strict=False))
    return outputs, dict(zip(sorted(contract.inputs), exact[len(outputs) :], strict=True))


_programs: dict[str, Any] = {}
_checked: set[str] = set()
ORDERS = ("gates", "names")


def _program(contract: Forward) -> Any:
    """The derivative program of a contract's twin, checked against jax.jit(jax.vjp) once per process."""
    key = f"{contract.twin} {list(contract.inputs)} {sorted(contract.options.items())}"
    if key not in _programs:
        from .arithmetic.program import trace

        program = trace(contract, lambda inputs: _forward(contract, inputs))
        # an order of gates and names of parameters only rearrange what goes in
        rule = f"{contract.twin} {[option for option in sorted(contract.options.items()) if option[0] not in ORDERS]}"
        if rule not in _checked:
            _agree_with_xla(program, contract)
            _checked.add(rule)
        _programs[key] = program
    return _programs[key]


def _forward(contract: Forward, inputs: Mapping[str, Any]) -> dict[str, Any]:
    outputs = twin(contract.twin)(**dict(_named(contract, inputs)), **contract.options)
    return dict(zip(contract.outputs, outputs, strict=True))


def arguments(contract: Forward, inputs: Mapping[str, Any]) -> list[Any]:
    """The arguments of the twin and of the reference, in order."""
    return [value for _, value in _named(contract, inputs)]


def _named(contract: Forward, inputs: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The arguments of the twin: those of the contract by name, and constants that a candidate gets in another form."""
    named = [
        (argument, inputs[names] if isinstance(names, str) else {name: inputs[name] for name in names})
        for argument, names in contract.arguments.items()
    ]
    return [*named, *((name, inputs[name]) for name in contract.constants if name not in contract.arguments)]


def _evaluated(program: Any, contract: Forward, sizes: Any, inputs: Any, cotangents: Any) -> Any:
    results = _run(program, sizes, _leaves(contract, inputs) + [cotangents[name] for name in sorted(contract.outputs)])
    outputs = dict(zip(sorted(contract.outputs), results, strict=False))
    gradients = dict(zip(sorted(contract.inputs), results[len(outputs) :], strict=True))
    return outputs, gradients


def _leaves(contract: Forward, inputs: Mapping[str, Any]) -> list[Any]:
    """jax flattens a dict in the order of its sorted keys."""
    return [inputs[name] for name in sorted(contract.inputs)]


def _run(program: Any, sizes: Mapping[str, int], leaves: list[Any], wanted: int | None = None) -> list[Any]:
    from .arithmetic.float64 import RULES
    from .arithmetic.program import evaluate

    with np.errstate(all="ignore"):
        return evaluate(program, RULES, sizes, leaves, wanted)


def _agree_with_xla(program: Any, contract: Forward) -> None:
    import jax

    from .cases import BASE, Case, inputs_of
    from .compare import compare, growth, magnitude
    from .contracts import names_of

    case = Case({name: BASE[name] for name in names_of(contract)}, seed=11)
    generator = np.random.default_rng(11)
    inputs = inputs_of(contract, case, contract.optional)
    cotangents = {
        name: generator.standard_normal(sizes_of(dimensions, case.sizes))
        for name, dimensions in contract.outputs.items()
    }
    ours = _evaluated(program, contract, case.sizes, inputs, cotangents)
    vjp = _find("autodiff", "truth.vjp")
    outputs, (gradients,) = vjp(lambda arrays: _forward(contract, arrays), (inputs,), cotangents)
    S, G = magnitude(inputs.values(), cotangents.values()), growth(gradients.values(), cotangents.values())
    for mine, theirs in zip(ours, (outputs, gradients), strict=True):
        for name, expected in theirs.items():
            found = compare(np.asarray(mine[name]), expected, S, G)
            if not found.agrees:
                raise TruthError(
                    f"gradproof's evaluation of {contract.twin} disagrees with XLA in {name}{list(found.index)}: "
                    f"{found.actual!r} against {found.expected!r} (jax {jax.__version__}, NumPy {np.__version__}).  "
                    "Nothing was judged.  Please report this as a defect of gradproof."
                )


@cache
def _find(room: str, name: str) -> Callable[..., Any]:
    module, _, function = name.partition(".")
    try:
        found = importlib.import_module(f"gradproof.{room}.{module}")
    except ModuleNotFoundError as error:
        if error.name != f"gradproof.{room}":  # a missing jax must not be swallowed
            raise
        found = importlib.import_module(f"{room}.{module}")
    return getattr(found, function)
