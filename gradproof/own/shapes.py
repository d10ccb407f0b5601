"""Shapes as people write them in docstrings and comments: "x: input of shape (N, D)", "Wq and Wk (D, K)"."""

import re
from collections.abc import Collection, Iterator

from .signature import TERM, Dimensions

NAME = r"[^\W\d]\w*"
NAMES = rf"[`*]*{NAME}[`*]*(?:\s*(?:,|&|\band\b|/)\s*(?:and\s+)?[`*]*{NAME}[`*]*)*"
# What a line begins with that is about these names: "- x, y: ", "x -- ", ":param x: ", "x (np.ndarray): "
HEAD = re.compile(
    rf"^(\s*(?:[-*•+]\s+)?)(?:[:@]param\s+(?:{NAME}\s+)?)?({NAMES})\s*(\([^()]*\)|\[[^\]]*\])?\s*(?::|--|—|–|=|\s-\s)"
)
GROUP = re.compile(r"(?<![\w)\]])\[([^()\[\]{}]*)\]|[({]([^()\[\]{}]*)[)\]}]")
CROSSED = re.compile(rf"(?<!\w)((?:{NAME}|\d+)(?:(?:\s*×\s*|\s+x\s+)(?:{NAME}|\d+))+)")
OF_SHAPE = r"(?:\s*[,:]?\s*(?:(?:is|are|has|have|each|both|all|of|with|in)\s+)*(?:shapes?|sizes?|dimensions?)?\s*[:=]?)"
BEFORE = re.compile(rf"({NAMES}){OF_SHAPE}\s*$")
SAYS_SHAPE = re.compile(r"(?:shapes?|sizes?|dimensions?)\s*(?:of\s*)?[:=]?\s*$")
SECTION = re.compile(r"^\s*[A-Z]\w*(?:\s+\w+)*\s*:\s*$|^\s*-{3,}\s*$")
PROSE = {"optional", "default", "none", "true", "false", "float", "array", "ndarray", "int", "scalar", "dict", "tuple"}
SCALAR = re.compile(r"\b(?:scalar|number|float|real)\b")
INTEGER = re.compile(r"\b(?:int|integer|Integer)\b")
ANY = re.compile(r"\b(?:any|arbitrary)\s+(?:shape|size)")
SAME = re.compile(rf"\bsame\s+(?:shape|size)\s+as\s+`?({NAME})")
ARTICLES = {"a", "an", "the", "of", "in", "size", "number", "dimension", "length"}
LENGTH = re.compile(rf"\bof\s+(?:length|size|dimension)\s+({NAME}|\d+)\b")
SEVERAL = re.compile(r"\b(?:tuple|pair|list)\b")
ARRAY = re.compile(r"array|list|vector|matrix|tensor|numbers\b")


def dimensions_in(text: str, *, shape_said: bool = False, avoid: Collection[str] = ()) -> Dimensions | None:
    """What stands between parentheses as dimensions: "N, D" or "D, 4H"; None where it is something else."""
    parts = re.split(r"\s*[,;×]\s*|\s+x\s+", text.strip())
    several = len(parts) > 1
    if parts and not parts[-1]:
        parts.pop()
    if not parts:
        return () if shape_said else None
    found = []
    for part in parts:
        term = _joined(re.sub(r"\s*([+*·])\s*", r"\1", part)).replace("·", "*")
        term = re.sub(rf"(?<!\w)(\d+)(?={NAME})", r"\1*", term)
        if not TERM.fullmatch(term) or term == "0" or term.lower() in PROSE or term in avoid:
            return None
        found.append(term)
    alone = found[0]
    if not several and not shape_said and (alone.isdigit() or len(alone) > 2):
        return None
    return None if not shape_said and all(term.isdigit() for term in found) and not several else tuple(found)


def _joined(part: str) -> str:
    """ "size of the previous layer" as one name, previous_layer."""
    words = part.split()
    if len(words) > 1:
        words = [word for word in words if word.lower() not in ARTICLES]
    return "_".join(words) if len(words) <= 3 else ""


