"""Verdicts and findings: each test spoils one thing in a right candidate and asks what the audit calls it."""

import pytest
from candidates import (
    LSTM_CELL_BACKWARD,
    RNN,
    RNN_BACKWARD,
    RNN_CELL_BACKWARD,
    RNN_CELL_FORWARD,
    audited,
    kinds,
    named,
    right,
    spoiled,
)

# A cache that only its own backward can read.
OWN_CACHE = (
    ("(a_next, a_prev, xt, parameters)\n", '{"a": a_next, "b": a_prev, "x": xt, "p": parameters}\n'),
    ("a_next, a_prev, xt, parameters = cache", 'a_next, a_prev, xt, parameters = (cache[k] for k in "abxp")'),
)
CELL_GRADIENTS = {"dxt", "da_prev", "dWax", "dWaa", "dba"}


def test_a_right_candidate_is_verified_without_findings(tmp_path):
    for function in audited(tmp_path, RNN, examples=30).values():
        assert (function.verdict, function.findings) == ("verified", [])


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ('parameters["Wax"].T @ dz', '-parameters["Wax"].T @ dz', {"dxt"}),
        ('parameters["Waa"].T @ dz', 'parameters["Waa"] @ dz', {"da_prev"}),
        ("dz @ xt.T", "dz @ xt.T * (1 + 1e-9)", {"dWax"}),
        ("dz @ xt.T", "dz @ xt.T + 1e-8", {"dWax"}),
        ("dz @ a_prev.T", "dz @ a_next.T", {"dWaa"}),
        ("dz @ a_prev.T", "np.clip(dz @ a_prev.T, -5, 5)", {"dWaa"}),
        ("(1 - a_next ** 2) * da_next", "(1 - a_next ** 2) * da_next ** 2", CELL_GRADIENTS),
        ("(1 - a_next ** 2) * da_next", "(1 - a_next) * da_next", CELL_GRADIENTS),
        ("(1 - a_next ** 2) * da_next", "da_next", CELL_GRADIENTS),
    ],
)
def test_a_wrong_line_is_named_by_its_gradients(tmp_path, old, new, wrong):
    function = audited(tmp_path, spoiled(RNN_CELL_BACKWARD, (old, new)))["rnn_cell_backward"]
    assert function.verdict == "wrong"
    assert named(function, "wrong") == wrong
    assert right(function) == CELL_GRADIENTS - wrong


def test_the_smallest_case_index_and_both_numbers_are_given(tmp_path):
    source = spoiled(RNN_CELL_BACKWARD, ("dz @ xt.T", "2 * dz @ xt.T"))
    (result,) = audited(tmp_path, source)["rnn_cell_backward"].failing
    assert result.case == "n_x=1 n_a=1 n_y=1 m=1 seed=0"
    assert result.index == [0, 0]
    assert result.actual == pytest.approx(2 * result.expected, rel=1e-12)
    assert result.max_abs == pytest.approx(abs(result.expected), rel=1e-12)
    assert result.max_rel == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize(
    ("old", "new", "condition"),
    [
        ("dz.sum(axis=1, keepdims=True)", "dz.mean(axis=1, keepdims=True)", "only when m>1"),
        ("dz @ xt.T", "dz[:, :3] @ xt[:, :3].T", "only when m>3"),
        ("dz @ a_prev.T", "dz @ a_prev.T * (1 if dz.shape[1] > 1 else 2)", "only when m=1"),
        (
            "dz @ a_prev.T",
            "dz @ a_prev.T * (1 if dz.shape[0] > 1 and dz.shape[1] > 1 else 2)",
            "only when n_a=1 or m=1",
        ),
        ("dz @ a_prev.T", "dz @ a_prev.T * (1 if dz.shape[0] == xt.shape[0] else 2)", "only when n_x≠n_a"),
        ("dz @ xt.T", "np.where(np.abs(da_next).max() > 6, 0, 1) * (dz @ xt.T)", "only with large cotangents"),
        ("dz @ xt.T", "3 * dz @ xt.T", None),
    ],
)
def test_the_condition_tells_when_a_gradient_is_wrong(tmp_path, old, new, condition):
    (result,) = audited(tmp_path, spoiled(RNN_CELL_BACKWARD, (old, new)))["rnn_cell_backward"].failing
    assert result.condition == condition


