"""Compare autodiff/conventions with every package that is installed, and print or keep the table of the errors.

    python benchmarks/conventions_table.py [--write | --check]

--write puts the table into notes/conventions.md.  --check compares the rows that are kept there with those of this run,
but for errors and versions.  Both need every package: pip install -e ".[peers]".
Exit code: 0 all agree; 1 something disagrees, or the kept rows are others; 2 a package is missing for what was asked.
"""

import argparse
import importlib.metadata
import importlib.util
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))  # the comparison is the one of the tests

import peers  # noqa: E402

NOTE = ROOT / "notes" / "conventions.md"
KEPT = re.compile(r"(?<=<!-- conventions_table -->\n).*?(?=<!-- end of conventions_table -->)", re.DOTALL)
HEADER = ("convention", "checked against", "outputs", "gradients", "cases")
SEEDS = range(3)


def installed(peer):
    return peer.package is None or importlib.util.find_spec(peer.package) is not None


def row(peer, progress):
    """The row of a peer, and which of its cases disagree."""
    outputs, gradients, cases, wrong = [], [], 0, []
    for variant in peer.variants:
        progress(f"{peer}: {variant}")
        for name, sizes in peers.SIZES.items():
            for seed in SEEDS:
                of_outputs, of_gradients = peers.comparisons(peer, variant, sizes, seed)
                outputs += of_outputs.values()
                gradients += of_gradients.values()
                cases += 1
                if not all(found.agrees for found in [*of_outputs.values(), *of_gradients.values()]):
                    wrong.append(f"{peer}: {variant}, sizes {name}, seed {seed}")
    version = importlib.metadata.version(peer.package) if peer.package else ""
    return (
        peer.convention,
        f"{peer.against} {version}".strip(),
        largest(outputs),
        largest(gradients),
        str(cases),
    ), wrong


def largest(comparisons):
    return f"{max(found.error for found in comparisons):.0e}" if comparisons else "none"


def identity(row):
    """What --check compares: convention, witness without its version, number of cases."""
    return row[0], re.sub(r" \d\S*$", "", row[1]), row[-1]


def as_markdown(table):
    lines = [HEADER, ("---",) * len(HEADER), *table]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def as_text(table):
    widths = [max(map(len, column)) for column in zip(HEADER, *table, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (HEADER, *table)]
    return "\n".join(line.rstrip() for line in lines)


def kept_rows():
    """The rows that the note keeps."""
    found = KEPT.search(NOTE.read_text(encoding="utf-8"))
    return [tuple(cell.strip() for cell in line.strip("| ").split("|")) for line in found[0].splitlines()[2:]]


def show_progress(text):
    if sys.stderr.isatty():
        print(f"\r{text[:79]:<79}\r", end="", file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--write", action="store_true", help="keep the table in notes/conventions.md")
    what.add_argument("--check", action="store_true", help="compare the rows with those that are kept")
    options = parser.parse_args()

    missing = sorted({peer.package for peer in peers.PEERS if not installed(peer)})
    if missing:
        print(f"not installed: {', '.join(missing)}; pip install -e '.[peers]'", file=sys.stderr)
        if options.write or options.check:
            return 2
    results = [row(peer, show_progress) for peer in peers.PEERS if installed(peer)]
    show_progress("")
    table, wrong = [of_peer for of_peer, _ in results], [case for _, cases in results for case in cases]
    print(as_text(table))
    for case in wrong:
        print(f"disagrees: {case}")
    if options.write and not wrong:
        note = NOTE.read_text(encoding="utf-8")
        NOTE.write_text(KEPT.sub(lambda _: as_markdown(table), note), encoding="utf-8")
    others = options.check and {*map(identity, table)} ^ {*map(identity, kept_rows())}
    for convention, against, cases in sorted(others or ()):
        print(f"not in both tables: {convention}, {against}, {cases} cases")
    return 1 if wrong or others else 0


if __name__ == "__main__":
    sys.exit(main())
