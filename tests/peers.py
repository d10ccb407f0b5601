"""The functions of autodiff/conventions against the packages that they stand for: one comparison, for tests and table.

A variant is a function with some of its options.  A peer evaluates variants in its own way: a real package, or a loop
of plain_loops.py.  Packages are imported when a peer is called, never before.
"""

import importlib
import inspect
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

import jax
import numpy as np
import plain_loops
from agreement import leaves, mapped

from autodiff import conventions
from gradproof.arithmetic.float64 import RULES
from gradproof.arithmetic.program import evaluate
from gradproof.compare import compare, growth, magnitude

SIZES = {
    "distinct": {"T": 4, "N": 3, "I": 5, "H": 2, "V": 6},
    "ones": {"T": 1, "N": 1, "I": 1, "H": 1, "V": 1},
}


@dataclass(frozen=True)
class Variant:
    """arguments: nests of shapes such as "N T 4H"; "words T" and "lengths N" are integers, None is left out."""

    function: str
    arguments: tuple[Any, ...]
    options: dict[str, Any] = field(default_factory=dict)

    def __str__(self):
        parameters = inspect.signature(self.twin.func).parameters.values()
        given = [p.name for p, shape in zip(parameters, self.arguments, strict=False) if p.default is None and shape]
        return " ".join([self.function, *given, *(f"{name}={value}" for name, value in self.options.items())])

    @property
    def names(self):
        return [*inspect.signature(self.twin.func).parameters][: len(self.arguments)]

    @property
    def twin(self):
        return _with_options(self.function, tuple(self.options.items()))

    def loop(self, *arguments):
        return getattr(plain_loops, self.function)(*arguments, **self.options)


@cache
def _with_options(function, options):
    """The same object every time, since what XLA compiled is kept under it."""
    return partial(getattr(conventions, function), **dict(options))


def onnx(function, *, lengths=False, peepholes=False, defaults=False, **options):
    """A variant of an ONNX operator; defaults: without all inputs that may be left out."""
    G, states = {"onnx_rnn": (1, 1), "onnx_lstm": (4, 2), "onnx_gru": (3, 1)}[function]
    D = 2 if options.get("direction") == "bidirectional" else 1
    X, state = ("N T I", f"N {D} H") if options.get("layout") else ("T N I", f"{D} N H")
    arguments = (X, f"{D} {G}H I", f"{D} {G}H H")
    if not defaults:
        arguments = (*arguments, f"{D} {2 * G}H", "lengths N" if lengths else None, *[state] * states)
        arguments += (f"{D} 3H",) if peepholes else ()
    return Variant(function, arguments, options)


LINEN_LSTM = {f"i{gate}": {"kernel": "I H"} for gate in "ifgo"} | {
    f"h{gate}": {"kernel": "H H", "bias": "H"} for gate in "ifgo"
}
NNX_LSTM = {"if_" if name == "if" else name: layer for name, layer in LINEN_LSTM.items()}
OPTIMIZED_LSTM = {"dense_i": {"kernel": "I 4H"}, "dense_h": {"kernel": "H 4H", "bias": "4H"}}
LINEN_GRU = {f"i{gate}": {"kernel": "I H", "bias": "H"} for gate in "rzn"} | {
    "hr": {"kernel": "H H"},
    "hz": {"kernel": "H H"},
    "hn": {"kernel": "H H", "bias": "H"},
}
NNX_GRU = {"dense_i": {"kernel": "I 3H", "bias": "3H"}, "dense_h": {"kernel": "H 3H"}}

