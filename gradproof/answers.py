"""Whether what a candidate's process sends has the form of an answer, whoever wrote it: it may be a forgery."""

from collections.abc import Mapping
from typing import Any

import numpy as np

NO_ERROR = {"type": "", "message": ""}
DEEPEST = 20  # levels of structure in what a function returns


def is_answer(answer: Mapping[str, Any], message: Mapping[str, Any]) -> bool:
    """Whether an answer that is no error has the form that the message asked for."""
    if message["do"] == "load":
        return is_loaded(answer)
    if message["do"] == "trial":
        tried = answer.get("trials")
        return isinstance(tried, list) and len(tried) == len(message["variants"]) and all(map(_is_tried, tried))
    if message["do"] == "respond":
        found = answer.get("places")
        return isinstance(found, list) and all(map(_is_place, found))
    if message["do"] == "own" and message["what"] in ("forward", "backward"):
        return _is_described(answer.get("described"))
    if message["do"] == "exact" or message.get("what") == "exact":
        return _is_exact(answer, message)
    return _is_called(answer)


def is_error(value: Any) -> bool:
    """Whether a message has the form of an error: its line stands with its function and text, or not at all."""
    if not isinstance(value, dict) or not all(isinstance(value.get(key), str) for key in ("type", "message")):
        return False
    placed = [key in value for key in ("label", "line", "function", "text")]
    return not any(placed) or (
        all(placed)
        and isinstance(value["line"], int)
        and all(isinstance(value[key], str) for key in ("label", "function", "text"))
    )


def is_loaded(answer: Mapping[str, Any]) -> bool:
    """Whether it is a list of the functions that were loaded, and of what failed."""
    functions, failures = answer.get("functions"), answer.get("failures")
    return (
        isinstance(functions, dict)
        and all(parameters is None or isinstance(parameters, list) for parameters in functions.values())
        and isinstance(failures, list)
        and all(
            isinstance(failure, dict)
            and all(isinstance(failure.get(key), str) for key in ("type", "message", "label"))
            and isinstance(failure.get("line"), int)
            for failure in failures
        )
        and isinstance(answer.get("supplied"), list)
    )


def _is_called(answer: Mapping[str, Any]) -> bool:
    """What a call in floats gave, and what a probe found besides."""

    def called(value: Any) -> bool:
        return isinstance(value, dict) and _are_results(value.get("results")) and is_error(value.get("error", NO_ERROR))

    return (
        _are_results(answer.get("results"))
        and isinstance(answer.get("cell_calls", 0), int)
        and isinstance(answer.get("changed", {}), dict)
        and isinstance(answer.get("overwritten", []), list)
        and all(called(answer[key]) for key in ("again", "doubled", "interleaved") if key in answer)
        and _are_lists(answer.get("shared", []))
        and (answer.get("entries") is None or _are_lists(answer["entries"]))
        and _are_places(answer.get("leaks", []))
    )


def _is_tried(answer: Any) -> bool:
    """What a call gave with an edit in place."""
    errors = (
        [answer[key] for key in ("error", "forward_error") if key in answer] if isinstance(answer, dict) else [None]
    )
    return all(map(is_error, errors)) and (bool(errors) or _is_called(answer))


def _is_place(value: Any) -> bool:
    """What `repair.response.respond` says of an expression."""
    return (
        isinstance(value, dict)
        and all(isinstance(value.get(key), int) for key in ("unit", "index"))
        and isinstance(value.get("function"), str)
        and all(
            isinstance(value.get(key), list) and all(isinstance(piece, int) for piece in value[key])
            for key in ("touched", "mendable")
        )
        and isinstance(value.get("proposals"), list)
        and all(_is_proposal(proposal) for proposal in value["proposals"])
    )


def _is_proposal(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and all(isinstance(value.get(key), str) and len(value[key]) < 300 for key in ("how", "text"))
        and isinstance(value.get("cost"), (int, float))
        and isinstance(value.get("count"), int)
    )


def _is_exact(answer: Mapping[str, Any], message: Mapping[str, Any]) -> bool:
    """What a call on exact numbers gave; or, of a field, that it needs more levels or other residues."""
    if "retry" in answer:
        return answer["retry"] in ("levels", "seed") and message["engine"]["name"] == "field"
    missed = answer.get("unreached")
    return (
        isinstance(answer.get("exact"), dict)
        and isinstance(answer.get("expected", {}), dict)
        and all(_are_places(answer.get(kind, [])) for kind in ("leaks", "ties", "tiny"))
        and all(kind in answer for kind in ("leaks", "ties"))
        and isinstance(missed, list)
        and all(isinstance(line, int) for line in missed)
    )


def _is_described(value: Any, depth: int = 0) -> bool:
    """What `own.structure.described` gives."""
    if not isinstance(value, dict) or not isinstance(value.get("kind"), str) or depth > DEEPEST:
        return False
    if value["kind"] == "array":
        shape = value.get("shape")
        whole = isinstance(shape, list) and all(isinstance(size, int) and size >= 0 for size in shape)
        return whole and isinstance(value.get("dtype"), str)
    if value["kind"] not in ("tuple", "list", "named"):
        return True
    parts = value.get("parts")
    return isinstance(parts, list) and all(
        isinstance(part, list)
        and len(part) == 2
        and isinstance(part[0], (int, str))
        and _is_described(part[1], depth + 1)
        for part in parts
    )


def _are_results(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(item, np.ndarray)
        or (isinstance(item, dict) and (item.get("none") is True or isinstance(item.get("what"), str)))
        for item in value.values()
    )


def _are_lists(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, list) for item in value)


def _are_places(value: Any) -> bool:
    """Events with their lines, as `arithmetic.record` notes them."""
    return isinstance(value, list) and all(
        isinstance(item, dict) and isinstance(item.get("what"), str) and isinstance(item.get("line", 0), int)
        for item in value
    )
