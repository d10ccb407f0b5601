"""Gradient checkers behind one interface: does this one catch that candidate?

A checker is a function of a candidate, and of the seed and the scale of its inputs, that returns whether it caught it;
that it raises counts as caught, since its user sees the traceback.  Each has the sizes and the inputs that its users
have: those of the exercise or the assignment, normal numbers, one seed.  Another one takes ten lines:

    @checker("my checker", needs="mypackage")
    def mine(candidate, seed=0, scale=1.0):
        from mypackage import check

        loaded = candidate.load()
        return not check(loaded.forward, loaded.backward, loaded.inputs(seed, scale))
"""

import importlib.util
import tempfile
from functools import cache

import numpy as np

CHECKERS = {}
VERDICT, FINDING = "by its verdict", "by a finding alone"


def checker(name, needs="numpy", apart=False):
    """Register a function as a checker, if the package that it needs is there.

    apart: it runs candidates in a process of their own, so that what it raises is a defect of the checker.
    """

    def register(function):
        function.needs, function.installed = needs, importlib.util.find_spec(needs) is not None
        function.apart = apart
        CHECKERS[name] = function
        return function

    return register


def catches(function, candidate, seed=0, scale=1.0):
    """What a checker says; noise that a candidate draws is the same for each."""
    np.random.seed(0)
    with np.errstate(all="ignore"):
        try:
            return function(candidate, seed, scale)
        except Exception:
            if function.apart:
                raise
            return True


@checker("gradproof", needs="gradproof", apart=True)
def gradproof(candidate, seed=0, scale=1.0):
    """A verdict other than verified, or a finding that the right function does not have.

    What one case or float64 alone do not verify, a whole audit does not either, because it begins with just these: so
    the cheap audits go first, and exact arithmetic decides only on what survives them.
    """
    import gradproof

    with tempfile.TemporaryDirectory() as folder:
        file = f"{candidate.write(folder)}::{candidate.subject.function}"
        if scale != 1:
            return flagged(gradproof.audit(file, case=f"seed={seed} scale={scale:g}", repair_budget=0))
        cheap = {"arithmetic": "float64", "case": "seed=0"}, {"arithmetic": "float64", "seed": seed}
        said = ""
        for words in (*(cheap if candidate.mutant else ()), {"seed": seed}):
            said = flagged(gradproof.audit(file, repair_budget=0, **words)) or said
            if said == VERDICT:
                break
        return said


def flagged(report):
    """How a report catches a function: of a right one it says that it is verified, and finds nothing else."""
    return "" if report and not report.findings else FINDING if report else VERDICT


@checker("cs231n numeric check")
def numeric(candidate, seed=0, scale=1.0):
    """Central differences of every input's every element, relative error below 1e-6."""
    loaded = candidate.load()
    inputs, upstream = loaded.inputs(seed, scale), loaded.upstream(seed)

    def loss():
        outputs = loaded.forward(inputs)[0]
        return sum(np.sum(outputs[name] * upstream[name]) for name in upstream)

    expected = {name: _differences(loss, inputs[name]) for name in loaded.gradients.values()}
    returned = loaded.backward(upstream, loaded.forward(inputs)[1])
    return any(_relative(returned[name], array) > 1e-6 for name, array in expected.items())


def _differences(loss, array, h=1e-5):
    found = np.zeros_like(array)
    for index in np.ndindex(array.shape):
        old = array[index]
        array[index] = old + h
        above = loss()
        array[index] = old - h
        found[index] = (above - loss()) / (2 * h)
        array[index] = old
    return found


def _relative(actual, expected):
    return np.max(np.abs(actual - expected) / np.maximum(1e-8, np.abs(actual) + np.abs(expected)))


@checker("torch gradcheck", needs="torch")
def gradcheck(candidate, seed=0, scale=1.0, fast=False):
    """torch.autograd.gradcheck of a Function with the candidate's forward and backward, at its defaults."""
    import torch

    loaded = candidate.load()
    inputs = loaded.inputs(seed, scale)
    wanted = list(loaded.gradients.values())

    class Net(torch.autograd.Function):
        @staticmethod
        def forward(context, *tensors):
            arrays = {name: tensor.detach().numpy() for name, tensor in zip(wanted, tensors, strict=True)}
            outputs, context.cache = loaded.forward({**inputs, **arrays})
            context.names = tuple(outputs)
            return tuple(torch.from_numpy(np.array(array)) for array in outputs.values())

        @staticmethod
        def backward(context, *upstream):
            arrays = {name: tensor.detach().numpy() for name, tensor in zip(context.names, upstream, strict=True)}
            found = loaded.backward(arrays, context.cache)
            return tuple(torch.from_numpy(np.array(found[name])) for name in wanted)

    tensors = [torch.from_numpy(inputs[name].copy()).requires_grad_() for name in wanted]
    torch.manual_seed(0)
    return not torch.autograd.gradcheck(Net.apply, tensors, raise_exception=False, fast_mode=fast)


@checker("torch gradcheck, fast_mode", needs="torch")
def fast_gradcheck(candidate, seed=0, scale=1.0):
    return gradcheck(candidate, seed, scale, fast=True)


@checker("jax check_grads", needs="jax")
def check_grads(candidate, seed=0, scale=1.0):
    """jax.test_util.check_grads of a custom_vjp whose backward is the candidate's."""
    import jax
    from jax.test_util import check_grads

    loaded = candidate.load()
    inputs, forward = loaded.inputs(seed, scale), twin_of(candidate.subject)
    wanted = list(loaded.gradients.values())

    def net(arrays):
        outputs = forward({**inputs, **arrays})
        return {name: outputs[name] for name in loaded.cotangents.values()}

    def backward(arrays, upstream):
        cache = loaded.forward({**inputs, **{name: np.array(array) for name, array in arrays.items()}})[1]
        found = loaded.backward({name: np.array(array) for name, array in upstream.items()}, cache)
        return ({name: jax.numpy.asarray(found[name]) for name in wanted},)

    checked = jax.custom_vjp(net)
    checked.defvjp(lambda arrays: (net(arrays), arrays), backward)
    with jax.enable_x64(True):
        try:
            check_grads(checked, ({name: inputs[name] for name in wanted},), order=1, modes=["rev"])
        except AssertionError:
            return True
    return False


@checker("one seed, jax.vjp, allclose", needs="jax")
def one_seed(candidate, seed=0, scale=1.0):
    """numpy.allclose of every gradient with jax.vjp's of the same net in jax.numpy."""
    import jax

    loaded = candidate.load()
    inputs, upstream = loaded.inputs(seed, scale), loaded.upstream(seed)
    with jax.enable_x64(True):
        expected = _vjp_of(candidate.subject)(inputs, upstream)
    returned = loaded.backward(upstream, loaded.forward(inputs)[1])
    return not all(np.allclose(returned[name], expected[name]) for name in returned)


@cache
def twin_of(subject):
    """The outputs, by name, of the same net in jax.numpy."""
    import jax

    from gradproof import references

    contract = subject.contract.forward
    names = tuple(contract.outputs)

    def outputs(inputs):
        found = references.twin(contract.twin)(*references.arguments(contract, inputs), **contract.options)
        return dict(zip(names, found, strict=True))

    return jax.jit(outputs)


@cache
def _vjp_of(subject):
    import jax

    forward = twin_of(subject)

    @jax.jit
    def gradients(inputs, upstream):
        def net(arrays):
            outputs = forward(arrays)
            return {name: outputs[name] for name in upstream}

        return jax.vjp(net, inputs)[1](upstream)[0]

    return gradients