def test_severed_time_is_wrong_from_two_steps_on_and_located(tmp_path):
    source = RNN_CELL_BACKWARD + spoiled(RNN_BACKWARD, ('carry = g["da_prev"]', "pass"))
    function = audited(tmp_path, source.replace('"da0": carry', '"da0": g["da_prev"]'))["rnn_backward"]
    assert named(function, "wrong") == {"dx", "da0", "dWax", "dWaa", "dba"}
    assert {result.condition for result in function.results} == {"only from T=2 on"}
    (dx,) = [result for result in function.results if result.name == "dx"]
    assert dx.by_time == ["wrong"] * 5 + ["agrees"]
    assert dx.where == ["t=0..4 wrong, t=5 right"]


def test_a_wrong_slice_of_the_weights_is_located_in_its_columns(tmp_path):
    source = spoiled(LSTM_CELL_BACKWARD, ("    dz =", '    out["dWf"][:, :n_a] *= 2\n    dz ='))
    (result,) = audited(tmp_path, source)["lstm_cell_backward"].failing
    assert (result.name, result.where) == ("dWf", ["only columns 0..2 wrong, those of the hidden state"])


def test_a_gradient_that_is_needed_only_with_dc_next_says_so(tmp_path):
    source = spoiled(LSTM_CELL_BACKWARD, ('"dc_prev": dc * ft', '"dc_prev": dc * ft - dc_next * ft'))
    (result,) = audited(tmp_path, source)["lstm_cell_backward"].failing
    assert (result.name, result.condition) == ("dc_prev", "only when dc_next≠0")


# structure


def test_a_broadcastable_shape_is_wrong_shape(tmp_path):
    source = spoiled(RNN_CELL_BACKWARD, ("dz.sum(axis=1, keepdims=True)", "dz.sum(axis=1)"))
    function = audited(tmp_path, source)["rnn_cell_backward"]
    (result,) = function.failing
    assert (function.verdict, result.name, result.verdict) == ("wrong", "dba", "wrong-shape")
    assert (result.actual, result.expected) == ([1], [1, 1])


def test_an_absent_gradient_is_missing(tmp_path):
    source = spoiled(RNN_CELL_BACKWARD, ('"dWaa": dz @ a_prev.T,', ""))
    function = audited(tmp_path, source)["rnn_cell_backward"]
    assert function.verdict == "wrong"
    assert named(function, "missing") == {"dWaa"}


def test_an_unknown_gradient_is_a_finding(tmp_path):
    source = spoiled(RNN_CELL_BACKWARD, ('"dWaa"', '"dby": 0.0, "dWaa"'))
    function = audited(tmp_path, source)["rnn_cell_backward"]
    assert (function.verdict, kinds(function)) == ("verified", {"extra"})


@pytest.mark.parametrize("value", ["{}", "object()", "'text'", "[[1], [2, 3]]", "dz.astype(object)", "dz + 1j"])
def test_what_is_no_array_of_numbers_is_wrong_shape(tmp_path, value):
    function = audited(tmp_path, spoiled(RNN_CELL_BACKWARD, ("dz @ xt.T", value)))["rnn_cell_backward"]
    assert function.verdict == "wrong"
    assert named(function, "wrong-shape") == {"dWax"}


def test_a_result_that_is_no_dict_raises_and_says_what_is_expected(tmp_path):
    source = "def rnn_cell_backward(da_next, cache):\n    return 1, 2, 3\n"
    function = audited(tmp_path, source)["rnn_cell_backward"]
    assert function.verdict == "raises"
    assert function.failure.message == "returned tuple; expected a dict with dxt, da_prev, dWax, dWaa, dba"


def test_lists_and_fortran_order_are_not_wrong(tmp_path):
    source = spoiled(
        RNN_CELL_BACKWARD, ("dz @ xt.T", "(dz @ xt.T).tolist()"), ("dz @ a_prev.T", "np.asfortranarray(dz @ a_prev.T)")
    )
    assert audited(tmp_path, source)["rnn_cell_backward"].verdict == "verified"


def test_nan_is_wrong(tmp_path):
    function = audited(tmp_path, spoiled(RNN_CELL_BACKWARD, ("dz @ xt.T", "dz @ xt.T * np.nan")))["rnn_cell_backward"]
    assert named(function, "wrong") == {"dWax"}


# unfinished