VARIANTS = {
    "min-char-rnn": [Variant("min_char_rnn", ("words T", "words T", "H 1", "H V", "H H", "V H", "H 1", "V 1"))],
    "cs231n RNN": [Variant("cs231n_rnn_forward", ("N T I", "N H", "I H", "H H", "H"))],
    "cs231n LSTM": [Variant("cs231n_lstm_forward", ("N T I", "N H", "I 4H", "H 4H", "4H"))],
    "DLFS2 RNN": [Variant("dlfs2_time_rnn", ("N T I", "N H", "I H", "H H", "H"))],
    "DLFS2 LSTM": [Variant("dlfs2_time_lstm", ("N T I", "N H", "N H", "I 4H", "H 4H", "4H"))],
    "DLFS2 GRU": [Variant("dlfs2_time_gru", ("N T I", "N H", "I 3H", "H 3H", "3H"))],
    "PyTorch RNN": [Variant("pytorch_rnn", ("T N I", "1 N H", "H I", "H H", "H", "H"))],
    "PyTorch LSTM": [Variant("pytorch_lstm", ("T N I", "1 N H", "1 N H", "4H I", "4H H", "4H", "4H"))],
    "PyTorch GRU": [Variant("pytorch_gru", ("T N I", "1 N H", "3H I", "3H H", "3H", "3H"))],
    "Keras LSTM": [Variant("keras_lstm", ("N T I", "N H", "N H", "I 4H", "H 4H", "4H"))],
    "Keras GRU": [
        Variant("keras_gru", ("N T I", "N H", "I 3H", "H 3H", "2 3H")),
        Variant("keras_gru", ("N T I", "N H", "I 3H", "H 3H", "3H"), {"reset_after": False}),
    ],
    "Flax linen LSTMCell": [Variant("flax_linen_lstm", (LINEN_LSTM, "N T I", "N H", "N H"))],
    "Flax linen GRUCell": [Variant("flax_linen_gru", (LINEN_GRU, "N T I", "N H"))],
    "Flax nnx LSTMCell": [Variant("flax_nnx_lstm", (NNX_LSTM, "N T I", "N H", "N H"))],
    "Flax nnx OptimizedLSTMCell": [Variant("flax_nnx_optimized_lstm", (OPTIMIZED_LSTM, "N T I", "N H", "N H"))],
    "Flax nnx GRUCell": [Variant("flax_nnx_gru", (NNX_GRU, "N T I", "N H"))],
    "ONNX RNN": [
        onnx("onnx_rnn"),
        onnx("onnx_rnn", defaults=True),
        onnx("onnx_rnn", direction="reverse", layout=1),
        onnx("onnx_rnn", direction="bidirectional"),
        onnx("onnx_rnn", direction="reverse", clip=1.5),
        onnx("onnx_rnn", direction="bidirectional", lengths=True, layout=1),
    ],
    "ONNX LSTM": [
        onnx("onnx_lstm"),
        onnx("onnx_lstm", defaults=True),
        onnx("onnx_lstm", peepholes=True),
        onnx("onnx_lstm", peepholes=True, direction="reverse", layout=1),
        onnx("onnx_lstm", peepholes=True, direction="bidirectional"),
        onnx("onnx_lstm", peepholes=True, direction="reverse", lengths=True, clip=1.5),
        onnx("onnx_lstm", peepholes=True, lengths=True, input_forget=1),
    ],
    "ONNX GRU": [
        onnx("onnx_gru"),
        onnx("onnx_gru", defaults=True),
        onnx("onnx_gru", direction="reverse", layout=1),
        onnx("onnx_gru", direction="bidirectional", linear_before_reset=1),
        onnx("onnx_gru", lengths=True, clip=1.5),
        onnx("onnx_gru", direction="reverse", lengths=True, clip=1.5, linear_before_reset=1),
    ],
    "TF1 LSTM": [Variant("tf1_lstm", ("N T I", "N H", "N H", "I+H 4H", "4H"))],
    "TF1 GRU": [Variant("tf1_gru", ("N T I", "N H", "I+H 2H", "2H", "I+H H", "H"))],
    "cuDNN RNN": [Variant("cudnn_rnn", ("T N I", "1 N H", "1 H I", "1 H H", "1 H", "1 H"))],
    "cuDNN LSTM": [Variant("cudnn_lstm", ("T N I", "1 N H", "1 N H", "4 H I", "4 H H", "4 H", "4 H"))],
    "cuDNN GRU": [Variant("cudnn_gru", ("T N I", "1 N H", "3 H I", "3 H H", "3 H", "3 H"))],
}


# What a variant is evaluated on, and ours


