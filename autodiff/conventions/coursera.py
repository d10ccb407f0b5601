"""Coursera's exercise, the canonical convention, with the GRU update rules that are found under its names.

Its RNN and LSTM need no function here: autodiff/rnn.py and autodiff/lstm.py are they.
"""

import jax.numpy as jnp

from .. import gru


def _coursera_gru_parameters(parameters, names, update):
    """names: the letters of the update gate and of the candidate, "zh" in the canonical net; biases may be absent."""
    canonical = {f"W{to}": parameters[f"W{name}"] for name, to in zip(names, "zh", strict=True)}
    canonical |= {name: parameters[name] for name in ("Wr", "Wy", "by")}
    none = jnp.zeros((parameters["Wr"].shape[0], 1))
    canonical |= {f"b{to}": parameters.get(f"b{name}", none) for name, to in zip(names + "r", "zhr", strict=True)}
    if update == "old":
        canonical |= {"Wz": -canonical["Wz"], "bz": -canonical["bz"]}
    return {**canonical, "bha": none}


def coursera_gru_cell_forward(xt, a_prev, parameters, names="zh", update="new", reset_after=False):
    return gru.gru_cell_forward(xt, a_prev, _coursera_gru_parameters(parameters, names, update), reset_after)


def coursera_gru_forward(x, a0, parameters, names="zh", update="new", reset_after=False):
    return gru.gru_forward(x, a0, _coursera_gru_parameters(parameters, names, update), reset_after)