def test_a_none_left_in_the_template_is_unfinished(tmp_path):
    source = spoiled(RNN_CELL_BACKWARD, ("    return {", "    dWaa = None\n    return {"), ("dz @ a_prev.T", "dWaa"))
    function = audited(tmp_path, source)["rnn_cell_backward"]
    assert function.verdict == "unfinished"
    assert named(function, "unfinished") == {"dWaa"}
    assert any("dWaa = None" in finding.message for finding in function.findings)


def test_an_error_because_of_the_templates_none_is_unfinished(tmp_path):
    source = spoiled(RNN_CELL_BACKWARD, ("(1 - a_next ** 2) * da_next", "None"))
    function = audited(tmp_path, source)["rnn_cell_backward"]
    assert (function.verdict, function.failure.type) == ("unfinished", "ValueError")
    assert any("line 5: dz = None" in finding.message for finding in function.findings)


def test_a_function_without_a_return_is_unfinished(tmp_path):
    function = audited(tmp_path, "def rnn_cell_backward(da_next, cache):\n    pass\n")["rnn_cell_backward"]
    assert function.verdict == "unfinished"


def test_an_error_with_none_initialised_is_not_unfinished(tmp_path):
    source = spoiled(RNN_CELL_BACKWARD, ("    dz =", "    dz = None\n    1 / 0\n    dz ="))
    function = audited(tmp_path, source)["rnn_cell_backward"]
    assert (function.verdict, function.failure.type) == ("raises", "ZeroDivisionError")


# errors


def test_an_exception_is_given_with_its_line_and_smallest_case(tmp_path):
    source = spoiled(RNN_CELL_BACKWARD, ("    dz =", "    if xt.shape[1] > 1: raise KeyError('here')\n    dz ="))
    function = audited(tmp_path, source)["rnn_cell_backward"]
    failure = function.failure
    assert (function.verdict, failure.type, failure.line) == ("raises", "KeyError", 5)
    assert failure.text == "if xt.shape[1] > 1: raise KeyError('here')"
    assert failure.case == "n_x=1 n_a=1 n_y=1 m=2 seed=0"
    assert {result.condition for result in function.results} == {"only when m>1"}


# forwards and their caches


def test_a_wrong_prediction_leaves_the_backwards_verified(tmp_path):
    source = spoiled(RNN, ('parameters["Wya"] @ a_next', 'parameters["Wya"] @ a_prev'))
    functions = audited(tmp_path, source)
    assert named(functions["rnn_cell_forward"], "wrong") == {"yt_pred"}
    assert named(functions["rnn_forward"], "wrong") == {"y_pred"}
    assert functions["rnn_cell_backward"].verdict == functions["rnn_backward"].verdict == "verified"


def test_backward_right_forward_wrong(tmp_path):
    source = spoiled(RNN, ('+ parameters["ba"])', ")"))
    functions = audited(tmp_path, source)
    assert functions["rnn_cell_forward"].verdict == functions["rnn_forward"].verdict == "wrong"
    backward = functions["rnn_cell_backward"]
    assert backward.verdict == "verified"
    assert any(finding.message.startswith("backward right, forward wrong") for finding in backward.findings)


def test_both_wrong(tmp_path):
    source = spoiled(RNN, ('+ parameters["ba"])', ")"), ("dz @ xt.T", "2 * dz @ xt.T"))
    backward = audited(tmp_path, source)["rnn_cell_backward"]
    assert named(backward, "wrong") == {"dWax"}
    assert any(finding.message.startswith("both wrong") for finding in backward.findings)


def test_a_wrong_forward_with_a_cache_of_its_own_leaves_the_backward_undecided(tmp_path):
    source = spoiled(
        RNN,
        ('+ parameters["ba"])', ")"),
        *OWN_CACHE,
    )
    functions = audited(tmp_path, source)
    assert functions["rnn_cell_backward"].verdict == "undecided"


def test_a_right_pair_with_a_cache_of_its_own_is_verified(tmp_path):
    source = spoiled(
        RNN,
        *OWN_CACHE,
    )
    assert {function.verdict for function in audited(tmp_path, source).values()} == {"verified"}


def test_a_wrong_cache_entry_is_the_forwards_mistake(tmp_path):
    source = spoiled(RNN, ("(a_next, a_prev, xt, parameters)\n", "(a_next, a_next, xt, parameters)\n"))
    functions = audited(tmp_path, source)
    assert functions["rnn_cell_forward"].verdict == "wrong"
    assert named(functions["rnn_cell_forward"], "wrong") == {"cache"}
    assert functions["rnn_cell_backward"].verdict == "verified"


