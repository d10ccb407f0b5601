"""Files and notebooks as people publish them become chunks of Python, or a clear error."""

import json

import pytest
from candidates import RNN_CELL_BACKWARD

import gradproof
from gradproof import source
from gradproof.errors import AuditError


def notebook(folder, *cells):
    path = folder / "exercise.ipynb"
    made = [{"cell_type": "code", "source": cell, "metadata": {}, "outputs": []} for cell in cells]
    path.write_text(json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}))
    return path


def texts(path):
    return [chunk.text for chunk in source.read(path).chunks]


@pytest.mark.parametrize(
    ("cell", "python"),
    [
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("!pip install numpy\nx = 1", "pass\nx = 1"),
        ("files = !ls\nx = 1", "pass\nx = 1"),
        ("for i in range(3):\n    %time f(i)\nx = 1", "for i in range(3):\n    pass\nx = 1"),
        ("np.dot?\nx = 1", "pass\nx = 1"),
        ("%%time\nx = 1", "\nx = 1"),
        ("%%bash\necho 1", ""),
        ("text = '''\n%not magic\n'''", "text = '''\n%not magic\n'''"),
        ("x = (7\n% 4)", "x = (7\n% 4)"),
    ],
)
def test_magics_and_shell_lines_are_skipped_and_lines_keep_their_numbers(tmp_path, cell, python):
    assert texts(notebook(tmp_path, cell)) == [python]


def test_cells_may_be_lists_of_lines_and_markdown_is_left_out(tmp_path):
    path = notebook(tmp_path, ["x = 1\n", "y = 2"])
    data = json.loads(path.read_text())
    data["cells"].insert(0, {"cell_type": "markdown", "source": "# title"})
    path.write_text(json.dumps(data))
    assert texts(path) == ["x = 1\ny = 2"]


def test_an_old_notebook_with_worksheets_is_read(tmp_path):
    path = tmp_path / "old.ipynb"
    path.write_text(json.dumps({"worksheets": [{"cells": [{"cell_type": "code", "input": ["x = 1"]}]}], "nbformat": 3}))
    assert texts(path) == ["x = 1"]


def test_a_cell_that_does_not_parse_loses_only_itself(tmp_path):
    found = source.read(notebook(tmp_path, "x = 1", "def broken(:\n    pass", "y = 2"))
    assert [chunk.label for chunk in found.chunks] == ["exercise.ipynb[cell 1]", "exercise.ipynb[cell 3]"]
    (problem,) = found.problems
    assert (problem.label, problem.line, problem.function) == ("exercise.ipynb[cell 2]", 1, "broken")


def test_a_cell_that_fails_is_reported_and_the_others_are_judged(tmp_path):
    path = notebook(tmp_path, "import numpy as np", "raise OSError('no data')", RNN_CELL_BACKWARD)
    report = gradproof.audit(path, examples=2)
    assert report
    assert ("exercise.ipynb[cell 2]", 1, "OSError: no data") in [(n.label, n.line, n.message) for n in report.notes]


def test_a_file_that_does_not_parse_loses_only_the_block_that_is_broken(tmp_path):
    path = tmp_path / "broken.py"
    path.write_text("import numpy as np\ndef rnn_backward(da, caches):\n    return {\n" + RNN_CELL_BACKWARD)
    report = gradproof.audit(path, examples=2)
    verdicts = {function.name: function.verdict for function in report.functions}
    assert verdicts == {"rnn_cell_backward": "verified", "rnn_backward": "raises"}
    (lost,) = [function for function in report.functions if function.name == "rnn_backward"]
    assert (lost.failure.type, lost.failure.line) == ("SyntaxError", 3)


def test_python_2_is_called_python_2(tmp_path):
    path = tmp_path / "old.py"
    body = RNN_CELL_BACKWARD.replace("    dz =", "    print 'backward', da_next.shape\n    dz =")
    path.write_text("import numpy as np\n" + body)
    (function,) = gradproof.audit(path, examples=2).functions
    assert function.verdict == "raises"
    assert function.failure.message == "Python 2 syntax: print 'backward', da_next.shape"
    assert {finding.kind for finding in function.findings} == {"python2"}


def test_a_python_2_print_between_the_functions_does_not_stop_the_audit(tmp_path):
    path = tmp_path / "old.py"
    path.write_text("import numpy as np\nprint 'loading'\n" + RNN_CELL_BACKWARD + "\nprint 'done'\n")
    assert gradproof.audit(path, examples=2)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("absent.py", None, "no such file"),
        ("page.txt", "x = 1", "has the suffix '.txt'; expected .py or .ipynb"),
        ("no.ipynb", "not json", "is no notebook"),
        ("empty.ipynb", "{}", "is no notebook"),
        ("list.ipynb", "[]", "is no notebook"),
        ("binary.py", b"\xff\xfe\x00x", "cannot be decoded"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, name, content, message):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(AuditError, match=message) as caught:
        source.read(path)
    assert str(path) in str(caught.value)


def test_definitions_know_their_line_and_the_nones_that_a_template_left(tmp_path):
    path = tmp_path / "template.py"
    path.write_text(
        "def rnn_cell_backward(da_next, cache):\n    dxt, dWax = None, None\n    dz = None\n    dz = 1\n    dWax = 2\n"
    )
    found = source.definitions(source.read(path))["rnn_cell_backward"]
    assert (found.line, found.unfinished) == (1, {"dxt": 2})


def test_a_method_of_the_same_name_is_not_the_function(tmp_path):
    path = tmp_path / "both.py"
    path.write_text(
        "class Model:\n    def rnn_backward(self):\n        pass\n\ndef rnn_backward(da, caches):\n    pass\n"
    )
    assert source.definitions(source.read(path))["rnn_backward"].line == 5


def test_a_docstring_that_starts_at_the_margin_survives_a_syntax_error_elsewhere(tmp_path):
    docstring = '    """\ndef of nothing\nwith text at the margin\n"""\n    a_next, a_prev'
    body = RNN_CELL_BACKWARD.replace("    a_next, a_prev", docstring)
    path = tmp_path / "doc.py"
    path.write_text("import numpy as np\n" + body + "\nprint 'done'\n")
    report = gradproof.audit(path, examples=2)
    assert report
    assert [note.message for note in report.notes] == ["Python 2 syntax: print 'done'"]


def test_a_shell_line_that_goes_on_is_skipped_as_a_whole(tmp_path):
    assert texts(notebook(tmp_path, "!pip install numpy \\\n    scipy\nx = 1")) == ["pass\n\nx = 1"]


def test_a_notebook_may_start_with_a_byte_order_mark(tmp_path):
    path = notebook(tmp_path, "x = 1")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert texts(path) == ["x = 1"]
