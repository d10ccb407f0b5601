"""Cases for the conventions in which examples are rows: sizes, a seed, and how large inputs and cotangents are."""

from hypothesis import strategies as st

# XLA compiles every forward once per shape.
POOL = [
    {"N": 1, "T": 1, "D": 1, "H": 1, "V": 1, "M": 1},
    {"N": 2, "T": 3, "D": 4, "H": 5, "V": 6, "M": 7},
]
CASE = {"sizes": POOL[1], "seed": 0, "scale": 1.0, "cotangents": 1.0}


def cases_of(sizes):
    return st.fixed_dictionaries(
        {
            "sizes": sizes,
            "seed": st.integers(0, 2**32 - 1),
            "scale": st.sampled_from([0.1, 1.0, 10.0]),
            "cotangents": st.sampled_from([1e-5, 1.0, 50.0]),
        }
    )


free_cases = cases_of(st.fixed_dictionaries({name: st.integers(1, 4) for name in "NTDHVM"}))


def shape_of(dimensions, sizes):
    """The shape that "N 4H" is."""
    return tuple(int(name[:-1] or 1) * sizes[name[-1]] for name in dimensions.split())
