"""Cases for the conventions in which examples are rows: sizes, a seed, and how large inputs and cotangents are."""

from agreement import dimensions_in, scale_of
from hypothesis import strategies as st

from gradproof.cases import LARGEST
from gradproof.contracts import sizes_of

SIZES = {"N": 2, "T": 3, "D": 4, "H": 5, "V": 6, "M": 7}
CASE = {"sizes": SIZES, "seed": 0, "scale": 1.0, "cotangents": 1.0}

cases = st.fixed_dictionaries(
    {
        "sizes": st.fixed_dictionaries({name: st.integers(1, LARGEST[name]) for name in SIZES}),
        "seed": st.integers(0, 2**32 - 1),
        "scale": st.sampled_from([0.1, 1.0, 10.0]),
        "cotangents": st.sampled_from([1e-5, 1.0, 50.0]),
    }
)


def shape_of(words, sizes):
    """The shape that "N 4H" is."""
    return sizes_of(dimensions_in(words), sizes)


def input_of(name, words, case, random):
    """Normal numbers of this shape, as large as the case says."""
    shape = shape_of(words, case["sizes"])
    return scale_of(name, shape, case["scale"], case["sizes"]["T"]) * random.standard_normal(shape)
