"""In the candidate's process: functions with an edited source in their place, for as long as a call takes."""

import ast
import contextlib
import inspect
import signal
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any


class Unpatchable(Exception):
    """Why an edited function cannot take the place of the loaded one."""


@contextlib.contextmanager
def patched(names: Mapping[str, Any], units: Sequence[Sequence[Any]], flags: int) -> Iterator[None]:
    """While this holds, functions run the code of these units: (label, first line, text, names of functions) each.

    Code takes the place of code inside the function objects, so that whoever holds one finds the edited function.
    Raises Unpatchable where that cannot be, SyntaxError where the text is no Python.
    """
    kept: list[tuple[Any, types.CodeType]] = []
    try:
        for label, first, text, functions in units:
            for name, code in compiled(label, first, text, flags).items():
                if name in functions:
                    function = live(names, name)
                    kept.append((function, function.__code__))
                    try:
                        function.__code__ = code
                    except ValueError as error:
                        raise Unpatchable(str(error)) from None
        yield
    finally:
        for function, code in reversed(kept):
            function.__code__ = code


@lru_cache(maxsize=64)
def compiled(label: str, first: int, text: str, flags: int) -> dict[str, types.CodeType]:
    """The code of every function that a statement at module level defines, methods as "TimeRNN.backward"."""
    tree = ast.parse(text)
    return codes(tree, label, first, flags)


def codes(tree: ast.Module, label: str, first: int, flags: int) -> dict[str, types.CodeType]:
    lambdas = [
        one.id
        for statement in tree.body
        if isinstance(statement, ast.Assign)
        for one in statement.targets
        if isinstance(statement.value, ast.Lambda) and isinstance(one, ast.Name)
    ]
    ast.increment_lineno(tree, first - 1)
    code = compile(tree, label, "exec", flags=flags, dont_inherit=True)
    found: dict[str, types.CodeType] = {}

    def visit(outer: types.CodeType, path: str) -> None:
        for constant in outer.co_consts:
            if isinstance(constant, types.CodeType):
                name = f"{path}{constant.co_name}"
                if constant.co_flags & inspect.CO_NEWLOCALS:
                    found[name] = constant
                else:
                    visit(constant, f"{name}.")

    visit(code, "")
    return {name: found["<lambda>"] for name in lambdas} or found


def live(names: Mapping[str, Any], name: str) -> types.FunctionType:
    """The function object, or lambda, that runs as "lstm_backward", or as the method "TimeRNN.backward"."""
    made, dot, method = name.partition(".")
    found = names.get(made)
    if dot:
        found = inspect.getattr_static(found, method, None)
        found = getattr(found, "__func__", found)
    with contextlib.suppress(ValueError):
        found = inspect.unwrap(found) if callable(found) else found
    if not isinstance(found, types.FunctionType) or found.__code__.co_name not in (method or made, "<lambda>"):
        raise Unpatchable(f"{name} is no plain function")
    return found


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise TimeoutError after so many seconds of Python code, where the system has alarms: an edit may never end."""

    def raise_(*_: Any) -> None:
        raise TimeoutError(f"did not return within {seconds:g} s")

    try:
        before = signal.signal(signal.SIGALRM, raise_)
    except (AttributeError, ValueError):  # no such signal, or not in the main thread
        yield
        return
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def trials(
    names: Mapping[str, Any],
    flags: int,
    variants: Sequence[Sequence[Any]],
    call: Callable[[], dict[str, Any]],
    seconds: float,
    announce: Callable[[int], None],
) -> list[dict[str, Any]]:
    """What the call gives with each variant of some units in place, or the error that it ends in.

    seconds: for each call.  announce: called with the number of each before it, since it may end the process.
    """
    answers = []
    for number, units in enumerate(variants):
        announce(number)
        try:
            with patched(names, units, flags), limited(seconds):
                answers.append(call())
        except BaseException as error:
            answers.append({"error": {"type": type(error).__name__, "message": str(error)[:200]}})
    return answers
