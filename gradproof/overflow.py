"""Whether a softmax overflows: the same number added to every score changes nothing, and must not be noticed."""

import numpy as np

from . import cases as drawing
from .contracts import forward_of
from .experiment import Experiment, status_of
from .verdicts import AGREES, Finding

SHIFT = 800.0  # exp of it is no float64


def overflow(experiment: Experiment) -> list[Finding]:
    """A finding when scores that are all larger by SHIFT give other results; no verdict, since few nets reach them."""
    contract = experiment.target.contract
    if forward_of(contract).logits is None:
        return []
    case = drawing.grid(contract)[0]
    answer = experiment.ask(case, shift=SHIFT)
    expected, S, G = experiment.truth(case)
    results = answer.get("results", {})
    float32 = experiment.target.float32
    off = [  # shifted scores have three digits less
        name
        for name, array in expected.items()
        if name in results and status_of(results[name], array, SHIFT * S, G, float32=float32).verdict != AGREES
    ]
    if results and not off:
        return []
    given = results.get(off[0]) if off else None
    became = (
        f"{off[0]} becomes {float(np.max(given)):g}" if isinstance(given, np.ndarray) and given.size else "it fails"
    )
    told = f"with {SHIFT:g} added to every score, which changes nothing, {became}"
    return [Finding("overflow", f"the softmax overflows: {told}; subtract the maximum before exp")]
