"""The audit of other families' functions: what is recognised, in which convention, and with which verdict."""

import shlex
import sys
from pathlib import Path

import pytest
from candidates import audited, kinds, named, spoiled, written
from foreign import CS231N, DLFS2, GRU, LOSS_FUN

import gradproof

ROOT = Path(__file__).parents[1]
PARAMETERS = {"dWx", "dWh", "db"}
LOSS_GRADIENTS = {"dWxh", "dWhh", "dWhy", "dbh", "dby"}


def verdicts(functions):
    return {function.name: function.verdict for function in functions.values()}


def message(function, kind):
    (found,) = [finding.message for finding in function.findings if finding.kind == kind]
    return found


@pytest.mark.parametrize(
    ("name", "count"), [("gru.py", 4), ("cs231n.py", 14), ("dlfs2.py", 18), ("char_rnn.py::loss_fun", 2)]
)
def test_the_reference_is_verified_without_a_finding(name, count):
    report = gradproof.audit(f"{ROOT / 'manual' / name}", examples=2)
    assert report, str(report)
    assert (len(report.functions), report.findings) == (count, [])


@pytest.mark.parametrize("source", [CS231N, DLFS2, GRU, LOSS_FUN], ids=["cs231n", "dlfs2", "gru", "min_char_rnn"])
def test_a_right_candidate_is_verified_without_a_finding(tmp_path, source):
    functions = audited(tmp_path, source).values()
    assert {function.verdict for function in functions} == {"verified"}
    assert [finding for function in functions for finding in function.findings if finding.kind != "overflow"] == []


# the convention is the candidate's own


def test_another_gate_order_is_told_and_not_wrong(tmp_path):
    order = ("i, f, o, g = np.split", "f, i, g, o = np.split"), ("[di, df, do, dg]", "[df, di, dg, do]")
    functions = audited(tmp_path, spoiled(CS231N, *order))
    assert set(verdicts(functions).values()) == {"verified"}
    told = "matches the f,i,g,o gate order, not i,f,o,g: not wrong, another convention"
    assert message(functions["lstm_step_forward"], "convention") == told
    assert message(functions["lstm_forward"], "convention") == told


def test_a_mistake_in_another_gate_order_is_placed_in_the_right_blocks(tmp_path):
    order = ("i, f, o, g = np.split", "f, i, g, o = np.split"), ("[di, df, do, dg]", "[df, di, dg, do]")
    function = audited(tmp_path, spoiled(CS231N, *order, ("dc * prev_c * f * (1 - f)", "dc * prev_c * f")))[
        "lstm_step_backward"
    ]
    assert named(function, "wrong") == {"dx", "dprev_h", *PARAMETERS}
    where = {told for result in function.results if result.name in PARAMETERS for told in result.where}
    assert where == {"only columns 0..2 wrong, those of the forget gate"}


def test_a_forward_that_is_wrong_in_every_gate_order_is_wrong_in_the_published_one(tmp_path):
    function = audited(tmp_path, spoiled(CS231N, ("np.tanh(g)", "sigmoid(g)")))["lstm_step_forward"]
    assert (function.verdict, kinds(function) & {"convention"}) == ("wrong", set())


OLD_RULE = (
    ("(1 - update) * a_prev + update * new", "update * a_prev + (1 - update) * new"),
    ("+ da_next * (1 - update)", "+ da_next * update"),
    ("dnew = da_next * update", "dnew = da_next * (1 - update)"),
    ("(new - a_prev)", "(a_prev - new)"),
)
WITHOUT_BIASES = tuple((f' + parameters["{name}"]', "") for name in ("bz", "br", "bh")) + tuple(
    (f'"{name}": {gate}.sum(axis=1, keepdims=True),', "")
    for name, gate in [("dbz", "dupdate"), ("dbr", "dreset"), ("dbh", "dnew")]
)
GRUS = {
    "the other update rule": (OLD_RULE, True),
    "Wu and Wc": (tuple((f'{d}{name}"', f'{d}{other}"') for name, other in
                        [("Wz", "Wu"), ("bz", "bu"), ("Wh", "Wc"), ("bh", "bc")] for d in ('"', '"d')), False),
    "no biases": (WITHOUT_BIASES, False),
    "no predictions": ((("return a_next, e / e.sum(axis=0), (", "return a_next, ("),), False),
}  # fmt: skip


