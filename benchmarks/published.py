"""Audit the functions of a published page: a blog post's text, or a paste that lost its indentation.

    python benchmarks/published.py PAGE [--repair] [--keep FOLDER]

Takes the functions out of the page's text, restores their indentation where it was lost, and audits them.  With
--repair, the known mistakes of one such page are mended one after another, and what comes to light is reported in turn.
"""

import argparse
import re
import tempfile
from pathlib import Path

import gradproof
from gradproof.verdicts import Report

HEADER = "import numpy as np\nfrom rnn_utils import *\n\n"

# (what it is, pattern, replacement): what is mended, in the order in which the mistakes stop the functions.
REPAIRS = [
    ("rnn_backward unpacks the caches", r"\(cache, x\) ?= caches", "(caches, x) = caches"),
    ("rnn_backward writes T-x for T_x", r"T-x", "T_x"),
    ("rnn_backward doubles dWax and dWaa", r"(dWax|dWaa) \+= \1$", r"\1 += \1t"),
    ("lstm_cell_backward resets its gates", r"^ *d(it|ft|ot|cct) = None$", ""),
    ("lstm_cell_backward calls np.dcct", r"np\.dcct\(dft", "np.dot(dcct"),
    ("lstm_cell_backward takes dbi from dcct", r"dbi = np\.sum\(dcct", "dbi = np.sum(dit"),
    ("lstm_cell_backward takes dbc from dft", r"dbc = np\.sum\(dft", "dbc = np.sum(dcct"),
    ("lstm_cell_backward slices dxt", r"^( *dxt = .*)$", lambda m: m[1].replace("[:,:n_a]", "[:,n_a:]")),
    (
        "lstm_backward carries nothing",
        r"^( *)dx\[:, :, t\] = gradients\['dxt'\]$",
        r"\1da_prevt, dc_prevt = gradients['da_prev'], gradients['dc_prev']\n\g<0>",
    ),
]


def functions_of(page: str) -> str:
    """The function definitions in a page's text, with the indentation that Python needs."""
    lines = [re.sub(r"^- ?", "", line).rstrip() for line in page.splitlines()]
    found: list[str] = []
    inside = False
    for line in lines:
        if re.match(r"def \w+\(.*\):$", line):
            inside = True
            found.append("")
        if inside:
            found.append(line)
        if inside and re.match(r"\s*return\b", line):
            inside = False
    if not any(line.startswith(" ") for line in found):
        found = _indented(found)
    return "\n".join(found) + "\n"


def _indented(lines: list[str]) -> list[str]:
    """Restore the indentation of functions in straight-line code with `for` loops.

    A loop's body ends where the comment says that the first activation's gradient is set.
    """
    restored = []
    depth = 0
    for line in lines:
        if line.startswith("def "):
            depth = 0
        elif line.startswith("# Set "):
            depth = 1
        restored.append("    " * depth + line if line else line)
        if line.startswith(("def ", "for ")):
            depth += 1
    return restored


def audit(text: str, folder: Path, name: str) -> Report:
    path = folder / name
    path.write_text(HEADER + text, encoding="utf-8")
    return gradproof.audit(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("page", type=Path)
    parser.add_argument("--repair", action="store_true", help="mend the lines that stop it one after another")
    parser.add_argument("--keep", type=Path, help="write the files here instead of a temporary folder")
    options = parser.parse_args()
    text = functions_of(options.page.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        report = audit(text, folder, "published.py")
        print(_text(report))
        if options.repair:
            for step, (what, pattern, replacement) in enumerate(REPAIRS, start=1):
                text, count = re.subn(pattern, replacement, text, flags=re.MULTILINE)
                print(f"\n{'=' * 80}\nrepair {step}: {what} ({count} line{'s' if count != 1 else ''})")
                report = audit(text, folder, f"repaired_{step}.py")
                for function in report.functions:
                    failing = [result.name for result in function.failing]
                    which = "every gradient" if len(failing) == len(function.results) else ", ".join(failing)
                    print(f"  {function.name}: {function.verdict}{f' ({which})' if failing else ''}")


def _text(report: Report) -> str:
    from gradproof.report.text import render

    return render(report)


if __name__ == "__main__":
    main()
