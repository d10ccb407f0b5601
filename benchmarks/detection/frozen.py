"""How often the line, the term and a repair are found, on candidates that were written before the search was measured.

    python benchmarks/detection/frozen.py [--only WORDS] [--budget SECONDS] [--jobs N] [--output FILE]

The candidates stand in candidates/, with one bug each (one.toml) or two and three (several.toml).  Of every bug:

- line: the first repair that is told changes the statement of the bug; of a missing statement, any line of the block
  that it belongs into.  Where no repair is found, the line that is told to be the likeliest.
- term: that change makes the statement what the manifest says, or is of the kind that the manifest says.
- repaired: every function of the file is verified after the edit, and every gradient identical (or equal).

Every miss is listed.
"""

import argparse
import ast
import os
import sys
import time
import tomllib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CANDIDATES = Path(__file__).parent / "candidates"
MANIFESTS = ("one", "several", "fresh")


@dataclass
class Score:
    """What was found of one candidate: for every bug whether its line and its term were told."""

    file: str
    several: bool
    lines: list[bool] = field(default_factory=list)
    terms: list[bool] = field(default_factory=list)
    repaired: bool = False
    verdict: str = ""
    seconds: float = 0.0
    told: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)


def candidates(words: str = "") -> list[dict[str, Any]]:
    """The manifests' entries, of the files whose name has one of the words."""
    found = []
    for name in MANIFESTS:
        if not (CANDIDATES / f"{name}.toml").exists():
            continue
        for entry in tomllib.loads((CANDIDATES / f"{name}.toml").read_text(encoding="utf-8"))["candidate"]:
            if not words or any(word in entry["file"] for word in words.split(",")):
                found.append({**entry, "several": len(entry["bug"]) > 1})
    return found


def measure(entry: dict[str, Any], budget: float) -> Score:
    import gradproof

    path = CANDIDATES / entry["file"]
    started = time.process_time() + sum(os.times()[2:4])
    report = gradproof.audit(path, repair_budget=budget)
    source = path.read_text(encoding="utf-8")
    score = Score(entry["file"], entry["several"])
    repair = report.repair
    changes = repair.changes if repair else []
    suspects = [line for lines in (repair.suspects if repair else {}).values() for line in lines[:1]]
    for bug in entry["bug"]:
        statement = _statement(source, bug["line"])
        near = range(bug["line"], bug["line"] + 2) if bug.get("missing") else statement
        here = [
            change for change in changes if change.line in near or (bug.get("missing") and change.line in statement)
        ]
        score.lines.append(bool(here) or (not changes and any(line in near for line in suspects)))
        mended = _mended(bug, entry, source)
        after = report.repaired.chunks[0].text if report.repaired else ""
        score.terms.append(
            any(change.kind == bug["kind"] for change in here) or (bool(here) and mended in _flat(after))
        )
        score.expected.append(f"line {bug['line']}: {bug['kind']}: {bug['what']}")
    score.told = [f"line {change.line}: {change.kind}: {change.message}" for change in changes]
    score.told += (
        [f"{name}: {reason}; suspects {repair.suspects.get(name, [])}" for name, reason in repair.unmended.items()]
        if repair
        else []
    )
    score.verdict = (repair.verdict if repair else None) or "-"
    score.repaired = repair is not None and not repair.unmended and repair.verdict in ("identical", "equal")
    score.seconds = time.process_time() + sum(os.times()[2:4]) - started
    return score


def _statement(source: str, line: int) -> range:
    """The lines of the innermost statement at a line."""
    found = range(line, line + 1)
    for node in ast.walk(ast.parse(source)):
        inside = isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno)
        if inside and not isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.If, ast.With)):
            found = range(node.lineno, (node.end_lineno or node.lineno) + 1)
    return found


def _block(source: str, line: int) -> range:
    """The lines of the innermost loop, or function, around a line."""
    found = range(line, line + 2)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.For, ast.While)) and node.lineno <= line <= (node.end_lineno or 0):
            found = range(node.lineno, (node.end_lineno or node.lineno) + 1)
    return found


def _mended(bug: dict[str, Any], entry: dict[str, Any], source: str) -> str:
    return _flat(bug["right"]) or "\0"


def _flat(text: str) -> str:
    return "".join(text.replace('"', "'").split())


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", default="", help="words, separated by commas, that a file's name must have one of")
    parser.add_argument("--budget", type=float, default=20.0, help="seconds for a repair (20)")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--output", type=Path, help="write the table here as well")
    options = parser.parse_args()
    entries = candidates(options.only)
    scores = []
    with ProcessPoolExecutor(options.jobs, max_tasks_per_child=1) as pool:
        for score in pool.map(measure, entries, [options.budget] * len(entries)):
            scores.append(score)
            print(f"\r{len(scores)} of {len(entries)}  {score.file:60}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    text = table(scores)
    print(text)
    if options.output:
        options.output.write_text(text + "\n", encoding="utf-8")


def table(scores: list[Score]) -> str:
    rows = [f"{'candidates':26}{'files':>6}{'bugs':>6}{'line@1':>10}{'term@1':>10}{'repaired':>10}{'CPU s':>8}"]
    for name, chosen in (
        ("one bug", [s for s in scores if not s.several]),
        ("two and three bugs", [s for s in scores if s.several]),
        ("all", scores),
    ):
        if not chosen:
            continue
        lines, terms = [x for s in chosen for x in s.lines], [x for s in chosen for x in s.terms]
        median = sorted(s.seconds for s in chosen)[len(chosen) // 2]
        rows.append(
            f"{name:26}{len(chosen):6}{len(lines):6}{_share(lines):>10}{_share(terms):>10}"
            f"{_share([s.repaired for s in chosen]):>10}{median:8.1f}"
        )
    verdicts = {v: sum(s.verdict == v for s in scores) for v in sorted({s.verdict for s in scores})}
    rows.append("verdicts after the repair: " + ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items()))
    for score in scores:
        if not (all(score.lines) and score.repaired):
            missed = [name for name, ok in (("line", all(score.lines)), ("repair", score.repaired)) if not ok]
            rows += ["", f"missed ({', '.join(missed)}): {score.file}, {score.seconds:.1f} s"]
            rows += [f"    is    {text}" for text in score.expected] + [f"    told  {text}" for text in score.told]
    return "\n".join(rows)


def _share(values: list[bool]) -> str:
    return f"{sum(values)}/{len(values)}"


if __name__ == "__main__":
    main()