@pytest.mark.parametrize("which", GRUS)
def test_a_gru_of_another_kind_is_verified(tmp_path, which):
    changes, told = GRUS[which]
    functions = audited(tmp_path, spoiled(GRU, *changes))
    assert verdicts(functions) == {"gru_cell_forward": "verified", "gru_cell_backward": "verified"}
    assert ("convention" in kinds(functions["gru_cell_forward"])) == told


def test_the_path_through_the_reset_gate_is_named_when_it_is_missing(tmp_path):
    function = audited(tmp_path, spoiled(GRU, ("dgated[:n] * a_prev * reset", "dgated[:n] * reset")))[
        "gru_cell_backward"
    ]
    assert named(function, "wrong") == {"dxt", "da_prev", "dWr", "dbr"}
    assert "gates" in kinds(function)


# names that courses share


@pytest.mark.parametrize("backward", ["lstm_backward(da, cache)", "lstm_backward(dout, c)"])
def test_a_backward_is_of_the_family_of_its_forward(tmp_path, backward):
    cs231n = audited(tmp_path, CS231N.replace("lstm_backward(dh, cache)", "lstm_backward(da, cache)").replace(
        "dh[:", "da[:").replace("dh.shape", "da.shape"))  # fmt: skip
    assert (cs231n["lstm_backward"].convention, cs231n["lstm_backward"].verdict) == ("cs231n", "verified")


def test_a_lone_backward_with_a_cache_of_its_own_making_is_undecided(tmp_path):
    source = CS231N[CS231N.index("def lstm_step_backward") : CS231N.index("def lstm_forward")]
    (function,) = audited(tmp_path, source).values()
    assert function.verdict == "undecided"
    assert "the forward that makes it, lstm_step_forward, is not here" in message(function, "undecided")


def test_a_wrong_forward_with_a_cache_of_its_own_leaves_the_backward_undecided(tmp_path):
    functions = audited(tmp_path, spoiled(CS231N, ("next_c = f * prev_c + i * g", "next_c = f * prev_c + i * f")))
    assert verdicts(functions)["lstm_step_backward"] == "undecided"


def test_a_wrong_cell_is_told_from_a_right_loop(tmp_path):
    functions = audited(tmp_path, spoiled(CS231N, ("dc * f, x.T", "dc, x.T")))
    assert named(functions["lstm_step_backward"], "wrong") == {"dprev_c"}
    assert "glue right, cell wrong" in message(functions["lstm_backward"], "cell")


# classes


def test_one_class_is_audited_by_its_name(tmp_path):
    path = written(tmp_path, DLFS2)
    report = gradproof.audit(f"{path}::TimeRNN", examples=2)
    assert [function.name for function in report.functions] == ["TimeRNN.forward", "TimeRNN.backward"]


def test_a_carry_that_is_left_out_is_wrong_from_the_second_step_on(tmp_path):
    functions = audited(tmp_path, spoiled(DLFS2, ("dhs[:, t] + dh)", "dhs[:, t])")))
    function = functions["TimeRNN.backward"]
    assert named(function, "wrong") == {"dxs", "dh", *PARAMETERS}
    assert {result.condition for result in function.failing} == {"only from T=2 on"}
    assert "cell right, glue wrong" in message(function, "cell")