# the cell and the loop around it


def test_cell_right_glue_wrong(tmp_path):
    source = RNN_CELL_BACKWARD + spoiled(RNN_BACKWARD, ("da[:, :, t] + carry", "da[:, :, t]"))
    functions = audited(tmp_path, source)
    assert functions["rnn_cell_backward"].verdict == "verified"
    assert any(finding.message.startswith("cell right, glue wrong") for finding in functions["rnn_backward"].findings)


def test_glue_right_cell_wrong(tmp_path):
    source = spoiled(RNN_CELL_BACKWARD, ("dz @ xt.T", "2 * dz @ xt.T")) + RNN_BACKWARD
    function = audited(tmp_path, source)["rnn_backward"]
    assert named(function, "wrong") == {"dWax"}
    assert any(finding.message.startswith("glue right, cell wrong") for finding in function.findings)


def test_a_loop_that_dies_in_its_cell_is_judged_with_the_reference_cell(tmp_path):
    source = spoiled(RNN_CELL_BACKWARD, ("    dz =", "    1 / 0\n    dz =")) + spoiled(
        RNN_BACKWARD, ("da[:, :, t] + carry", "da[:, :, t]")
    )
    function = audited(tmp_path, source)["rnn_backward"]
    assert (function.verdict, function.failure.function) == ("raises", "rnn_cell_backward")
    (finding,) = [finding for finding in function.findings if finding.kind == "cell"]
    assert "still wrong: dx, da0, dWax, dWaa, dba, only from T=2 on" in finding.message


# side effects


def test_writing_into_a_cotangent_is_a_finding_and_not_wrong(tmp_path):
    source = spoiled(
        RNN_CELL_BACKWARD, ("dz = (1 - a_next ** 2) * da_next", "da_next *= 1 - a_next ** 2\n    dz = da_next.copy()")
    )
    function = audited(tmp_path, source)["rnn_cell_backward"]
    assert (function.verdict, kinds(function)) == ("verified", {"in-place"})
    assert "da_next" in function.findings[0].message


def test_writing_into_the_cache_is_a_finding_and_spoils_the_second_call(tmp_path):
    source = spoiled(RNN_CELL_BACKWARD, ("    return {", "    a_next[...] = 0\n    return {"))
    function = audited(tmp_path, source)["rnn_cell_backward"]
    assert (function.verdict, kinds(function)) == ("verified", {"in-place", "repeat"})


def test_a_consumed_cache_is_a_finding(tmp_path):
    source = RNN_CELL_BACKWARD + spoiled(RNN_BACKWARD, ("steps[t])", "steps.pop())"))
    function = audited(tmp_path, source)["rnn_backward"]
    assert function.verdict == "verified"
    assert "consumed" in kinds(function)
    assert any("IndexError" in finding.message for finding in function.findings)


def test_memory_between_calls_is_a_finding(tmp_path):
    source = "calls = []\n" + spoiled(
        RNN_CELL_BACKWARD,
        ("    dz =", "    calls.append(1)\n    dz ="),
        ("dz @ xt.T", "dz @ xt.T * (1 + 1e-15 * len(calls))"),
    )
    assert "repeat" in kinds(audited(tmp_path, source)["rnn_cell_backward"])


def test_dependence_on_the_last_forward_is_a_finding(tmp_path):
    source = spoiled(RNN_CELL_FORWARD_WITH_GLOBAL + RNN_CELL_BACKWARD, ("dz @ a_prev.T", "dz @ kept['a_prev'].T"))
    function = audited(tmp_path, source)["rnn_cell_backward"]
    assert function.verdict == "verified"
    assert "order" in kinds(function)


def test_float32_results_are_compared_to_their_precision_and_found(tmp_path):
    source = spoiled(RNN_CELL_BACKWARD, ("dz @ xt.T", "(dz @ xt.T).astype('f')"))
    function = audited(tmp_path, source)["rnn_cell_backward"]
    assert (function.verdict, kinds(function)) == ("verified", {"float32"})


def test_a_float32_buffer_inside_is_found_in_a_float64_result(tmp_path):
    source = spoiled(RNN_CELL_BACKWARD, ("dz @ xt.T", "(dz @ xt.T).astype('f').astype('d')"))
    function = audited(tmp_path, source)["rnn_cell_backward"]
    assert (function.verdict, kinds(function)) == ("verified", {"float32"})