def drawn(variant, sizes, seed, dtype=np.float64):
    """Arguments of the variant and cotangents of its outputs: normal numbers, so that no two blocks are alike."""
    generator = np.random.default_rng(seed)

    def array(shape):
        if shape is None:
            return None
        kind, *dimensions = shape.split() if shape[0].islower() else ("", *shape.split())
        shape = tuple(sum(_size(term, sizes) for term in dimension.split("+")) for dimension in dimensions)
        if kind == "words":
            return generator.integers(sizes["V"], size=shape)
        if kind == "lengths":  # T, T - 1, ..., so that there are whole and short sequences
            return generator.permutation(np.maximum(1, sizes["T"] - np.arange(*shape)))
        return generator.standard_normal(shape).astype(dtype)

    arguments = mapped(array, variant.arguments)
    outputs = variant.loop(*arguments)
    return arguments, tuple(np.asarray(generator.standard_normal(np.shape(output)), dtype) for output in outputs)


def _size(term, sizes):
    """The "4H" of a shape: four times the size of H.  "3" is a three, "H" the size of H."""
    number, letter = term.rstrip("".join(sizes)), term.lstrip("0123456789")
    return int(number or 1) * (sizes[letter] if letter else 1)


def vjp(forward, arguments, cotangents):
    """As `autodiff.truth.vjp`, but XLA compiles faster, which is most of what such a comparison takes."""
    with jax.enable_x64(True):
        return jax.tree.map(np.asarray, _compiled(forward)(*_as_float64(arguments, cotangents)))


@cache
def _compiled(forward):
    options = {"xla_backend_optimization_level": 0}
    return jax.jit(partial(_outputs_and_gradients, forward), compiler_options=options)


def vjp_without_compiling(forward, arguments, cotangents):
    """As `vjp`, by gradproof's own evaluator, in a tenth of the time.  See `has_rules`."""
    arrays = _as_float64(arguments, cotangents)
    with jax.enable_x64(True):
        program, shapes = jax.make_jaxpr(partial(_outputs_and_gradients, forward), return_shape=True)(*arrays)
    results = evaluate(program, RULES, {}, jax.tree.leaves(arrays))
    return jax.tree.unflatten(jax.tree.structure(shapes), results)


def has_rules(variant):
    """Whether that evaluator knows all its primitives, as it does but for masked steps (ONNX) and indices."""
    return not variant.function.startswith(("onnx", "min_char_rnn"))


def _outputs_and_gradients(forward, arguments, cotangents):
    outputs, pullback = jax.vjp(forward, *arguments)
    return outputs, pullback(cotangents)


def _as_float64(*nests):
    return mapped(lambda array: None if array is None else np.asarray(array, np.float64), nests)


# The peers: each takes a variant, arguments and cotangents and returns outputs and gradients, None where it has none


def imported(module):
    """The module; what it warns of while it is imported is not our matter."""
    os.environ["KERAS_BACKEND"] = "jax"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(module)


def plain_loop(variant, arguments, cotangents):
    """A loop of plain_loops.py, gradients by the complex step."""
    return variant.loop(*arguments), plain_loops.gradients(variant.loop, arguments, cotangents)


def torch_layer(variant, arguments, cotangents):
    """torch.nn.RNN, LSTM or GRU in float64, gradients by its autograd."""
    torch = imported("torch")
    kind = variant.function.removeprefix("pytorch_").upper()
    tensors = [torch.tensor(array, requires_grad=True) for array in arguments]
    x, *states = tensors[:-4]
    layer = getattr(torch.nn, kind)(x.shape[2], states[0].shape[2], dtype=torch.float64)
    weights = dict(zip(variant.names[-4:], tensors[-4:], strict=True))
    output, last = torch.func.functional_call(layer, weights, (x, tuple(states) if kind == "LSTM" else states[0]))
    outputs = (output, *last) if kind == "LSTM" else (output, last)
    gradients = torch.autograd.grad(outputs, tensors, [torch.tensor(array) for array in cotangents])
    return tuple(output.detach().numpy() for output in outputs), tuple(gradient.numpy() for gradient in gradients)