GRADIENTS_ELSEWHERE = {
    "in another list": (("self.grads[", "self.gradients["), ("self.grads =", "self.gradients =")),
    "in a dict": (
        ("self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]\n\n    def forward(self, x,",
         "self.grads = {}\n\n    def forward(self, x,"),
        ("self.grads[0][...]", "self.grads['Wx']"), ("self.grads[1][...]", "self.grads['Wh']"),
        ("self.grads[2][...]", "self.grads['b']"),
    ),
    "in attributes": (
        ("self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]\n\n    def forward(self, x,",
         "self.dWx = None\n\n    def forward(self, x,"),
        ("self.grads[0][...]", "self.dWx"), ("self.grads[1][...]", "self.dWh"), ("self.grads[2][...]", "self.db"),
    ),
    "among the results": (
        ("self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]\n\n    def forward(self, x,",
         "pass\n\n    def forward(self, x,"),
        ("self.grads[0][...]", "dWx"), ("self.grads[1][...]", "dWh"), ("self.grads[2][...]", "db"),
        ("return dz @ Wx.T, dz @ Wh.T", "return dz @ Wx.T, dz @ Wh.T, dWx, dWh, db"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("place", GRADIENTS_ELSEWHERE)
def test_gradients_of_a_layer_are_found(tmp_path, place):
    cell = DLFS2[: DLFS2.index("class TimeRNN")]
    functions = audited(tmp_path, spoiled(cell, *GRADIENTS_ELSEWHERE[place]))
    assert verdicts(functions) == {"RNN.forward": "verified", "RNN.backward": "verified"}


def test_gradients_that_are_nowhere_to_be_found_are_undecided(tmp_path):
    cell = DLFS2[: DLFS2.index("class TimeRNN")]
    lines = [line for line in cell.splitlines() if "grads" not in line]
    function = audited(tmp_path, "\n".join(lines))["RNN.backward"]
    assert (function.verdict, named(function, "undecided")) == ("undecided", PARAMETERS)
    assert "dWx, dWh, db" in message(function, "undecided")


@pytest.mark.parametrize(
    "kept",
    [
        "self.weights = {'Wx': Wx, 'Wh': Wh, 'b': b}",
        "self.velocity = [0 * Wx, 0 * Wh, 0 * b]",
        "self.old = [Wx, Wh, b]",
    ],
)
def test_weights_and_velocities_are_not_taken_for_gradients(tmp_path, kept):
    attributes = spoiled(DLFS2[: DLFS2.index("class TimeRNN")], *GRADIENTS_ELSEWHERE["in attributes"])
    functions = audited(tmp_path, spoiled(attributes, ("self.dWx = None", kept)))
    assert verdicts(functions)["RNN.backward"] == "verified"


def test_gradients_that_are_rebound_are_a_finding(tmp_path):
    function = audited(tmp_path, spoiled(DLFS2, ("self.grads[0][...] =", "self.grads[0] =")))["RNN.backward"]
    assert (function.verdict, kinds(function)) == ("verified", {"rebound"})


def test_a_property_that_needs_the_backward_first_is_read_after_it(tmp_path):
    cell = spoiled(DLFS2[: DLFS2.index("class TimeRNN")], *GRADIENTS_ELSEWHERE["in attributes"])
    source = spoiled(cell, ("self.dWx = None", "pass"))
    source += "\n    @property\n    def grads(self):\n        return [self.dWx, self.dWh, self.db]\n"
    function = audited(tmp_path, source)["RNN.backward"]
    assert (function.verdict, function.findings) == ("verified", [])


def test_labels_that_are_ignored_are_tried_without_a_word_of_it(tmp_path):
    source = """
class TimeSoftmaxWithLoss:
    def forward(self, xs, ts):
        e = np.exp(xs - xs.max(axis=2, keepdims=True))
        self.ys, self.ts, self.used = e / e.sum(axis=2, keepdims=True), ts, (ts >= 0)
        right = np.take_along_axis(self.ys, np.maximum(ts, 0)[:, :, None], axis=2)[:, :, 0]
        return -(np.log(right) * self.used).sum() / self.used.sum()

    def backward(self, dout=1):
        dx = self.ys - (np.arange(self.ys.shape[2]) == self.ts[:, :, None])
        return dout * dx * self.used[:, :, None] / self.used.sum()
"""
    assert set(verdicts(audited(tmp_path, source)).values()) == {"verified"}
    wrong = audited(tmp_path, spoiled(source, ("dx * self.used[:, :, None]", "dx")))
    assert named(wrong["TimeSoftmaxWithLoss.backward"], "wrong") == {"dxs"}


def test_a_layer_without_a_state_starts_at_zero(tmp_path):
    without = spoiled(DLFS2, ("    def set_state(self, h):\n        self.h = h\n", ""), (", stateful=False", ""))
    functions = audited(tmp_path, spoiled(without, (", stateful\n", ", False\n")))
    assert set(verdicts(functions).values()) == {"verified"}


def test_a_class_of_the_same_name_that_is_made_otherwise_is_told_and_not_audited(tmp_path):
    source = "class RNN:\n    def __init__(self, input_size, hidden_size, output_size):\n        pass\n"
    source += "    def forward(self, x, h_prev):\n        pass\n    def backward(self, dh_next):\n        pass\n" + GRU
    report = gradproof.audit(written(tmp_path, source), examples=2)
    assert {function.name for function in report.functions} == {"gru_cell_forward", "gru_cell_backward"}
    (note,) = [note for note in report.notes if note.unaudited]
    assert note.message.startswith("RNN(input_size, hidden_size, output_size).forward(x, h_prev) has a known name")


def test_a_class_of_another_name_is_held_to_a_contract(tmp_path):
    cell = DLFS2[: DLFS2.index("class TimeRNN")].replace("class RNN", "class Vanilla")
    report = gradproof.audit(f"{written(tmp_path, cell)}::Vanilla", convention="dlfs2.RNN", examples=2)
    assert [(function.name, function.verdict) for function in report.functions] == [
        ("Vanilla.forward", "verified"),
        ("Vanilla.backward", "verified"),
    ]


def test_a_class_object_is_audited(tmp_path, monkeypatch):
    written(tmp_path, DLFS2, "layers_of_mine.py")
    monkeypatch.syspath_prepend(tmp_path)
    import layers_of_mine

    try:
        report = gradproof.audit(layers_of_mine.TimeRNN, examples=2)
    finally:
        del sys.modules["layers_of_mine"]
    assert [function.name for function in report.functions] == ["TimeRNN.forward", "TimeRNN.backward"]
    assert report


def test_a_misspelt_attribute_is_an_error_in_its_line(tmp_path):
    function = audited(tmp_path, spoiled(DLFS2, ("dh = self.layers[t].backward", "dh = self.layeres[t].backward")))[
        "TimeRNN.backward"
    ]
    assert function.verdict == "raises"
    assert (function.failure.type, "layeres" in function.failure.text) == ("AttributeError", True)


# float32


def test_buffers_of_float32_as_the_book_has_them_are_a_finding(tmp_path):
    buffers = ("np.empty((N, T, H))", "np.empty((N, T, H), dtype='f')"), ("np.zeros((N, H))", "np.zeros((N, H), 'f')")
    function = audited(tmp_path, spoiled(DLFS2, *buffers))["TimeRNN.forward"]
    assert (function.verdict, "float32" in kinds(function)) == ("verified", True)


def test_a_state_that_goes_through_a_buffer_of_float32_is_compared_to_its_precision(tmp_path):
    through = ("np.empty((N, T, H))", "np.empty((N, T, H), dtype='f')"), (".forward(xs[:, t], self.h)",
               ".forward(xs[:, t], self.h if t == 0 else hs[:, t - 1])")  # fmt: skip
    functions = audited(tmp_path, spoiled(DLFS2, *through))
    assert (functions["TimeRNN.backward"].verdict, "float32" in kinds(functions["TimeRNN.backward"])) == (
        "verified",
        True,
    )


def test_a_buffer_of_float32_in_another_class_excuses_nothing(tmp_path):
    source = spoiled(DLFS2, ("np.empty((N, T, H))", "np.empty((N, T, H), dtype='f')"))
    function = audited(tmp_path, spoiled(source, ("h_prev.T @ dz", "h_prev.T @ dz * (1 + 1e-5)")))["RNN.backward"]
    assert named(function, "wrong") == {"dWh"}


def test_without_such_buffers_a_small_error_is_wrong(tmp_path):
    function = audited(tmp_path, spoiled(DLFS2, ("h_prev.T @ dz", "h_prev.T @ dz * (1 + 1e-8)")))["RNN.backward"]
    assert named(function, "wrong") == {"dWh"}


# lossFun


def test_the_loss_and_its_gradients_have_verdicts_of_their_own(tmp_path):
    report = gradproof.audit(written(tmp_path, spoiled(LOSS_FUN, ("(1 - hs[t] ** 2)", "(1 - hs[t])"))), examples=3)
    loss, gradients = report.functions
    assert (loss.kind, loss.verdict) == ("forward", "verified")
    assert named(gradients, "wrong") == {"dWxh", "dWhh", "dbh"}
    assert "lossFun backward, line 3: wrong" in str(report)


RETURN = "    return loss, *grads"
CLIP = (
    "    return loss, *grads",
    "    for grad in grads:\n        np.clip(grad, -5, 5, out=grad)\n    return loss, *grads",
)


def test_clipped_gradients_are_a_finding(tmp_path):
    _, gradients = gradproof.audit(written(tmp_path, spoiled(LOSS_FUN, CLIP)), examples=3).functions
    assert (gradients.verdict, "clipped to ±5" in message(gradients, "clipped")) == ("verified", True)


@pytest.mark.parametrize(
    ("mistake", "wrong"),
    [
        (("dy @ hs[t].T", "dy @ hs[t - 1].T"), {"dWhy"}),
        (("        dhnext = Whh.T @ dz\n", ""), {"dWxh", "dWhh", "dbh"}),
    ],
)
def test_a_wrong_gradient_is_named_although_all_are_clipped(tmp_path, mistake, wrong):
    _, gradients = gradproof.audit(written(tmp_path, spoiled(LOSS_FUN, CLIP, mistake)), examples=3).functions
    assert (named(gradients, "wrong"), "clipped" in kinds(gradients)) == (wrong, True)


OTHER_CLIPS = {
    "of three gradients": ("for grad in grads[:3]:\n        np.clip(grad, -1, 1, out=grad)", "±1 (dWxh, dWhh, dWhy)"),
    "to a norm": (
        "norm = np.sqrt(sum((g ** 2).sum() for g in grads))\n    grads = [g * min(1, 2 / norm) for g in grads]",
        "a norm of 2",
    ),
}


@pytest.mark.parametrize("which", OTHER_CLIPS)
def test_other_ways_to_clip_are_told(tmp_path, which):
    clip, told = OTHER_CLIPS[which]
    source = spoiled(LOSS_FUN, (RETURN, f"    {clip}\n{RETURN}"))
    _, gradients = gradproof.audit(written(tmp_path, source), examples=3).functions
    assert gradients.verdict == "verified"
    assert f"clipped to {told}," in message(gradients, "clipped")


def test_the_bound_is_found_although_one_case_is_asked(tmp_path):
    source = spoiled(LOSS_FUN, ("dz @ hs[t - 1].T", "0.9 * dz @ hs[t - 1].T"))
    _, gradients = gradproof.audit(written(tmp_path, source), case="T=9 H=1 V=2 seed=4 scale=3").functions
    assert named(gradients, "wrong") == {"dWhh"}


def test_an_error_in_the_one_function_belongs_to_both_verdicts(tmp_path):
    report = gradproof.audit(written(tmp_path, spoiled(LOSS_FUN, ("vocab_size", "V_size"))), examples=1)
    assert [(function.verdict, function.failure.type) for function in report.functions] == [("raises", "NameError")] * 2


OTHER_INPUTS = {
    "one-hot columns": (
        ("xs[t] = np.zeros((vocab_size, 1))", "xs[t] = inputs[t]"),
        ("        xs[t][inputs[t]] = 1\n", ""),
    ),
    "parameters as arguments": (
        ("targets, hprev)", "targets, hprev, Wxh, Whh, Why, bh, by)"),
        ("vocab_size", "len(by)"),
        ("hidden_size", "len(bh)"),
    ),
}


@pytest.mark.parametrize("which", OTHER_INPUTS)
def test_a_loss_function_with_other_inputs_is_verified(tmp_path, which):
    report = gradproof.audit(written(tmp_path, spoiled(LOSS_FUN, *OTHER_INPUTS[which])), examples=2)
    assert (len(report.functions), bool(report)) == (2, True)


def test_a_softmax_that_overflows_is_a_finding(tmp_path):
    loss, _ = gradproof.audit(written(tmp_path, spoiled(LOSS_FUN, ("y - y.max()", "y"))), examples=2).functions
    assert (loss.verdict, "loss becomes nan" in message(loss, "overflow")) == ("verified", True)


# Python 2, side effects, and what is missing in an excerpt


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("in range(len(inputs))", "in xrange(len(inputs))"), "xrange is Python 2: run as range"),
        (
            ("loss = {}, {-1: hprev}, {}, 0", "loss = {}, {-1: hprev}, {}, np.float(0)"),
            "np.float is no longer in NumPy",
        ),
    ],
)
def test_what_only_older_versions_have_is_replaced_and_told(tmp_path, change, told):
    loss, gradients = gradproof.audit(written(tmp_path, spoiled(LOSS_FUN, change)), examples=2).functions
    assert (loss.verdict, gradients.verdict) == ("verified", "verified")
    assert message(loss, "python2").startswith(told)
    assert kinds(gradients) == set()


