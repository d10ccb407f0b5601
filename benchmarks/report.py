"""What a benchmark prints, and writes at the end: lines on stdout, progress on stderr, files of results."""

import argparse
import sys
import textwrap
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
WIDTH = 80


class Report:
    def __init__(self):
        self.lines = []

    def say(self, *lines):
        self.progress("")
        for line in lines or ("",):
            self.lines.append(line)
            print(line, flush=True)

    def wrapped(self, *texts):
        """Sentences, each beginning a line."""
        for text in filter(None, texts):
            self.say(*textwrap.wrap(" ".join(text.split()), WIDTH))

    def title(self, text):
        self.say("", text, "-" * WIDTH)

    def row(self, widths, *cells):
        """The first cell to the left, the others to the right."""
        first, *others = map(str, cells)
        told = "".join(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))
        self.say((first.ljust(widths[0]) + told).rstrip())

    def progress(self, text):
        """One line on a terminal, over the one before; nothing elsewhere."""
        if sys.stderr.isatty():
            print(f"\r{text[: WIDTH - 1]:<{WIDTH - 1}}\r", end="", file=sys.stderr, flush=True)

    def write(self, folder, name, plots):
        """name.txt, and an SVG of each of the plots."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.txt").write_text("\n".join(self.lines) + "\n", encoding="utf-8")
        for plot, svg in plots.items():
            (folder / f"{plot}.svg").write_text(svg, encoding="utf-8")


def add_output(parser):
    """The option --output, alone or with a folder."""
    told = f"also write table and plot into a folder ({RESULTS.parent.name}/{RESULTS.name})"
    parser.add_argument("--output", nargs="?", const=RESULTS, type=Path, metavar="FOLDER", help=told)


def whole_number(text):
    """An option's whole number, at least 1."""
    if not text.strip().isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)


def whole_numbers(names):
    """The type of an option that has a whole number for every one of the names, "T,N,D,H": a tuple."""

    def read(text):
        parts = text.split(",")
        if len(parts) != len(names.split(",")):
            raise argparse.ArgumentTypeError(f"{text!r} has {len(parts)} numbers; expected {names}")
        return tuple(map(whole_number, parts))

    return read


def number(value):
    """Three significant digits, without an exponent; - for what was not measured."""
    if value is None:
        return "-"
    return f"{value:.{0 if value >= 99.95 else 1 if value >= 9.995 else 2 if value >= 0.0995 else 3}f}"


def verdict(value, must, aim, most=True):
    """Of a value, as told with two decimals, that must be at most, or at least, what the targets say."""

    def reached(bound):
        return round(value, 2) <= bound if most else round(value, 2) >= bound

    return "met" if reached(aim) else "must met" if reached(must) else "not met"
