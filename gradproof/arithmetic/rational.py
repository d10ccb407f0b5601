"""Which exact number a float in somebody's code stands for: 0.1 is a tenth, and 1/3 a third.

A float of full mantissa, such as np.e or the result of an earlier rounding, stands for a number that it is not: it is
suspect, and what depends on it cannot be decided exactly.
"""

import math
from fractions import Fraction
from functools import lru_cache

import numpy as np

DIGITS = 12  # of 17: one in ten thousand doubles has as few by chance
FEW, PRINTED = 4, 16  # not zero among those printed, as in 1.000000000000001: hardly any double by chance,
ROUNDING = 4  # units in the last place: unless it is the rounded 0.2 * 3, which prints as 0.6000000000000001
LARGEST_DENOMINATOR = 1000
BITS, SMALLEST = 12, 2.0**-40  # of 53; smaller ones are what is left of 0.1 + 0.2 - 0.3


@lru_cache(maxsize=4096)
def rational(value: float) -> Fraction | None:
    """The number that a finite float stands for; None when it is suspect."""
    exact = Fraction(value)
    if exact.denominator == 1 and abs(exact.numerator) < 2**53:
        return exact
    if abs(exact.numerator).bit_length() <= BITS and abs(value) >= SMALLEST:
        return exact  # such as 2**-30
    digits = _digits(repr(value))
    few = len(digits) <= PRINTED and len(digits.replace("0", "")) <= FEW
    rounded = abs(value - float(f"{value:.{DIGITS - 1}e}")) < ROUNDING * math.ulp(value)
    if len(digits) <= DIGITS or (few and not rounded):
        return Fraction(repr(value))
    near = exact.limit_denominator(LARGEST_DENOMINATOR)
    if near.numerator / near.denominator == value:
        return near
    with np.errstate(all="ignore"):
        single = np.float32(value)
    if float(single) == value and len(_digits(str(single))) <= DIGITS // 2:
        return Fraction(str(single))  # 0.1 that was rounded to float32
    return None


def _digits(text: str) -> str:
    """The significant decimal digits of a printed float."""
    return text.partition("e")[0].replace(".", "").replace("-", "").strip("0")
