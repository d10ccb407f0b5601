"""Audit the functions of a published page: the text of a blog post or a notebook, or a paste.

    python benchmarks/published.py PAGE [--repair] [--exact] [--keep FOLDER]

Takes the functions out of the page's text, restores their lines and indentation where they were lost (page.py), and
audits them.  With --repair, the known mistakes of such pages are mended one after another, and what comes to light is
reported in turn.  With --exact, each state of the page is audited by the field and by balls alone, and what the two say
of every gradient is compared.
"""

import argparse
import re
import sys
import tempfile
import textwrap
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from page import functions_of

import gradproof
from gradproof.verdicts import Report, Result

# (what it is, pattern, replacement): what is mended, in the order in which a page's mistakes hide one another.
REPAIRS = [
    ("rnn_cell_forward predicts from a_prev", r"Wya\.dot\(a_prev\)", "Wya.dot(a_next)"),
    ("rnn_backward unpacks the caches", r"\(cache, x\) ?= caches", "(caches, x) = caches"),
    ("rnn_backward writes T-x for T_x", r"T-x", "T_x"),
    ("rnn_backward doubles dWax and dWaa", r"(dWax|dWaa) \+= \1$", r"\1 += \1t"),
    ("lstm_cell_backward resets its gates", r"^ *d(it|ft|ot|cct) = None$", ""),
    ("lstm_cell_backward calls np.dcct", r"np\.dcct\(dft", "np.dot(dcct"),
    ("lstm_cell_backward takes dbi from dcct", r"dbi = np\.sum\(dcct", "dbi = np.sum(dit"),
    ("lstm_cell_backward takes dbc from dft", r"dbc = np\.sum\(dft", "dbc = np.sum(dcct"),
    ("lstm_cell_backward slices dxt", r"^ *dxt = .*\[:,:n_a\].*$", lambda m: m[0].replace("[:,:n_a]", "[:,n_a:]")),
    (
        "lstm_backward carries nothing",
        r"^( *)dx\[:, :, t\] = gradients\['dxt'\]$",
        r"\1da_prevt, dc_prevt = gradients['da_prev'], gradients['dc_prev']\n\g<0>",
    ),
    ("TimeRNN.backward reads self.layeres", r"self\.layeres", "self.layers"),
    ("lossFun does not shift its softmax", r"np\.exp\((ys\[t\])\)", r"np.exp(\1 - np.max(\1))"),
    ("lossFun clips its gradients", r"^ *for dparam in .*\n *np\.clip.*\n", ""),
    ("lstm_step_backward writes into dnext_c", r"dnext_c \+= ", "dnext_c = dnext_c + "),
    ("xrange is Python 2", r"\bxrange\b", "range"),
    ("buffers are float32", r"dtype='f(loat32)?'", "dtype='float64'"),
]


def repaired(text: str) -> Iterator[tuple[str, int, str]]:
    """Each repair that a page needs, in how many places, and the text with it and with those before it."""
    for what, pattern, replacement in REPAIRS:
        before = text
        text, count = re.subn(pattern, replacement, text, flags=re.MULTILINE)
        if text != before:
            yield what, count, text


def audit(text: str, folder: Path, name: str, arithmetic: str = "all") -> Report:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    print(f"auditing {name}", file=sys.stderr)
    return gradproof.audit(path, arithmetic=arithmetic)


def both(text: str, folder: Path, name: str) -> str:
    """What the field and balls say of every result, each alone: in how many they agree, and where not."""
    said = []
    for arithmetic in ("field", "arb"):
        report = audit(text, folder, name, arithmetic)
        said.append({(f.name, f.kind, r.name): _exactly(r) for f in report.functions for r in f.results})
    counts = Counter(pair for pair in zip(said[0].values(), said[1].values(), strict=True))
    apart = [" ".join(key) for key in said[0] if said[0][key] != said[1][key]]
    words = [f"{n} {field}" for (field, arb), n in sorted(counts.items()) if field == arb]
    told = (
        f"field and arb say the same of {sum(n for (a, b), n in counts.items() if a == b)} results: {', '.join(words)}"
    )
    return textwrap.fill(told + (f"; not of {', '.join(apart)}" if apart else "; and of none anything else"), 80)


def _exactly(result: Result) -> str:
    """What exact arithmetic says: the same, different, or nothing, where floats found it to be no such array."""
    if result.verdict in ("identical", "equal"):
        return "same"
    return "different" if result.rigorous else "undecided" if result.right else f"not compared ({result.verdict})"


def summary(report: Report) -> str:
    """A line for each function: its verdict, its failing gradients, and the kinds of its findings."""
    names = [function.name for function in report.functions]
    lines = []
    for function in report.functions:
        failing = [result.name for result in function.failing]
        which = "every gradient" if len(failing) == len(function.results) else ", ".join(failing)
        kinds = ", ".join(dict.fromkeys(finding.kind for finding in function.findings))
        told = function.name + (f" ({function.kind})" if names.count(function.name) > 1 else "")
        told += f": {function.verdict}" + (f" ({which})" if failing else "") + (f"; found: {kinds}" if kinds else "")
        lines.append(textwrap.fill(told, 80, initial_indent="  ", subsequent_indent="    "))
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("page", type=Path)
    parser.add_argument("--repair", action="store_true", help="mend its known mistakes one after another")
    parser.add_argument("--keep", type=Path, help="write the files here instead of a temporary folder")
    parser.add_argument("--exact", action="store_true", help="compare the field's verdicts with those of balls")
    options = parser.parse_args()
    text, notes = functions_of(options.page.read_text(encoding="utf-8"))
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            print(audit(text, folder, "published.py"), flush=True)
            if options.exact:
                print(f"\n{both(text, folder, 'published.py')}", flush=True)
        except gradproof.AuditError as error:
            parser.error(str(error))
        for step, (what, count, mended) in enumerate(repaired(text) if options.repair else (), start=1):
            report = audit(mended, folder, f"repaired_{step}.py")
            print(f"{'=' * 80}\nrepair {step}: {what} ({count} place{'s' if count != 1 else ''})")
            print(f"{summary(report)}\n", flush=True)
            if options.exact:
                print(f"{both(mended, folder, f'repaired_{step}.py')}\n", flush=True)


if __name__ == "__main__":
    main()