def test_a_wrong_float32_result_is_wrong(tmp_path):
    source = spoiled(RNN_CELL_BACKWARD, ("dz @ xt.T", "(1.001 * dz @ xt.T).astype('f')"))
    assert named(audited(tmp_path, source)["rnn_cell_backward"], "wrong") == {"dWax"}


def test_two_gradients_in_one_array_are_a_finding(tmp_path):
    source = spoiled(
        RNN_CELL_BACKWARD,
        ("    return {", "    both = parameters['Waa'].T @ dz\n    return {'dby': both,"),
        ('parameters["Waa"].T @ dz', "both"),
    )
    assert "aliased" in kinds(audited(tmp_path, source)["rnn_cell_backward"])


RNN_CELL_FORWARD_WITH_GLOBAL = """
kept = {}

def rnn_cell_forward(xt, a_prev, parameters):
    kept["a_prev"] = a_prev
    a_next = np.tanh(parameters["Wax"] @ xt + parameters["Waa"] @ a_prev + parameters["ba"])
    z = parameters["Wya"] @ a_next + parameters["by"]
    e = np.exp(z - z.max(axis=0))
    return a_next, e / e.sum(axis=0), (a_next, a_prev, xt, parameters)
"""


def test_a_forward_that_never_returns_leaves_its_backward_to_the_reference_caches(tmp_path):
    source = spoiled(RNN_CELL_FORWARD_WITH_GLOBAL, ("    kept[", "    while True: pass\n    kept[")) + RNN_CELL_BACKWARD
    functions = audited(tmp_path, source, timeout=1)
    assert functions["rnn_cell_forward"].failure.type == "Timeout"
    assert functions["rnn_cell_backward"].verdict == "verified"


def test_the_gates_that_are_wrong_and_right_are_named(tmp_path):
    source = spoiled(LSTM_CELL_BACKWARD, ("it * (1 - it)", "it * (1 - ot)"))
    (finding,) = audited(tmp_path, source)["lstm_cell_backward"].findings
    expected = "wrong in the input gate; right in the forget gate and the candidate and the output gate"
    assert (finding.kind, finding.message) == ("gates", expected)


def test_zeros_are_not_taken_for_float32_rounding(tmp_path):
    source = spoiled(RNN_CELL_BACKWARD, ("dz @ xt.T", "np.where(np.abs(dz @ xt.T) < 1e-3, 0, dz @ xt.T)"))
    assert named(audited(tmp_path, source, examples=30)["rnn_cell_backward"], "wrong") == {"dWax"}


def test_results_that_the_next_call_overwrites_are_a_finding(tmp_path):
    source = "kept = {}\n" + spoiled(
        RNN_CELL_BACKWARD,
        ("    return {", "    out = kept.setdefault((dz.shape, xt.shape), np.zeros((len(dz), len(xt))))\n    return {"),
        ("dz @ xt.T", "np.add(dz @ xt.T, 1e-15 * out, out=out)"),
    )
    assert "overwritten" in kinds(audited(tmp_path, source)["rnn_cell_backward"])


def test_an_argument_that_loses_an_entry_is_a_finding(tmp_path):
    lost = "    parameters = dict(parameters, by=parameters.pop('by'))\n    a_next"
    source = spoiled(RNN_CELL_FORWARD, ("    a_next", lost))
    function = audited(tmp_path, source)["rnn_cell_forward"]
    assert (function.verdict, kinds(function)) == ("verified", {"in-place"})
    assert "parameters['by']" in function.findings[0].message


def test_what_is_kept_from_call_to_call_is_told_and_no_size_is_blamed(tmp_path):
    source = RNN_CELL_BACKWARD.replace("def rnn_cell_backward", "def compute") + (
        "memo = {}\n"
        "def rnn_cell_backward(da_next, cache):\n"
        "    if da_next.shape not in memo:\n"
        "        memo[da_next.shape] = compute(da_next, cache)\n"
        "    return memo[da_next.shape]\n"
    )
    function = audited(tmp_path, source, examples=30)["rnn_cell_backward"]
    assert function.verdict == "wrong"
    assert "state" in kinds(function)
    assert {result.condition for result in function.failing} == {None}
    assert function.reproduce is None