def keras_layer(variant, arguments, cotangents):
    """keras.layers.LSTM or GRU in float64 on the JAX backend, gradients by jax.vjp through stateless_call."""
    keras = imported("keras")
    with jax.enable_x64(True):
        layer = getattr(keras.layers, variant.function.removeprefix("keras_").upper())(
            arguments[1].shape[1],
            activation=jax.numpy.tanh,  # keras.ops.tanh rounds float64 to float32 on this backend
            return_sequences=True,
            return_state=True,
            dtype="float64",
            **variant.options,
        )
        layer.build(arguments[0].shape)
        others = [variable.value for variable in layer.non_trainable_variables]
    assert [variable.name for variable in layer.trainable_variables] == variant.names[-3:]

    def forward(sequences, *rest):
        states, weights = list(rest[:-3]), list(rest[-3:])
        return tuple(layer.stateless_call(weights, others, sequences, initial_state=states)[0])

    return vjp(forward, arguments, cotangents)


def flax_linen(name):
    """flax.linen.RNN of this cell in float64, gradients by jax.vjp."""

    def evaluate(variant, arguments, cotangents):
        linen = imported("flax.linen")

        def forward(params, inputs, *carry):
            cell = getattr(linen, name)(carry[0].shape[1], param_dtype=np.float64)
            layer = linen.RNN(cell, return_carry=True)
            last, outputs = layer.apply({"params": {"cell": params}}, inputs, initial_carry=_nested(carry))
            return *_flat(last), outputs

        return vjp(forward, arguments, cotangents)

    return evaluate


def flax_nnx(name):
    """flax.nnx.RNN of this cell in float64, gradients by jax.vjp."""

    def evaluate(variant, arguments, cotangents):
        nnx = imported("flax.nnx")

        def forward(params, inputs, *carry):
            cell = getattr(nnx, name)(inputs.shape[2], carry[0].shape[1], param_dtype=np.float64, rngs=nnx.Rngs(0))
            graph, state = nnx.split(cell)
            nnx.replace_by_pure_dict(state, params)
            layer = nnx.RNN(nnx.merge(graph, state), return_carry=True)
            last, outputs = layer(inputs, initial_carry=_nested(carry))
            return *_flat(last), outputs

        return vjp(forward, arguments, cotangents)

    return evaluate


def _nested(carry):
    """Flax's carry is a tuple in an LSTM and an array in a GRU."""
    return carry if len(carry) == 2 else carry[0]


def _flat(carry):
    return carry if isinstance(carry, tuple) else (carry,)


def onnx_reference(variant, arguments, cotangents):
    """onnx.reference.ReferenceEvaluator in float64, gradients by the complex step through it."""
    evaluator = imported("onnx.reference").ReferenceEvaluator(_onnx_model(variant, arguments))

    def forward(*arguments):
        return tuple(evaluator.run(None, _onnx_inputs(variant, arguments)))

    return forward(*arguments), plain_loops.gradients(forward, arguments, cotangents)


def onnx_runtime(variant, arguments, cotangents):
    """onnxruntime on the CPU, which has these operators in float32 only and without gradients."""
    model = _onnx_model(variant, arguments).SerializeToString()
    session = imported("onnxruntime").InferenceSession(model, providers=["CPUExecutionProvider"])
    return tuple(session.run(None, _onnx_inputs(variant, arguments))), None


def _onnx_model(variant, arguments):
    helper = imported("onnx").helper
    inputs = _onnx_inputs(variant, arguments)
    outputs = ["Y", "Y_h", "Y_c"] if variant.function == "onnx_lstm" else ["Y", "Y_h"]
    node = helper.make_node(
        variant.function.removeprefix("onnx_").upper(),
        [name if name in inputs else "" for name in variant.names],
        outputs,
        hidden_size=arguments[2].shape[2],
        **variant.options,
    )

    def declared(name, dtype, shape):
        return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(dtype), shape)

    graph = helper.make_graph(
        [node],
        "one operator",
        [declared(name, array.dtype, array.shape) for name, array in inputs.items()],
        [declared(name, arguments[0].dtype, None) for name in outputs],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)


def _onnx_inputs(variant, arguments):
    named = {name: array for name, array in zip(variant.names, arguments, strict=True) if array is not None}
    return named | {name: named[name].astype(np.int32) for name in ("sequence_lens",) if name in named}


@dataclass(frozen=True)
class Peer:
    """convention: what the variants stand for.  package: what must be installed, None for a loop; against: its name."""

    convention: str
    package: str | None
    against: str
    evaluate: Callable[..., Any]
    variants: list[Variant]
    dtype: Any = np.float64

    def __str__(self):
        return f"{self.convention}, {self.against}"


