"""The ground truth: gradients of a forward by `jax.vjp` and `jax.grad` under `jax.jit`, in float64.

float64 is switched on for the call alone, never for the program that imports this module.  XLA compiles once for every
new combination of shapes (about 0.1 s), so callers that try many shapes draw them from a small pool.
"""

from functools import cache

import jax
import numpy as np

# What is compiled here runs a few times on small arrays, so XLA is to spend little on making it fast.
QUICK = {
    "xla_backend_optimization_level": 0,
    "xla_cpu_use_fusion_emitters": False,
    "xla_cpu_parallel_codegen_split_count": 1,
}


def vjp(forward, primals, cotangents):
    """Outputs of ``forward(*primals)`` and the gradients of ``sum(cotangents * outputs)``.

    primals: tuple of arrays or dicts of arrays; cotangents: one array for every output, in the structure that the
    forward returns.  Everything is computed in float64, whatever the dtype of the arguments.
    Returns (outputs, gradients) as NumPy arrays; gradients has the structure of primals.
    """
    with jax.enable_x64(True):
        return _as_numpy(_compiled_vjp(forward)(_as_float64(tuple(primals)), _as_float64(cotangents)))


def grad(loss, primals):
    """Value of the scalar ``loss(*primals)`` and its gradients, in the structure of primals; float64, NumPy."""
    with jax.enable_x64(True):
        return _as_numpy(_compiled_grad(loss)(_as_float64(tuple(primals))))


@cache
def _compiled_vjp(forward):
    def outputs_and_gradients(primals, cotangents):
        outputs, pullback = jax.vjp(forward, *primals)
        return outputs, pullback(cotangents)

    return _jit(outputs_and_gradients)


@cache
def _compiled_grad(loss):
    return _jit(jax.value_and_grad(lambda primals: loss(*primals)))


def _jit(function):
    """``jax.jit``, compiled with the options of QUICK unless this version of XLA refuses them."""
    quick, usual = jax.jit(function, compiler_options=QUICK), jax.jit(function)

    def call(*arguments):
        try:
            return quick(*arguments)
        except jax.errors.JaxRuntimeError:
            return usual(*arguments)

    return call


def _as_float64(tree):
    return jax.tree.map(lambda array: np.asarray(array, dtype=np.float64), tree)


def _as_numpy(tree):
    return jax.tree.map(np.asarray, tree)