def test_an_xrange_of_its_own_is_no_finding(tmp_path):
    source = "xrange = range\n" + LOSS_FUN.replace("in range", "in xrange")
    assert gradproof.audit(written(tmp_path, source), examples=1).findings == []


def test_a_class_with_a_print_statement_is_reported_as_python_2(tmp_path):
    source = spoiled(DLFS2, ("        self.h = h\n", "        self.h = h\n        print h\n"))
    functions = audited(tmp_path, source)
    assert (functions["TimeRNN.backward"].verdict, kinds(functions["TimeRNN.backward"])) == ("raises", {"python2"})
    assert functions["RNN.backward"].verdict == "verified"


def test_a_write_into_a_cotangent_is_a_finding_and_the_values_keep_their_verdict(tmp_path):
    written_into = ("    dc = dnext_c + dnext_h", "    dc = dnext_c\n    dc += dnext_h")
    function = audited(tmp_path, spoiled(CS231N, written_into))["lstm_step_backward"]
    assert (function.verdict, kinds(function)) == ("verified", {"in-place"})
    assert "dnext_c changed during the call" in message(function, "in-place")


def test_a_cache_that_is_consumed_is_a_finding_and_the_values_keep_their_verdict(tmp_path):
    function = audited(tmp_path, spoiled(CS231N, ("carried_c, cache[t])", "carried_c, cache.pop())")))["lstm_backward"]
    assert (function.verdict, kinds(function)) == ("verified", {"consumed"})


