"""gradproof/arithmetic/rational.py: which exact number a float stands for."""

import math
from fractions import Fraction

import numpy as np
import pytest

from gradproof.arithmetic.rational import rational


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.0, Fraction(0)),
        (3.0, Fraction(3)),
        (-0.5, Fraction(-1, 2)),
        (2.0**-30, Fraction(1, 2**30)),
        (0.1, Fraction(1, 10)),
        (1e-8, Fraction(1, 10**8)),
        (0.044715, Fraction(44715, 10**6)),
        (1 / 3, Fraction(1, 3)),
        (2 / 7, Fraction(2, 7)),
        (1e-38, Fraction(1, 10**38)),
        (1 + 1e-15, 1 + Fraction(1, 10**15)),  # it prints as it was written
        (float(np.float32(0.1)), Fraction(1, 10)),
    ],
)
def test_a_float_stands_for_what_a_person_wrote(value, expected):
    assert rational(value) == expected


ROUNDED = [0.1 + 0.2, 0.2 * 3, 0.1 * 7, 2.7 * 3.0, 0.1 + 0.2 - 0.3, 1 - 0.9, 0.7 + 0.1]


@pytest.mark.parametrize("value", [math.e, math.pi, math.sqrt(2), math.log(2), float(np.float32(math.e)), *ROUNDED])
def test_a_float_of_full_mantissa_is_suspect(value):
    assert rational(value) is None


def test_hardly_any_random_float_is_taken_for_a_rational():
    values = np.random.default_rng(0).standard_normal(20_000)
    assert sum(rational(float(value)) is not None for value in values) <= 6


def test_no_product_of_two_short_decimals_is_taken_for_another_number():
    for a in range(1, 200):
        for k in range(2, 40):
            value = a / 100 * (k / 10)
            assert rational(value) in (None, Fraction(a * k, 1000))