def test_a_function_that_patches_numpy_in_a_call_harms_only_itself(tmp_path):
    patching = spoiled(RNN_CELL_FORWARD, ("    a_next", "    np.multiply = np.tanh\n    np.stack = None\n    a_next"))
    functions = audited(tmp_path, patching + RNN_CELL_BACKWARD + RNN_BACKWARD.replace("np.zeros", "0 * np.ones"))
    assert functions["rnn_backward"].verdict == "verified"


def test_long_doubles_have_no_side_effects_for_their_padding(tmp_path):
    source = spoiled(RNN_CELL_BACKWARD, ("dz @ xt.T", "(dz @ xt.T).astype(np.longdouble)"))
    function = audited(tmp_path, source)["rnn_cell_backward"]
    assert (function.verdict, function.findings) == ("verified", [])


def test_a_cell_under_another_name_is_not_taken_for_replaced(tmp_path):
    source = spoiled(RNN_CELL_BACKWARD, ("(1 - a_next ** 2)", "(1 - a_next)")) + spoiled(
        RNN_BACKWARD,
        ("def rnn_backward(da, caches):", "def rnn_backward(da, caches, cell=rnn_cell_backward):"),
        ("g = rnn_cell_backward(", "g = cell("),
    )
    function = audited(tmp_path, source)["rnn_backward"]
    assert function.verdict == "wrong"
    assert "cell" not in kinds(function)


def test_a_cell_that_goes_by_two_names_is_replaced_under_both(tmp_path):
    source = spoiled(RNN_CELL_BACKWARD, ("(1 - a_next ** 2)", "(1 - a_next)")) + "step = rnn_cell_backward\n"
    function = audited(tmp_path, source + spoiled(RNN_BACKWARD, ("g = rnn_cell_backward(", "g = step(")))[
        "rnn_backward"
    ]
    assert any(finding.message.startswith("glue right, cell wrong") for finding in function.findings)


def test_a_cache_in_an_order_of_its_own_is_not_read_as_the_published_one(tmp_path):
    source = spoiled(
        RNN,
        ("(a_next, a_prev, xt, parameters)\n", "(a_prev, a_next, xt, parameters)\n"),
        ("a_next, a_prev, xt, parameters = cache", "a_prev, a_next, xt, parameters = cache"),
        ("dz.sum(axis=1, keepdims=True)", "2 * dz.sum(axis=1, keepdims=True)"),
    )
    functions = audited(tmp_path, source)
    assert functions["rnn_cell_forward"].verdict == functions["rnn_forward"].verdict == "verified"
    assert named(functions["rnn_cell_backward"], "wrong") == named(functions["rnn_backward"], "wrong") == {"dba"}


def test_a_wrong_prediction_does_not_excuse_a_backward_with_a_cache_of_its_own(tmp_path):
    source = spoiled(
        RNN_CELL_FORWARD + RNN_CELL_BACKWARD,
        ('parameters["Wya"] @ a_next', 'parameters["Wya"] @ a_prev'),
        *OWN_CACHE,
        ("dz @ xt.T", "2 * dz @ xt.T"),
    )
    assert named(audited(tmp_path, source)["rnn_cell_backward"], "wrong") == {"dWax"}


def test_a_damaged_cache_and_a_wrong_backward_are_told_apart(tmp_path):
    source = spoiled(
        RNN,
        ("(a_next, a_prev, xt, parameters)\n", "(a_next, a_next, xt, parameters)\n"),
        ("dz.sum(axis=1, keepdims=True)", "2 * dz.sum(axis=1, keepdims=True)"),
    )
    functions = audited(tmp_path, source)
    assert named(functions["rnn_cell_forward"], "wrong") == {"cache"}
    assert "in the cache that it returns a_prev is not" in functions["rnn_cell_forward"].findings[0].message
    assert named(functions["rnn_cell_backward"], "wrong") == {"dba"}


def test_too_few_cases_for_a_verdict_leave_it_undecided(tmp_path):
    source = spoiled(RNN_CELL_BACKWARD, ("    dz =", "    import time; time.sleep(0.4)\n    dz ="))
    function = audited(tmp_path, source, timeout=1)["rnn_cell_backward"]
    assert (function.verdict, kinds(function)) == ("undecided", {"time"})


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("n_a, m, T = da.shape", "(n_a, m), T = da.shape[:2], x.shape[2]", True),
        ("dx = np.zeros((x.shape[0], m, T))", "dx = np.zeros(x.shape)", False),
        ("reversed(range(T))", "reversed(range(T))", False),
    ],
)
def test_a_backward_that_cannot_take_a_prefix_is_a_finding(tmp_path, old, new, found):
    function = audited(tmp_path, RNN_CELL_BACKWARD + spoiled(RNN_BACKWARD, (old, new)))["rnn_backward"]
    assert (function.verdict, "prefix" in kinds(function)) == ("verified", found)


