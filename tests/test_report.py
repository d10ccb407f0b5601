"""The report in words and as data."""

import dataclasses
import json
import re
from pathlib import Path

import pytest
from candidates import RNN_CELL_BACKWARD, spoiled, written

import gradproof
from gradproof import verdicts
from gradproof.report import json as data
from gradproof.report import text

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    source = spoiled(
        RNN_CELL_BACKWARD,
        ("dz @ xt.T", "dz @ xt.T * np.nan"),
        ("dz @ a_prev.T", "2 * dz @ a_prev.T"),
        ("dz.sum(axis=1, keepdims=True)", "dz.sum(axis=1)"),
    )
    return gradproof.audit(written(tmp_path_factory.mktemp("report"), source), examples=2)


def test_every_gradient_has_a_row_with_its_verdict(report):
    rows = dict(re.findall(r"^  (d\w+) +([\w-]+)", text.render(report), flags=re.MULTILINE))
    assert rows == {"dxt": "identical", "da_prev": "identical", "dWax": "wrong", "dWaa": "wrong", "dba": "wrong-shape"}


def test_the_worst_element_its_numbers_and_the_case_are_printed(report):
    printed = text.render(report)
    (result,) = [result for result in report.functions[0].results if result.name == "dWaa"]
    (row,) = [line for line in printed.splitlines() if line.startswith("  dWaa")]
    assert row.split()[2:] == ["[0,", "0]", f"{result.actual:.6g}", f"{result.expected:.6g}", "1.0e+00"]
    assert f"  case       {result.case}\n" in printed


@pytest.mark.parametrize(
    ("section", "kind", "others"),
    [
        ("Report", verdicts.Report, {"schema", "verified"}),
        ("Repair", verdicts.Repair, set()),
        ("Change", verdicts.Change, set()),
        ("Function", verdicts.Function, {"gradients", "outputs"}),
        ("Gradient or output", verdicts.Result, set()),
        ("Failure", verdicts.Failure, set()),
    ],
)
def test_json_has_the_documented_fields_and_no_others(section, kind, others):
    text = (ROOT / "notes" / "report-schema.md").read_text().partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    table = text.partition("| field |")[2].partition("\n\n")[0]
    documented = set(re.findall(r"`(\w+)`", " ".join(line.split("|")[1] for line in table.splitlines()[2:])))
    assert documented == {field.name for field in dataclasses.fields(kind)} - {"results", "source", "repaired"} | others


def test_every_kind_of_finding_is_documented():
    code = "".join(path.read_text() for path in (ROOT / "gradproof").rglob("*.py"))
    told = set(re.findall(r'Finding\(\s*"([\w-]+)"', code)) | {"repeat", "order"}
    text = (ROOT / "notes" / "report-schema.md").read_text().partition("\n## Findings\n")[2]
    assert told == set(re.findall(r"^\| `([\w-]+)` \|", text, flags=re.MULTILINE)) - {"kind"}


def test_every_kind_of_edit_is_documented():
    code = "".join(path.read_text() for path in (ROOT / "gradproof" / "repair").glob("*.py"))
    told = set(re.findall(r'(?:site\.(?:edit|swap)|yield other)\(\s*"([a-z ]+)"', code))
    text = (ROOT / "notes" / "report-schema.md").read_text().partition("\nThe kinds are ")[2].partition("\n## ")[0]
    assert told
    assert told <= set(re.findall(r"`([a-z ]+)`", text))


def test_the_schema_is_the_documented_one():
    assert f'"{data.SCHEMA}"' in (ROOT / "notes" / "report-schema.md").read_text()


def test_json_has_no_nan(report):
    parsed = json.loads(data.render(report), parse_constant=lambda constant: pytest.fail(constant))
    actual = {gradient["name"]: gradient["actual"] for gradient in parsed["functions"][0]["gradients"]}
    assert actual["dWax"] == "nan"


def test_a_forward_has_outputs_and_a_backward_gradients():
    found = data.as_data(gradproof.audit(ROOT / "manual" / "rnn.py", examples=2))
    kinds = {function["name"]: ("outputs" in function, "gradients" in function) for function in found["functions"]}
    assert kinds["rnn_forward"] == (True, False)
    assert kinds["rnn_backward"] == (False, True)