def documented(text: str, known: Collection[str]) -> dict[str, Dimensions]:
    """The shape of every known name that a text gives one; of integers with what they stay below, "N<C"."""
    shapes: dict[str, Dimensions] = {}
    for names, words in _items(text, known):
        for found, before, after in _groups(words, known):
            listed = [name for name in names if name in known]
            if listed and SEVERAL.search(before):  # "a tuple of (h, c)" is no array
                break
            if not listed:
                match = BEFORE.search(before)
                listed = [name for name in _names(match[1]) if name in known] if match else []
            for name in listed:
                if name not in shapes:
                    bound = bound_of(name, words if names else after)
                    shapes[name] = found if bound is None else _below(found, bound)
        for name in names:
            if name not in known or name in shapes:
                continue
            like = SAME.search(words)
            if like and like[1] in shapes:
                shapes[name] = shapes[like[1]]
            elif ANY.search(words):
                shapes[name] = ("N", "D")
            elif LENGTH.search(words) and not SEVERAL.search(words):
                shapes[name] = tuple(LENGTH.findall(words)[:1])
            elif _is_scalar(words):
                bound = bound_of(name, words)
                shapes[name] = () if bound is None else (f"<{bound}",)
    return shapes


def nested(text: str, name: str) -> list[str]:
    """Names of the items that stand further in than the item of a name: the entries of a dict."""
    inside, depth = [], -1
    for line in text.splitlines():
        head = HEAD.match(line)
        if head is None:
            continue
        names = _names(head[2])
        if depth >= 0 and len(head[1]) > depth:
            inside += names
        elif depth >= 0:
            break
        elif name in names:
            depth = len(head[1])
    return inside


def bound_of(name: str, text: str) -> str | None:
    """What a text says that the integers of a name stay below: "0 <= y[i] < C", "in [0, C)", "0..C-1"."""
    term = rf"({NAME}|\d+)"
    for pattern in (
        rf"0\s*(?:<=|≤)\s*{name}\w*(?:\[[^\]]*\])?\s*<\s*{term}",
        rf"\[\s*0\s*,\s*{term}\s*\)",
        rf"range\(\s*(?:0\s*,\s*)?{term}\s*\)",
        rf"0\s*,\s*(?:1\s*,\s*)?(?:\.\.\.|…)\s*,\s*{term}\s*[-−]\s*1",
        rf"\b0\s*(?:\.\.+|…|to|-|–)\s*{term}\s*[-−]\s*1",
        rf"(?:below|less than)\s+{term}",
    ):
        match = re.search(pattern, text)
        if match:
            return match[1]
    return None


def _below(dimensions: Dimensions, bound: str) -> Dimensions:
    return (*dimensions[:-1], f"{dimensions[-1]}<{bound}") if dimensions else (f"<{bound}",)


def _is_scalar(words: str) -> bool:
    return bool(SCALAR.search(words)) and not ARRAY.search(words) and not INTEGER.search(words)


def _items(text: str, known: Collection[str]) -> Iterator[tuple[list[str], str]]:
    """The text in parts, each with the names that it is about: from one line that begins with names to the next."""
    names: list[str] = []
    words: list[str] = []
    another = "|".join(map(re.escape, known)) or "$"
    # behind a shape or a semicolon, or in a line that has had a colon
    again = re.compile(rf"(:[^:]*?[^\s:,;.]|[)\]}}]|\w(?=;))[;,.]?\s+(?:and\s+)?(?=(?:{another})\s*:)")
    for line in (part for whole in text.splitlines() for part in again.sub(r"\1\n", whole).split("\n")):
        head = HEAD.match(line)
        if head or SECTION.match(line) or not line.strip():
            if words:
                yield names, "\n".join(words)
            names, words = (_names(head[2]) if head else []), []
            line = line[head.start(3) if head[3] else head.end() :] if head else line
        words.append(line)
    if words:
        yield names, "\n".join(words)


def _groups(words: str, known: Collection[str]) -> Iterator[tuple[Dimensions, str, str]]:
    """Every shape in a text, what stands before it since the last one, and what comes after it."""
    last = 0
    places = sorted([*GROUP.finditer(words), *CROSSED.finditer(words)], key=lambda match: match.start())
    for match in places:
        if match.start() < last:
            continue
        before = words[last : match.start()]
        said = bool(SAYS_SHAPE.search(before))
        alone = bool(BEFORE.search(before)) or not before.strip()
        single = dimensions_in(next(filter(None, match.groups()), ""), shape_said=said, avoid=known)
        if single is not None and (said or alone or len(single) > 1 or "," in match[0]):
            yield single, before, words[match.end() :]
            last = match.end()


def _names(text: str) -> list[str]:
    return [name for name in re.findall(NAME, text) if name != "and"]
