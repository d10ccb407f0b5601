"""In the candidate's process: the arrays that an expression could name, and what is made of them in a derivative."""

import ast
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .text import Tree, places

LARGEST = 100  # numbers in an array
MOST = 160  # texts
Array = np.ndarray[Any, Any]
SIMPLE = re.compile(r"[A-Za-z_]\w*$")
# NumPy functions that have no side effects
PURE = {
    "dot",
    "tanh",
    "exp",
    "square",
    "sum",
    "concatenate",
    "vstack",
    "hstack",
    "transpose",
    "power",
    "matmul",
    "outer",
}


@dataclass
class Recipes:
    """Texts of a function's own that may be evaluated at any of its statements, and the suffixes that it uses.

    indices: what it puts into brackets after one name, for lists and dicts of arrays.  quote: how it writes keys.
    """

    texts: list[str] = field(default_factory=list)
    suffixes: list[str] = field(default_factory=list)
    indices: list[str] = field(default_factory=list)
    quote: str = "'"
    at: bool = False  # whether it writes matrix products with @


def recipes(tree: Tree, function: ast.AST) -> Recipes:
    found = Recipes(quote='"' if tree.unit.text.count('"]') > tree.unit.text.count("']") else "'")
    found.at = " @ " in tree.unit.text
    for node in places(function):
        if isinstance(node, (ast.Call, ast.Subscript, ast.BinOp, ast.Attribute)) and _pure(node):
            text = " ".join(tree.text(node).split())
            if len(text) <= 60 and text not in found.texts:
                found.texts.append(text)
        if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Constant):
            suffix = f"[{tree.text(node.slice)}]"
            kept = found.suffixes if ":" in suffix else found.indices
            if suffix not in kept and len(kept) < 5:
                kept.append(suffix)
    return found


def _pure(node: ast.AST) -> bool:
    for part in ast.walk(node):
        if isinstance(part, ast.Call):
            function = part.func
            if not (isinstance(function, ast.Attribute) and function.attr in PURE):
                return False
        elif isinstance(part, (ast.Lambda, ast.ListComp, ast.GeneratorExp, ast.Await, ast.NamedExpr, ast.JoinedStr)):
            return False
    return True


def arrays(frame: Any, recipes: Recipes) -> dict[str, Array]:
    """Copies of the arrays in scope by the text that names them, and the whole numbers that may be sizes."""
    found: dict[str, Array] = {}
    for text, value in _named(frame, recipes):
        _note(found, text, value)
    names = {**frame.f_globals, **frame.f_locals}
    for text, array in list(found.items()):
        if array.ndim == 1 and len(found) < MOST:
            found.setdefault(f"{text}[:, None]", array[:, None])
    bases = [text for text, array in found.items() if array.ndim == 2]
    combined = [f"{base}{suffix}" for base in bases for suffix in recipes.suffixes[:3]]
    for text in [*recipes.texts, *combined]:
        if text not in found and len(found) < MOST:
            try:
                value = eval(text, names)  # of the candidate's own text, in its own process
            except Exception:
                continue
            _note(found, text, value)
    return found


def _note(found: dict[str, Array], text: str, value: Any) -> None:
    if isinstance(value, (np.ndarray, np.floating, float)):
        array = np.asarray(value)
        if array.dtype.kind in "fb" and array.size <= LARGEST:
            found.setdefault(text, np.array(array, dtype=np.float64))
    elif isinstance(value, int) and not isinstance(value, bool) and 1 < value < 100:
        found.setdefault(text, np.array(float(value)))


def _named(frame: Any, recipes: Recipes) -> Iterator[tuple[str, Any]]:
    used = {name: frame.f_globals[name] for name in frame.f_code.co_names if name in frame.f_globals}
    for name, value in [*frame.f_locals.items(), *used.items()]:
        if not SIMPLE.match(name) or name.startswith("__"):
            continue
        yield name, value
        if isinstance(value, Mapping):
            for key, item in list(value.items())[:40]:
                if isinstance(key, str):
                    yield f"{name}[{recipes.quote}{key}{recipes.quote}]", item
        elif hasattr(value, "_fields"):
            yield from ((f"{name}.{key}", getattr(value, key)) for key in value._fields)
        elif hasattr(value, "__dict__") and not isinstance(value, (type, type(np))) and not callable(value):
            yield from ((f"{name}.{key}", item) for key, item in list(vars(value).items())[:40])
        if isinstance(value, (Mapping, list, tuple)) and not isinstance(value, str):
            for index in recipes.indices:
                try:
                    yield f"{name}{index}", eval(f"{name}{index}", {**frame.f_globals, **frame.f_locals})
                except Exception:
                    continue


def products(
    scopes: Sequence[Mapping[str, Array]], shapes: Sequence[tuple[int, ...]], at: bool
) -> Iterator[tuple[str, list[Array]]]:
    """Matrix products of two arrays in scope, each as it is or transposed, of these shapes; at: written with @."""
    first = scopes[0]
    known = [
        text for text in first if first[text].ndim == 2 and cost(text) <= 1.25 and all(text in one for one in scopes)
    ]
    for a, b in itertools.permutations(known, 2):
        for flip_a, flip_b in itertools.product((False, True), repeat=2):
            x, y = (first[a].T if flip_a else first[a]), (first[b].T if flip_b else first[b])
            if (x.shape[0], y.shape[1]) != shapes[0] or x.shape[1] != y.shape[0]:
                continue
            found = []
            for one, shape in zip(scopes, shapes, strict=True):
                x, y = (one[a].T if flip_a else one[a]), (one[b].T if flip_b else one[b])
                if x.shape[1:] != y.shape[:1] or (x.shape[0], y.shape[1]) != shape:
                    break
                found.append(x @ y)
            else:
                left, right = (f"{text}.T" if flip else text for text, flip in ((a, flip_a), (b, flip_b)))
                yield (f"{left} @ {right}" if at else f"np.dot({left}, {right})"), found


def is_size(text: str, array: Array) -> bool:
    """Whether a number without axes may be the length of an axis."""
    return bool(SIMPLE.match(text)) and float(array) == int(array)


def cost(text: str) -> float:
    """How far-fetched a text is: the number of names and operators in it."""
    return 0.0 if SIMPLE.match(text) else 0.25 * len(re.findall(r"\w+|[^\w\s]", text))


def forms(text: str, numbers: Array, size: bool) -> Iterator[tuple[str, float, Array]]:
    """Text, cost and numbers of an array and of what derivatives are made of: 1 - v, 1 - v**2, v (1 - v), tanh(v)."""
    price = 1 + min(cost(text), 2.0)
    yield text, price, numbers
    if size or price > 2.5:
        return
    inner = text if re.fullmatch(r"[\w.\[\]'\"]+|np\.\w+\([\w.]+\)", text) else f"({text})"
    yield f"(1 - {inner})", price + 0.25, 1 - numbers
    yield f"(1 - {inner}**2)", price + 0.25, 1 - numbers**2
    yield f"{inner} * (1 - {inner})", price + 0.5, numbers * (1 - numbers)
    if price <= 1.5:
        yield f"np.tanh({text})", price + 0.5, np.tanh(numbers)
        yield f"(1 - np.tanh({text})**2)", price + 0.75, 1 - np.tanh(numbers) ** 2