def test_an_excerpt_without_its_import_and_its_sigmoid_is_audited(tmp_path):
    path = tmp_path / "excerpt.py"
    path.write_text(GRU[GRU.index("def gru_cell_forward") :], encoding="utf-8")
    report = gradproof.audit(path, examples=2)
    assert report
    assert any("supplied stand-ins: np, sigmoid" in note.message for note in report.notes)


def test_the_helper_modules_of_the_book_are_supplied(tmp_path):
    source = "from common.np import *\nfrom common.functions import softmax\n" + DLFS2
    path = tmp_path / "layers.py"
    path.write_text(source, encoding="utf-8")
    report = gradproof.audit(path, examples=1)
    assert report
    assert any("common.np" in note.message for note in report.notes)


def test_a_definition_that_fails_to_load_has_the_verdict_of_its_error(tmp_path):
    source = DLFS2.replace("class TimeRNN:", "class TimeRNN(Missing):")
    functions = audited(tmp_path, source)
    assert verdicts(functions)["RNN.backward"] == "verified"
    function = functions["TimeRNN.backward"]
    assert (function.verdict, function.failure.type) == ("raises", "NameError")


def test_a_gru_whose_forward_is_in_another_module_is_verified(tmp_path):
    cut = GRU.index("def gru_cell_backward")
    written(tmp_path, GRU[:cut], "forwards.py")
    functions = audited(tmp_path, "from forwards import *\n" + GRU[cut:])
    assert verdicts(functions) == {"gru_cell_forward": "verified", "gru_cell_backward": "verified"}


