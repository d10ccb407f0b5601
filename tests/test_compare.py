"""gradproof/compare.py: the comparison rule itself."""

import numpy as np
import pytest
from agreement import assert_agrees, assert_gradients_agree
from hypothesis import given
from hypothesis import strategies as st

from gradproof.compare import ATOL, FLOAT32, RTOL, compare, magnitude

numbers = st.floats(-1e6, 1e6, allow_subnormal=False)
scales = st.sampled_from([1e-5, 1.0, 50.0])


def test_magnitude_is_the_largest_cotangent_times_the_largest_input_but_at_least_once():
    small, large = np.array([0.5, -0.25]), np.array([[-7.0], [2.0]])
    assert magnitude([small, large]) == 7
    assert magnitude([small]) == 1
    assert magnitude([small, large], [np.array([0.1, -0.3]), np.array([0.2])]) == pytest.approx(2.1)
    assert magnitude([small], [np.array([0.1, -0.3])]) == 0.3


@given(expected=numbers, S=scales, float32=st.booleans())
def test_just_under_the_bound_agrees_and_just_over_does_not(expected, S, float32):
    bound = (FLOAT32 if float32 else 1) * (RTOL * abs(expected) + ATOL * S)
    ulps = 4 * np.spacing(abs(expected) + bound)
    inside, outside = np.array([expected + 0.99 * bound - ulps]), np.array([expected + 1.01 * bound + ulps])
    assert compare(inside, np.array([expected]), S, float32=float32).agrees
    assert not compare(outside, np.array([expected]), S, float32=float32).agrees


@given(expected=numbers)
def test_equal_numbers_agree_even_where_nothing_is_allowed(expected):
    assert compare(np.array([expected, 0.0]), np.array([expected, 0.0]), 0.0).agrees
    assert not compare(np.array([expected, 1e-300]), np.array([expected, 0.0]), 0.0).agrees


@given(expected=numbers, S=scales)
def test_too_small_is_as_wrong_as_too_large(expected, S):
    outside = np.array([expected - 1.01 * (RTOL * abs(expected) + ATOL * S) - 4 * np.spacing(abs(expected))])
    assert not compare(outside, np.array([expected]), S).agrees


def test_float32_is_allowed_its_own_rounding_and_no_more():
    expected = np.array([1 / 3])
    assert compare(expected.astype(np.float32), expected, 1.0, float32=True).agrees
    assert not compare(expected.astype(np.float32), expected, 1.0).agrees
    assert not compare(1.01 * expected, expected, 1.0, float32=True).agrees


@pytest.mark.parametrize(("shape", "other"), [((1, 3), (3, 1)), ((3,), (3, 1)), ((2, 1), (2, 3)), ((), (1,))])
def test_shapes_must_be_the_same_even_where_they_broadcast(shape, other):
    with pytest.raises(ValueError, match=r"actual has shape .*; expected ") as raised:
        compare(np.zeros(shape), np.zeros(other), 1.0)
    assert str(shape) in str(raised.value)
    assert str(other) in str(raised.value)


def test_the_index_is_that_of_the_worst_element_and_wrong_marks_each():
    expected = np.arange(6.0).reshape(2, 3)
    actual = expected.copy()
    actual[0, 1] += 0.25
    actual[1, 2] -= 4.0
    comparison = compare(actual, expected, 1.0)
    assert not comparison.agrees
    assert comparison.wrong.tolist() == [[False, True, False], [False, False, True]]
    assert (comparison.index, comparison.actual, comparison.expected) == ((1, 2), 1.0, 5.0)
    assert (comparison.max_abs, comparison.max_rel) == (4.0, 0.8)


def test_worst_is_by_the_rule_not_by_size():
    comparison = compare(np.array([1e6 + 1e-7, 1e-9]), np.array([1e6, 0.0]), 1.0)
    assert comparison.index == (1,)
    assert comparison.wrong.tolist() == [False, True]


@pytest.mark.parametrize("actual", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("expected", [0.0, 1.5, np.nan, np.inf, -np.inf])
def test_what_is_not_finite_agrees_with_itself_alone(actual, expected):
    same = actual == expected or (np.isnan(actual) and np.isnan(expected))
    for one, other in [(actual, expected), (expected, actual)]:
        comparison = compare(np.array([2.0, one]), np.array([2.0, other]), 1.0)
        assert comparison.wrong.tolist() == [False, not same]


def test_digits_count_the_decimals_of_agreement():
    expected = np.array([0.0, 1.0])
    assert compare(expected, expected, 1.0).digits == 16
    assert compare(expected + 2e-9, expected, 1.0).digits == 8
    assert compare(expected + 2e-13, expected, 1.0).digits == 12
    assert compare(expected + 5.0, expected, 1.0).digits == 0
    assert compare(np.array([np.nan, 1.0]), expected, 1.0).digits == 0


def test_empty_arrays_agree():
    comparison = compare(np.zeros((0, 3)), np.zeros((0, 3)), 1.0)
    assert comparison.agrees
    assert comparison.index == ()


def test_the_arguments_are_not_mutated():
    actual, expected = np.array([1.0, np.nan]), np.array([np.inf, 2.0])
    compare(actual, expected, 1.0)
    np.testing.assert_array_equal(actual, [1.0, np.nan])
    np.testing.assert_array_equal(expected, [np.inf, 2.0])


def test_assert_agrees_names_the_array_the_worst_element_both_numbers_and_how_many():
    expected = np.zeros((3, 7))
    actual = expected.copy()
    actual[2, 1], actual[0, 0] = 0.5, -0.25
    with pytest.raises(AssertionError) as raised:
        assert_agrees("dWf", actual, expected, 1.0)
    assert "dWf[2, 1]: actual 0.5, expected 0.0; 2 of 21 elements wrong" in str(raised.value)


def test_assert_agrees_does_not_forgive_a_shape():
    with pytest.raises(AssertionError, match=r"dba has shape \(3,\), expected \(3, 1\)"):
        assert_agrees("dba", np.zeros(3), np.zeros((3, 1)), 1.0)


def test_assert_gradients_agree_wants_every_gradient_and_no_other():
    right = {"dx": np.ones((2, 1)), "da0": np.ones(3)}
    assert_gradients_agree(right, {**right}, np.ones(1), np.ones(1))
    for wrong in ({"dx": right["dx"]}, {**right, "dby": np.ones(1)}, {**right, "da0": 2 * right["da0"]}):
        with pytest.raises(AssertionError):
            assert_gradients_agree(wrong, right, np.ones(1), np.ones(1))