def _reference_computes(variant):
    """onnx.reference accepts the other options and silently ignores them."""
    return not {"clip", "input_forget"} & set(variant.options) and "lengths N" not in variant.arguments


def _runtime_accepts(variant):
    return "layout" not in variant.options


def _loop_is_needed(variant):
    """Where no package gives a gradient, or none is run."""
    return not variant.function.startswith("onnx") or not _reference_computes(variant)


def _loop(convention, variants):
    origin = "docs" if convention.startswith(("ONNX", "cuDNN")) else "source"
    return Peer(convention, None, f"plain loop, from {origin}", plain_loop, list(filter(_loop_is_needed, variants)))


LOOPS = {convention: _loop(convention, variants) for convention, variants in VARIANTS.items()}


def _onnx_peers(convention):
    variants = VARIANTS[convention]
    return [
        Peer(convention, "onnx", "onnx.reference", onnx_reference, list(filter(_reference_computes, variants))),
        Peer(
            convention,
            "onnxruntime",
            "onnxruntime",
            onnx_runtime,
            list(filter(_runtime_accepts, variants)),
            np.float32,
        ),
        LOOPS[convention],
    ]


PEERS = [
    *(LOOPS[c] for c in ("min-char-rnn", "cs231n RNN", "cs231n LSTM", "DLFS2 RNN", "DLFS2 LSTM", "DLFS2 GRU")),
    *(Peer(c, "torch", "torch", torch_layer, VARIANTS[c]) for c in ("PyTorch RNN", "PyTorch LSTM", "PyTorch GRU")),
    *(Peer(c, "keras", "keras", keras_layer, VARIANTS[c]) for c in ("Keras LSTM", "Keras GRU")),
    *(
        Peer(f"Flax {kind} {cell}", "flax", "flax", evaluate(cell), VARIANTS[f"Flax {kind} {same or cell}"])
        for kind, evaluate, cell, same in (
            ("linen", flax_linen, "LSTMCell", None),
            ("linen", flax_linen, "OptimizedLSTMCell", "LSTMCell"),
            ("linen", flax_linen, "GRUCell", None),
            ("nnx", flax_nnx, "LSTMCell", None),
            ("nnx", flax_nnx, "OptimizedLSTMCell", None),
            ("nnx", flax_nnx, "GRUCell", None),
        )
    ),
    *(peer for c in ("ONNX RNN", "ONNX LSTM", "ONNX GRU") for peer in _onnx_peers(c)),
    *(LOOPS[c] for c in ("TF1 LSTM", "TF1 GRU", "cuDNN RNN", "cuDNN LSTM", "cuDNN GRU")),
]


# The comparison


def comparisons(peer, variant, sizes, seed, vjp=vjp):
    """{name: Comparison} of the outputs and {name: Comparison} of the gradients, none where the peer has none.

    The peer's are the expected ones.  Raises AssertionError where one has an output or a gradient too many.
    """
    arguments, cotangents = drawn(variant, sizes, seed, peer.dtype)
    outputs, gradients = vjp(variant.twin, arguments, cotangents)
    expected, expected_gradients = peer.evaluate(variant, arguments, cotangents)
    inputs = [array for array in leaves(arguments) if array is not None]

    def compared(names, actual, expected, S, G=1.0):
        actual, expected = _named(names, actual), _named(names, expected)
        assert list(actual) == list(expected)
        return {name: compare(actual[name], expected[name], S, G, float32=peer.dtype == np.float32) for name in actual}

    forward = compared([f"output {i}" for i in range(len(expected))], outputs, expected, magnitude(inputs))
    if expected_gradients is None:
        return forward, {}
    G = growth([array for array in leaves(expected_gradients) if array is not None], cotangents)
    return forward, compared(variant.names, gradients, expected_gradients, magnitude(inputs, cotangents), G)


def _named(names, nest):
    """{"params['ii']['kernel']": array} of a tuple of nests; None has no entry."""
    flat, _ = jax.tree_util.tree_flatten_with_path(dict(zip(names, nest, strict=True)))
    return {path[0].key + jax.tree_util.keystr(path[1:]): np.asarray(array) for path, array in flat}