def test_a_gru_with_parameters_of_other_names_is_told_and_not_audited(tmp_path):
    source = GRU.replace('parameters["W', 'parameters["U_').replace('parameters["b', 'parameters["c_')
    with pytest.raises(gradproof.AuditError, match="parameters of other names than Wz, Wr, Wh, bz, br, bh"):
        gradproof.audit(written(tmp_path, source))


def test_a_lone_backward_that_fits_several_spellings_is_undecided(tmp_path):
    source = "def gru_cell_backward(da_next, cache):\n    return cache['Wz'] + cache['Wr']\n"
    (function,) = audited(tmp_path, source).values()
    assert function.verdict == "undecided"


def test_the_repeat_of_a_class_object_reproduces(tmp_path, monkeypatch):
    written(tmp_path, spoiled(DLFS2, ("dhs[:, t] + dh)", "dhs[:, t])")), "severed_layers.py")
    monkeypatch.syspath_prepend(tmp_path)
    import severed_layers

    try:
        repeat = gradproof.audit(severed_layers.TimeRNN, examples=1).functions[-1].reproduce
        assert repeat.startswith('gradproof.audit(TimeRNN, convention="dlfs2.TimeRNN", case=')
        assert not eval(repeat, {"gradproof": gradproof, "TimeRNN": severed_layers.TimeRNN})
    finally:
        del sys.modules["severed_layers"]


