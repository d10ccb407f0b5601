"""One call of a candidate's functions on exact numbers, in the candidate's process."""

import contextlib
import inspect
import linecache
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from .. import references
from ..arithmetic.engines import encoded, engine_of, variables
from ..arithmetic.record import Record, recording
from ..arithmetic.scalar import Unsupported
from ..contracts import Backward, Forward, contract_of, forward_of
from .array import LiftedArray, lifted, running_on
from .swapping import lifting

WORDS = "raise|assert|print|pass|import|from|def|class|return None|global|nonlocal"
NO_RESULT = re.compile(rf"({WORDS})\b|warnings\.|[@\"']")


def call(
    names: dict[str, Any],
    folder: str,
    own: Callable[[str], bool],
    *,
    engine: dict[str, Any],
    contract: list[str],
    function: str,
    inputs: dict[str, Any],
    taken: list[str],
    cotangents: dict[str, Any] | None = None,
    forward: str | None = None,
    forward_taken: list[str] | None = None,
    without_tiny: bool = False,
) -> dict[str, Any]:
    """The results of `function` under a contract, as encoded arrays.

    names, folder: the candidate's namespace, and where its helper modules lie.  own: whether a file's name is the
    candidate's.  without_tiny: see `Record`.  The rest as in `Worker.forward` and `Worker.backward`.
    """
    promised = contract_of(contract)
    making = forward_of(promised)
    record, lines = Record(own, without_tiny), set[tuple[str, int]]()
    arithmetic = engine_of(engine)
    reference = references.reference(making.reference) if making.reference is not None else None
    spaces = [names, *([] if reference is None else [reference.__globals__])]
    with recording(record), running_on(arithmetic), lifting(spaces, folder), traced(own, lines):
        exact = {
            name: array if name in making.constants else _variables(arithmetic, name, array)
            for name, array in inputs.items()
        }
        if isinstance(promised, Forward):
            results = _forward(promised, names, function, exact, taken)[0]
        else:
            upstream = {name: _variables(arithmetic, name, array) for name, array in (cotangents or {}).items()}
            if forward is not None:
                cache = _forward(making, names, forward, exact, forward_taken or [])[1]
            else:
                assert reference is not None
                cache = reference(*references.arguments(making, exact))[-1]
            if not promised.itself:
                lines.clear()
            results = _backward(promised, names, function, upstream, cache, taken)
        sent = {}
        for name, value in results.items():
            with contextlib.suppress(TypeError, ValueError, Unsupported):  # no array: the float64 run tells
                sent[name] = encoded(lifted(value).view(np.ndarray))
    missed = unreached(names, function, lines)
    return {"exact": sent, "leaks": record.leaks, "ties": record.ties, "tiny": record.tiny, "unreached": missed}


def _variables(arithmetic: Any, name: str, array: Any) -> Any:
    return variables(arithmetic, name, array).view(LiftedArray)


def _forward(contract: Forward, names: Any, function: str, inputs: Any, taken: list[str]) -> Any:
    positional, keyword = contract.pack(contract, inputs, tuple(taken))
    called = contract.bind(contract, names, function)
    return contract.unpack(contract, called(*positional.values(), **keyword))


def _backward(
    contract: Backward, names: Any, function: str, cotangents: Mapping[str, Any], cache: Any, taken: list[str]
) -> Any:
    positional, keyword = contract.pack(contract, cotangents, cache, tuple(taken))
    called = contract.bind(contract, names, function)
    return contract.unpack(contract, called(*positional.values(), **keyword))


def unreached(names: Mapping[str, Any], function: str, lines: set[tuple[str, int]]) -> list[int]:
    """Lines of a function or method that did not run, without those that only raise."""
    value: Any = names.get(function.partition(".")[0])
    for attribute in function.split(".")[1:]:
        value = getattr(value, attribute, None)
    code = getattr(inspect.unwrap(value), "__code__", None) if callable(value) else None
    if code is None:
        return []
    found = {line for _, _, line in code.co_lines() if line and line > code.co_firstlineno}
    possible = {line: linecache.getline(code.co_filename, line).strip() for line in found}
    run = {line for label, line in lines if label == code.co_filename}
    return sorted(line for line, text in possible.items() if line not in run and not NO_RESULT.match(text))


@contextlib.contextmanager
def traced(own: Callable[[str], bool], lines: set[tuple[str, int]]) -> Iterator[None]:
    """Note which lines of the candidate run."""

    def on_call(frame: Any, event: str, argument: Any) -> Any:
        return on_line if own(frame.f_code.co_filename) else None

    def on_line(frame: Any, event: str, argument: Any) -> Any:
        if event == "line":
            lines.add((frame.f_code.co_filename, frame.f_lineno))
        return on_line

    kept = sys.gettrace()
    sys.settrace(on_call)
    try:
        yield
    finally:
        sys.settrace(kept)