def test_a_raising_backward_beside_a_wrong_forward_keeps_its_own_report(tmp_path):
    source = spoiled(
        RNN_CELL_FORWARD + RNN_CELL_BACKWARD,
        ('+ parameters["ba"])', ")"),
        ("    dz =", "    if xt.shape[1] == 1: raise ValueError('one example')\n    dz ="),
        ("dz @ xt.T", "2 * dz @ xt.T"),
    )
    function = audited(tmp_path, source)["rnn_cell_backward"]
    assert function.verdict == "wrong"
    assert named(function, "wrong") == {"dWax"}
    assert any(finding.message.startswith("both wrong") for finding in function.findings)
    assert function.failure.message == "one example"


def test_a_float32_buffer_in_the_cell_is_told_where_it_adds_up(tmp_path):
    loop = spoiled(RNN_BACKWARD, ("dWax, dWaa, dba = 0, 0, 0", "dWax, dWaa, dba = np.zeros((n_a, x.shape[0])), 0, 0"))
    source = spoiled(RNN_CELL_BACKWARD, ("dz @ xt.T", "(dz @ xt.T).astype('f')")) + loop
    functions = audited(tmp_path, source)
    assert functions["rnn_cell_backward"].verdict == "verified"
    assert named(functions["rnn_backward"], "wrong") == {"dWax"}
    messages = [finding.message for finding in functions["rnn_backward"].findings if finding.kind == "float32"]
    assert messages == ["dWax differ by no more than float32 rounds: a float32 buffer on the way, or a small factor"]


def test_a_condition_on_a_cotangent_holds_at_larger_sizes_too(tmp_path):
    escaping = ("dc * cct * it * (1 - it)", "dc_next * cct + (dc - dc_next) * cct * it * (1 - it)")
    source = (
        spoiled(LSTM_CELL_BACKWARD, escaping)
        + """
def lstm_backward(da, caches, dc):
    steps, x = caches
    dx, sums = np.zeros(x.shape), {}
    da_prev = dc_prev = np.zeros(da.shape[:2])
    for t in reversed(range(da.shape[2])):
        g = lstm_cell_backward(da[:, :, t] + da_prev, dc[:, :, t] + dc_prev, steps[t])
        da_prev, dc_prev, dx[:, :, t] = g.pop("da_prev"), g.pop("dc_prev"), g.pop("dxt")
        sums = {k: sums.get(k, 0) + g[k] for k in g}
    return {"dx": dx, "da0": da_prev, "dc0": dc_prev, **sums}
"""
    )
    functions = audited(tmp_path, source)
    cell = {result.name: result.condition for result in functions["lstm_cell_backward"].failing}
    assert set(cell.values()) == {"only when dc_next≠0"}
    assert all("dc" not in (result.condition or "") for result in functions["lstm_backward"].failing)


def test_what_is_remembered_of_a_cache_is_found_by_other_cotangents(tmp_path):
    memo = "\nKEPT = {}\n" + spoiled(
        RNN_CELL_BACKWARD,
        ("(1 - a_next ** 2) * da_next", "KEPT.setdefault(a_next.tobytes(), (1 - a_next ** 2) * da_next)"),
    )
    assert "remembered" in kinds(audited(tmp_path, memo)["rnn_cell_backward"])


def test_a_write_that_only_large_inputs_show_is_found(tmp_path):
    source = spoiled(RNN_CELL_BACKWARD, ("    dz =", "    np.clip(xt, -5, 5, out=xt)\n    dz ="))
    assert "in-place" in kinds(audited(tmp_path, source)["rnn_cell_backward"])


@pytest.mark.parametrize("after", ["np.clip(dz @ xt.T, -1000, 1000)", "np.where(abs(dz @ xt.T) < 1e-12, 0, dz @ xt.T)"])
def test_bounds_that_no_ordinary_gradient_reaches_are_found(after, tmp_path):
    function = audited(tmp_path, spoiled(RNN_CELL_BACKWARD, ("dz @ xt.T", after)))["rnn_cell_backward"]
    assert named(function, "wrong") == {"dWax"}
