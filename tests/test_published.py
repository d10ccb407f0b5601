"""The functions of a published page come back with the lines and the indentation that its text has lost."""

import importlib.util
import sys
from pathlib import Path

import pytest

from gradproof.verdicts import Finding, Function, Report, Result


def module(name):
    """A module of benchmarks/, which is no package."""
    path = Path(__file__).parents[1] / "benchmarks" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


page = module("page")
published = module("published")  # which imports page


def restored(text):
    """What a page defines, below its imports."""
    source, notes = page.functions_of(text)
    assert not notes
    return source.partition("\n\n\n")[2]


def test_a_notebook_is_its_imports_and_its_indented_definitions():
    text = """In [1]:
import numpy as np
from math import tau

A class that keeps a sum.

In [2]:
class Sum:
  def __init__(self):
    self.total = 0

  # one more
  def add(self, x):
    if x is None:
      return self.total

    self.total += x
    return self.total

It is used like this.

In [3]:
total = Sum()
def twice(
    x,
):
    return 2 * x
"""
    source, notes = page.functions_of(text)
    assert notes == []
    assert (
        source
        == """import numpy as np
from math import tau


class Sum:
  def __init__(self):
    self.total = 0

  # one more
  def add(self, x):
    if x is None:
      return self.total

    self.total += x
    return self.total


def twice(
    x,
):
    return 2 * x
"""
    )


@pytest.mark.parametrize(
    "after",
    [
        "# Set the mean",
        "# backward pass",
        "rows = np.array(rows[::-1])",
        "for row in [rows, rows]:\n        row.pop() # twice",
        "return rows",
    ],
)
def test_a_loop_that_lost_its_indentation_ends_where_something_else_begins(after):
    function = f"""def decay(x, T):
    rows = []
    for t in range(T): # forwards
        # halve
        x = x / 2
        rows.append(x)
    {after}
    return rows
"""
    flat = "\n".join(line.strip() for line in function.splitlines())
    expected = function.replace("    return rows\n    return rows\n", "    return rows\n")
    assert restored(f"Some words.\n{flat}\nMore words.\n") == expected


def test_the_items_of_a_list_lose_their_dashes():
    assert restored("- # In[7]:\n- def half(x):\n- return x / 2\n- half(3)\n") == "def half(x):\n    return x / 2\n"


def test_methods_that_lost_their_indentation_stay_in_their_class():
    text = """class Counter:
# counts steps
def step(self, x):
self.n = self.n + x
return self.n
def reset(self):
return None
def free(x):
return x
"""
    assert (
        restored(text)
        == """class Counter:
    # counts steps
    def step(self, x):
        self.n = self.n + x
        return self.n
    def reset(self):
        return None


def free(x):
    return x
"""
    )


@pytest.mark.parametrize(
    ("line", "statements"),
    [
        ('""" Adds: - x, (n, m) - y # none """ z = x + y', ['""" Adds: - x, (n, m) - y # none """', "z = x + y"]),
        ("a, b = None, None ####### # TODO: mend it. # # At once. # ####### c = 1", ["a, b = None, None", "c = 1"]),
        ("a = x #<---here b = x # 这里,那里 c = x", ["a = x", "b = x", "c = x"]),
        ("a, b = \\ [], \\ g(x, 'b # c') b = 3", ["a, b = [], g(x, 'b # c')", "b = 3"]),
        (
            "n = x.shape[0] m = -n * 2 a = m if m in x else not n",
            ["n = x.shape[0]", "m = -n * 2", "a = m if m in x else not n"],
        ),
        (
            "g(x)(y) (a, b) = g(x) [c] = h(y) h[c] = [i for i in (y, a)]",
            ["g(x)(y)", "(a, b) = g(x)", "[c] = h(y)", "h[c] = [i for i in (y, a)]"],
        ),
        (
            "a, n = [], 3 for t in range(n): x = x + 1 a.append(x) a = np.array(a).T",
            ["a, n = [], 3", "for t in range(n):", "    x = x + 1", "    a.append(x)", "a = np.array(a).T"],
        ),
    ],
    ids=["docstring", "banner", "comments", "continuations", "operands", "brackets", "loop"],
)
def test_a_function_flattened_to_one_line_is_split_into_its_statements(line, statements):
    body = "".join(f"    {statement}\n" for statement in [*statements, "return a"])
    assert restored(f"Words\ndef f(x, y=(1, 2)): {line} return a\nWords\n") == f"def f(x, y=(1, 2)):\n{body}"


@pytest.mark.parametrize(
    "definition",
    [
        "def f(x): a = x # a comment of many words b = a return b",
        "def f(x): if x > 0: x = 1 x = x + 1 return x",
        "def f(x): a = (x return a",
        "def f(x):\nif x > 0:\nreturn x",
    ],
)
def test_what_cannot_be_restored_is_skipped_with_a_note(definition):
    source, notes = page.functions_of(f"{definition}\n\ndef g(x):\n    return x\n")
    assert source == "import numpy as np\n\n\ndef g(x):\n    return x\n"
    assert len(notes) == 1
    assert "skipped" in notes[0]
    assert "def f(x):" in notes[0]


def test_a_repair_that_changes_nothing_is_passed_over_and_the_others_add_up():
    text = "for t in xrange(T):\n    h = np.zeros(3, dtype='f')\n    k = np.zeros(3, dtype='float32')\n"
    first = text.replace("xrange", "range")
    second = first.replace("'f'", "'float64'").replace("'float32'", "'float64'")
    assert list(published.repaired(text)) == [("xrange is Python 2", 1, first), ("buffers are float32", 2, second)]
    assert list(published.repaired(second)) == []


def function(name, kind, verdicts, *findings):
    results = [Result(f"d{letter}", verdict) for letter, verdict in zip("xyz", verdicts, strict=False)]
    found = [Finding(kind, "as told") for kind in findings]
    verdict = next((verdict for verdict in verdicts if verdict != "agrees"), "verified")
    return Function(name, name, "family", kind, "()", verdict, results, cases=1, findings=found)


def test_a_summary_tells_what_fails_and_the_kinds_of_findings():
    functions = [
        function("f", "forward", ["agrees"]),
        function("f", "backward", ["agrees", "wrong", "wrong"], "float32", "python2", "float32"),
        function("g", "backward", ["raises", "raises"]),
    ]
    assert published.summary(Report("page.py", functions)).splitlines() == [
        "  f (forward): verified",
        "  f (backward): wrong (dy, dz); found: float32, python2",
        "  g: raises (every gradient)",
    ]
