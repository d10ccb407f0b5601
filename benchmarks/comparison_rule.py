"""How close correct code comes to being called wrong: the comparison rule with and without the growth G.

    python benchmarks/comparison_rule.py [--draws N] [--scale S]

Computes gradients of sequences with right functions in float64 and float32, on two hard cases and on draws over the
sizes and scales that an audit draws from, and prints the largest error as a share of what is allowed: above 1 is a
false alarm.
"""

import argparse
import runpy
from pathlib import Path

import numpy as np

from gradproof import references
from gradproof.cases import LARGEST, Case, cotangents_of, inputs_of, zeros
from gradproof.compare import ATOL, FLOAT32, RTOL, growth, magnitude
from gradproof.contracts.coursera import LSTM_BACKWARD, RNN_BACKWARD

RIGHT = runpy.run_path(str(Path(__file__).parent.parent / "examples" / "right.py"))


def functions_of(contract, dtype):
    """examples/right.py in float64, whose order of operations is another than the truth's; manual/ in float32."""
    if dtype == np.float64:
        return RIGHT[contract.forward.name], RIGHT[contract.name]
    net = contract.forward.twin.partition(".")[0]
    return references.reference(contract.forward.twin), references.reference(f"{net}.{contract.name}")


def share(contract, case, dtype, with_growth):
    """Largest |actual - expected| of right functions in a dtype, over what is allowed."""
    inputs, cotangents = inputs_of(contract.forward, case), cotangents_of(contract, case)
    inputs = {name: array.astype(dtype) for name, array in inputs.items()}
    cotangents = {name: array.astype(dtype) for name, array in cotangents.items()}
    forward, backward = functions_of(contract, dtype)
    names = [name for name in contract.forward.arguments if name not in contract.forward.optional]
    arguments = contract.forward.pack(contract.forward, inputs, ())[0]
    gradients = backward(cotangents["da"], forward(*(arguments[name] for name in names))[-1])

    exact = {name: array.astype(np.float64) for name, array in inputs.items()}
    upstream = {name: zeros(shape, case.sizes) for name, shape in contract.forward.outputs.items()}
    upstream["a"] = cotangents["da"].astype(np.float64)
    _, truth = references.outputs_and_gradients(contract.forward, case.sizes, exact, upstream)
    S = magnitude(exact.values(), [upstream["a"]])
    G = growth(truth.values(), [upstream["a"]]) if with_growth else 1.0
    factor = FLOAT32 if dtype == np.float32 else 1.0
    return max(
        float(np.max(np.abs(gradients[name] - truth[of]) / (factor * (RTOL * np.abs(truth[of]) + ATOL * S * G**2))))
        for name, of in contract.gradients.items()
        if name in gradients
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--scale", type=float, help="of all inputs, instead of 0.5, 1, 2, 3 and 10")
    options = parser.parse_args()
    generator = np.random.default_rng(0)
    kinds = ((np.float64, False), (np.float64, True), (np.float32, True))
    print(f"{'share of what is allowed':<36} {'float64, no G':>14} {'float64':>14} {'float32':>14}")
    for contract in (RNN_BACKWARD, LSTM_BACKWARD):
        worst = [0.0] * len(kinds)
        for _ in range(options.draws):
            sizes = {name: int(generator.integers(1, largest + 1)) for name, largest in LARGEST.items()}
            scale = options.scale or float(generator.choice([0.5, 1.0, 2.0, 3.0, 10.0]))
            saturated = bool(generator.integers(2))
            case = Case(sizes, int(generator.integers(2**31)), scale, float(generator.choice([1, 50, 1e-5])), saturated)
            worst = [max(old, share(contract, case, *kind)) for old, kind in zip(worst, kinds, strict=True)]
        name = f"{contract.name}, worst of {options.draws} draws"
        print(f"{name:<36} {worst[0]:>14.3g} {worst[1]:>14.3g} {worst[2]:>14.3g}")


if __name__ == "__main__":
    main()
