"""The same nets in jax and torch, as their users write them: (T, N, D), gates side by side.

`step` is one spelling for jax.jit, a scan, and for torch, a loop of its operations.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from contenders import Runner
from machine import cpu_seconds

ORDERS = {"lstm": "ifco", "gru": "rzh"}  # from top to bottom in torch's weights
SIGNS = {"z": -1}  # torch's update gate weighs the old state, which is our rule with -z for z


class Operations(NamedTuple):
    sigmoid: Callable
    tanh: Callable
    split: Callable  # (array, parts), along the last axis


def weights_of(problem):
    """Wi (G H, D), Wh (G H, H), b (G H,) as torch orders the gates, and for a GRU the candidate's bias in the reset."""
    parameters, H, net = problem.parameters, problem.size.H, problem.net
    if net == "rnn":
        return [parameters["Wax"], parameters["Waa"], parameters["ba"][:, 0]]
    W, b = (np.concatenate([SIGNS.get(g, 1) * parameters[kind + g] for g in ORDERS[net]]) for kind in ("W", "b"))
    more = [parameters["bha"][:, 0]] if net == "gru" else []
    return [np.ascontiguousarray(W[:, H:]), np.ascontiguousarray(W[:, :H]), b[:, 0], *more]


def named(problem, a, dx, states, dWi, dWh, db, dbha=None):
    """Results that lie as torch's do, named and laid out as those of the time-major functions."""
    found = {"a": a.transpose(0, 2, 1), "dx": dx.transpose(0, 2, 1)}
    found |= {name: array.T for name, array in zip(("da0", "dc0"), states, strict=False)}
    if problem.net == "rnn":
        return found | {"dWax": dWi, "dWaa": dWh, "dba": db[:, None]}
    gates = ORDERS[problem.net]
    blocks = zip(gates, *(np.split(array, len(gates)) for array in (dWh, dWi, db)), strict=True)
    for gate, of_hidden, of_input, of_bias in blocks:
        sign = SIGNS.get(gate, 1)
        found |= {f"dW{gate}": sign * np.hstack((of_hidden, of_input)), f"db{gate}": sign * of_bias[:, None]}
    return found | ({} if dbha is None else {"dbha": dbha[:, None]})


def step(net, of, state, xt, Wi, Wh, b, bha=None):
    """The state after a step: (h,), of an LSTM (h, c).  xt (N, D)."""
    h = state[0]
    if net == "rnn":
        return (of.tanh(xt @ Wi.T + h @ Wh.T + b),)
    if net == "lstm":
        i, f, g, o = of.split(xt @ Wi.T + h @ Wh.T + b, 4)
        c = of.sigmoid(f) * state[1] + of.sigmoid(i) * of.tanh(g)
        return of.sigmoid(o) * of.tanh(c), c
    (r, z, n), (hr, hz, hn) = of.split(xt @ Wi.T + b, 3), of.split(h @ Wh.T, 3)
    z = of.sigmoid(z + hz)
    return ((1 - z) * of.tanh(n + of.sigmoid(r + hr) * (hn + bha)) + z * h,)


def jax_jit(problem):
    """One compiled function that returns the outputs and, by jax.vjp of a lax.scan, all gradients."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", problem.dtype == "float64")
    of = Operations(jax.nn.sigmoid, jnp.tanh, lambda array, parts: jnp.split(array, parts, axis=-1))

    def outputs(x, states, *weights):
        def one(state, xt):
            state = step(problem.net, of, state, xt, *weights)
            return state, state[0]

        return jax.lax.scan(one, states, x)[1]

    @jax.jit
    def outputs_and_gradients(da, *arguments):
        a, pullback = jax.vjp(outputs, *arguments)
        return a, pullback(da)

    da, x = (jnp.asarray(array.transpose(0, 2, 1)) for array in (problem.da, problem.x))
    arguments = da, x, tuple(map(jnp.asarray, (state.T for state in problem.states))), *weights_of(problem)
    arguments = jax.block_until_ready(jax.tree.map(jnp.asarray, arguments))
    compiled = []
    seconds = cpu_seconds(lambda: compiled.append(outputs_and_gradients.lower(*arguments).compile()))

    def read(returned):
        a, (dx, states, *of_weights) = jax.tree.map(np.asarray, returned)
        return named(problem, a, dx, states, *of_weights)

    return Runner(lambda: jax.block_until_ready(compiled[0](*arguments)), read, seconds)


def torch_module(problem):
    """nn.RNN, nn.LSTM, nn.GRU and torch.autograd.grad with respect to input, states and parameters."""
    import torch

    torch.set_num_threads(1)
    D, H = problem.size.D, problem.size.H
    module = getattr(torch.nn, problem.net.upper())(D, H, dtype=getattr(torch, problem.dtype))
    Wi, Wh, b, *bha = weights_of(problem)
    bh = np.zeros_like(b)
    bh[len(b) - H :] = bha[0] if bha else 0
    with torch.no_grad():
        for parameter, array in zip(module.parameters(), (Wi, Wh, b, bh), strict=True):
            parameter.copy_(torch.from_numpy(array))
    da, x, *states = _tensors(problem)
    states = [state.detach()[None].requires_grad_() for state in states]
    parameters = [x, *states, *module.parameters()]

    def run():
        a, _ = module(x, tuple(states) if len(states) > 1 else states[0])
        return a.detach(), torch.autograd.grad(a, parameters, da)

    def read(returned):
        a, (dx, *gradients, dWi, dWh, dbi, dbh) = returned[0].numpy(), [array.numpy() for array in returned[1]]
        more = [dbh[len(dbh) - H :]] if bha else []
        return named(problem, a, dx, [array[0] for array in gradients], dWi, dWh, dbi, *more)

    return Runner(run, read)


def torch_loop(problem):
    """A loop over the steps in torch's own operations."""
    import torch

    torch.set_num_threads(1)
    of = Operations(torch.sigmoid, torch.tanh, lambda array, parts: array.chunk(parts, dim=-1))
    da, x, *states = _tensors(problem)
    weights = [torch.from_numpy(array.copy()).requires_grad_() for array in weights_of(problem)]

    def run():
        state, hidden = tuple(states), []
        for xt in x.unbind():
            state = step(problem.net, of, state, xt, *weights)
            hidden.append(state[0])
        a = torch.stack(hidden)
        return a.detach(), torch.autograd.grad(a, [x, *states, *weights], da)

    def read(returned):
        a, (dx, *gradients) = returned[0].numpy(), [array.numpy() for array in returned[1]]
        return named(problem, a, dx, gradients[: len(states)], *gradients[len(states) :])

    return Runner(run, read)


def _tensors(problem):
    """da, and x and the states, which need gradients, as (T, N, D) and (N, H)."""
    import torch

    arrays = (problem.da.transpose(0, 2, 1), problem.x.transpose(0, 2, 1), *(state.T for state in problem.states))
    da, *others = (torch.from_numpy(np.ascontiguousarray(array)) for array in arrays)
    return [da, *(array.requires_grad_() for array in others)]
