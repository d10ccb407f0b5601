"""Plots as SVG text: points and lines on log axes, groups of bars on a log axis.

A figure is a title, a legend that all panels share, and panels side by side.  Black on white in any viewer.
"""

import math
from typing import NamedTuple
from xml.sax.saxutils import escape

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#444444")  # of Okabe and Ito
INK, GRID, PAPER = "#222222", "#dddddd", "#ffffff"
LEFT, RIGHT, ABOVE, BELOW = 58, 30, 34, 52  # around a panel's axes
HEAD, SMALL, MIDDLE, LARGE = 66, 11, 13, 17
LETTER = 0.6  # of the font's size: a wide guess of a letter's width


class Lines(NamedTuple):
    title: str
    x: str
    y: str
    series: dict[str, list[tuple[float, float]]]  # name → points, both above zero
    notes: tuple[str, ...] = ()  # in the upper left corner, which growing lines leave free


class Bars(NamedTuple):
    title: str
    y: str
    groups: list[str]  # the lines of a label, separated by newlines
    series: dict[str, list[tuple[float, float, float] | None]]  # name → middle, low and high for each group
    origin: float | None = None  # where bars begin and a line is drawn; else at the lowest tick
    values: bool = False  # write the middle above each bar


def figure(title, panels, columns=2, width=520, height=300):
    """The SVG text of panels of this size in rows."""
    names = list(dict.fromkeys(name for panel in panels for name in panel.series))
    colours = dict(zip(names, COLOURS, strict=False))
    columns = min(columns, len(panels))
    legend, left = [], LEFT
    for name in names:
        legend += [_rectangle(left, 42, 12, 12, colours[name]), _text(left + 17, 52, name, MIDDLE)]
        left += 37 + LETTER * MIDDLE * len(name)
    across = math.ceil(max(columns * width, left, 2 * LEFT + LETTER * LARGE * len(title)))
    down = HEAD + math.ceil(len(panels) / columns) * height
    parts = [_rectangle(0, 0, across, down, PAPER), _text(LEFT, 26, title, LARGE), *legend]
    for number, panel in enumerate(panels):
        x, y = number % columns * width, HEAD + number // columns * height
        box = x + LEFT, y + ABOVE, x + width - RIGHT, y + height - BELOW
        parts.append(_text(box[0], box[1] - 12, panel.title, MIDDLE))
        parts += (_lines if isinstance(panel, Lines) else _bars)(panel, box, colours)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{across}" height="{down}" viewBox="0 0 {across} {down}" '
        f'role="img" font-family="Helvetica, Arial, sans-serif">'
    )
    return "\n".join([head, f"<title>{escape(title)}</title>", *parts, "</svg>"]) + "\n"


def _lines(panel, box, colours):
    left, top, right, bottom = box
    points = [point for of in panel.series.values() for point in of]
    across, horizontal = _scale([x for x, _ in points], left, right)
    upwards, vertical = _scale([y for _, y in points], bottom, top)
    parts = _grid(vertical, upwards, box)
    for tick in horizontal:
        x = across(tick)
        parts += [_line(x, top, x, bottom, GRID), _text(x, bottom + 16, _number(tick), SMALL, "middle")]
    parts += [
        _line(left, bottom, right, bottom, INK),
        _text((left + right) / 2, bottom + 36, panel.x, SMALL, "middle"),
        _text(right, top - 12, panel.y, SMALL, "end"),
    ]
    for name, of in panel.series.items():
        placed = [(across(x), upwards(y)) for x, y in of]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colours[name]}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colours[name]}"/>' for x, y in placed]
    for row, note in enumerate(panel.notes):
        y = top + 18 + 16 * row
        parts.append(_rectangle(left + 7, y - 11, 6 + LETTER * SMALL * len(note), 15, PAPER))
        parts.append(_text(left + 10, y, note, SMALL))
    return parts


def _bars(panel, box, colours):
    left, top, right, bottom = box
    ends = [end for of in panel.series.values() for bar in of if bar for end in bar]
    upwards, ticks = _scale([*ends, panel.origin or 0.6 * min(ends)], bottom, top)
    origin = upwards(panel.origin or ticks[0])
    parts = [*_grid(ticks, upwards, box), _text(right, top - 12, panel.y, SMALL, "end")]
    step = (right - left) / len(panel.groups)
    wide = 0.84 * step / len(panel.series)
    for group, label in enumerate(panel.groups):
        start = left + group * step
        for row, line in enumerate(label.split("\n")):
            parts.append(_text(start + step / 2, bottom + 16 + 14 * row, line, SMALL, "middle"))
        for place, (name, of) in enumerate(panel.series.items()):
            x, bar = start + 0.08 * step + place * wide, of[group]
            if bar is None:
                continue
            middle, low, high = map(upwards, bar)
            parts.append(
                _rectangle(x + 0.5, min(middle, origin), wide - 1, max(abs(middle - origin), 1), colours[name])
            )
            if low - high > 1:
                parts.append(_line(x + wide / 2, low, x + wide / 2, high, INK))
            if panel.values:
                parts.append(_text(x + wide / 2, min(high, origin) - 5, _number(bar[0]), SMALL, "middle"))
    return [*parts, _line(left, origin, right, origin, INK)]


def _scale(values, start, end):
    """From a value to its place between start and end, by its logarithm; and the ticks, from start to end."""
    low, high = min(values) * 1.001, max(values) * 0.999
    for digits in ((1, 2, 5), (1, 3), (1,)):
        ticks = [digit * 10.0**power for power in range(-12, 16) for digit in digits]
        first = max(i for i, tick in enumerate(ticks) if tick <= low)
        last = min(i for i, tick in enumerate(ticks) if tick >= high)
        if last - first < 9:
            break
    ticks = ticks[first : last + 1]
    factor = (end - start) / math.log(ticks[-1] / ticks[0])
    return lambda value: start + factor * math.log(value / ticks[0]), ticks


def _grid(ticks, upwards, box):
    left, _, right, _ = box
    parts = []
    for tick in ticks:
        y = upwards(tick)
        parts += [_line(left, y, right, y, GRID), _text(left - 7, y + 4, _number(tick), SMALL, "end")]
    return parts


def _number(value):
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def _text(x, y, text, size, anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{INK}" text-anchor="{anchor}">{escape(text)}</text>'


def _line(x1, y1, x2, y2, colour):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def _rectangle(x, y, width, height, colour):
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'