def test_the_repeat_of_a_class_of_another_name_reproduces(tmp_path):
    cell = spoiled(DLFS2[: DLFS2.index("class TimeRNN")], ("class RNN", "class Vanilla"), ("x.T @ dz", "2 * x.T @ dz"))
    report = gradproof.audit(f"{written(tmp_path, cell)}::Vanilla", convention="dlfs2.RNN", examples=1)
    words = shlex.split(report.functions[-1].reproduce)
    again = gradproof.audit(words[2], convention=words[4], case=words[6])
    assert [named(function, "wrong") for function in again.functions] == [{"dWx"}]
    assert report.notes == []


def test_a_layer_that_is_not_stateful_and_keeps_its_state_is_wrong(tmp_path):
    source = spoiled(DLFS2, ("if not self.stateful or self.h is None:", "if self.h is None:"))
    functions = audited(tmp_path, source)
    function = functions["TimeRNN.forward"]
    assert (function.verdict, named(function, "wrong")) == ("wrong", {"second call"})
    assert "does not start from zero" in message(function, "stateful")
    assert functions["TimeRNN.backward"].verdict == "verified"


def test_a_layer_that_is_stateful_unless_told_otherwise_is_verified(tmp_path):
    functions = audited(tmp_path, spoiled(DLFS2, ("stateful=False", "stateful=True")))
    assert set(verdicts(functions).values()) == {"verified"}


def test_a_method_is_audited_with_its_class(tmp_path, monkeypatch):
    written(tmp_path, DLFS2, "layers_with_methods.py")
    monkeypatch.syspath_prepend(tmp_path)
    import layers_with_methods

    try:
        report = gradproof.audit(layers_with_methods.RNN.backward, examples=1)
    finally:
        del sys.modules["layers_with_methods"]
    assert [(function.name, function.verdict) for function in report.functions] == [("RNN.backward", "verified")]


def test_a_large_error_in_small_numbers_is_not_taken_for_float32(tmp_path):
    source = spoiled(CS231N, ("carried_h, carried_c, *grads = lstm", "carried_h, _, *grads = lstm"))
    report = gradproof.audit(f"{written(tmp_path, source)}::lstm_backward", case="N=2 T=3 saturated seed=0")
    (function,) = report.functions
    assert (function.verdict, "float32" in kinds(function)) == ("wrong", False)


def test_a_loop_that_reads_its_own_cells_cache_is_told_what_the_cell_is(tmp_path):
    size = "cache[0][0].shape[1]"  # of x in its own cache, of something else in the reference's
    source = spoiled(
        CS231N,
        ("    dxs, sums = [], [0, 0, 0]", f"    dxs, sums = np.zeros((*dh.shape[:2], {size})), [0, 0, 0]"),
        ("dxs.insert(0, dx)", "dxs[:, t] = dx"),
        ("np.stack(dxs, axis=1)", "dxs"),
        ("carried_h, carried_c, *grads = lstm", "carried_h, _, *grads = lstm"),
    )
    function = audited(tmp_path, source)["lstm_backward"]
    assert message(function, "cell") == "its cell, lstm_step_backward, is verified: look at the loop around it"
