"""The candidate's process: loads its source, calls its functions, and sends back plain arrays and messages.

Run as `python -m gradproof.worker` by `candidate.py`.  It decides nothing: what the candidate computes is compared
outside, where the candidate cannot reach.
"""

import __future__

import ast
import contextlib
import faulthandler
import importlib
import inspect
import linecache
import os
import sys
import threading
import time
import traceback
import types
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from . import references, standins, wire
from .contracts import CONVENTIONS, Backward, Contract, Forward, forward_of


class Worker:
    """Answers one message after another: load, forward, backward."""

    def __init__(self, answers: BinaryIO, names: dict[str, Any] | None = None):
        self.answers = answers
        self.given = names  # of a function that is in memory already
        self.names: dict[str, Any] = {}
        self.labels: tuple[str, ...] = ()
        self.folder = ""
        self.future = 0  # compiler flags of `from __future__ import ...`, which hold for all that follows

    def serve(self, messages: BinaryIO) -> None:
        while True:
            try:
                message = wire.read(messages)
            except EOFError:
                return
            actions: dict[str, Callable[..., dict[str, Any]]]
            actions = {"load": self.load, "forward": self.forward, "backward": self.backward}
            answer = actions[message.pop("do")]
            wire.write(self.answers, answer(**message))

    # loading

    def load(
        self,
        *,
        folder: str,
        chunks: list[list[Any]],
        skipped: list[str],
        package: str | None = None,
        module: str | None = None,
        path: list[str] | None = None,
    ) -> dict[str, Any]:
        """Run the chunks statement by statement, or import `module`; a statement that fails loses only its names."""
        self.folder = folder
        self.labels = tuple(chunk[0] for chunk in chunks)
        sys.path[:0] = [entry for entry in (path or [folder]) if entry not in sys.path]
        supplied = standins.install(
            {name: references.reference(f"activations.{name}") for name in ("sigmoid", "softmax")}
        )
        failures: list[dict[str, Any]] = []
        if self.given is not None:
            self.names = self.given
        elif module is not None:
            self.names = vars(importlib.import_module(module))
        else:
            with contextlib.suppress(OSError):
                os.chdir(folder)
            # a module of this name, so that pickling, dataclasses and typing find the candidate's definitions
            namespace = types.ModuleType("gradproof_candidate")
            namespace.__dict__.update(__package__=package or "", __file__=chunks[0][0] if chunks else "")
            sys.modules["gradproof_candidate"] = namespace
            self.names = namespace.__dict__
            for label, first, text in chunks:
                failures += self._run(label, first, text, skipped)
        functions = {name: _parameters(value) for name, value in self.names.items() if _is_function(value)}
        return {"functions": functions, "failures": failures, "supplied": supplied}

    def _run(self, label: str, first: int, text: str, skipped: list[str]) -> list[dict[str, Any]]:
        failures = []
        linecache.cache.setdefault(label, (len(text), None, text.splitlines(keepends=True), label))
        for statement in ast.parse(text).body:
            ast.increment_lineno(statement, first - 1)
            place = f"{label}:{statement.lineno}"
            if place in skipped or _is_endless(statement):
                continue
            if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
                for feature in statement.names:
                    self.future |= getattr(__future__, feature.name).compiler_flag
            wire.write(self.answers, {"at": place, "label": label, "line": statement.lineno})
            try:
                code = compile(ast.Module([statement], []), label, "exec", flags=self.future, dont_inherit=True)
                exec(code, self.names)
            except BaseException as error:
                failures.append({**self._described(error), "label": label, "line": statement.lineno})
        return failures

    # calling

    def forward(
        self,
        *,
        contract: list[str],
        function: str | None,
        inputs: dict[str, Any],
        taken: list[str],
        reference_cell: bool = False,
        probe: bool | None = None,
    ) -> dict[str, Any]:
        """Outputs of the forward; with `probe`, also what it did to its inputs and what a second call gives."""
        described = _contract(*contract)
        assert isinstance(described, Forward)
        called = self._function(described, function)
        with self._cell(described.cell if reference_cell else None, called):
            try:
                before = _flat(inputs)
                outputs, _ = described.call(called, described, inputs, tuple(taken))
                answer: dict[str, Any] = {"results": _plain(outputs)}
                if probe:
                    answer["changed"] = _changed(before, _flat(inputs))
                    inputs = {name: before[name] for name in inputs}
                    answer["again"] = self._guarded(
                        lambda: _plain(described.call(called, described, inputs, tuple(taken))[0])
                    )
                return answer
            except BaseException as error:
                return {"error": self._described(error)}

    def backward(
        self,
        *,
        contract: list[str],
        function: str | None,
        forward: str | None,
        inputs: dict[str, Any],
        cotangents: dict[str, Any],
        taken: list[str],
        forward_taken: list[str],
        reference_cell: bool = False,
        probe: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Gradients from the cache that the named forward makes, or the reference's when `forward` is None.

        With `probe`, the inputs of another case: also what the call did to its arguments, what a second call on the
        same cache gives, and what a call gives after the forward has run on the other case in between.
        """
        described = _contract(*contract)
        assert isinstance(described, Backward)
        called = self._function(described, function)
        source = self._function(described.forward, forward)

        def cache_of(arrays: Mapping[str, Any]) -> Any:
            return described.forward.call(source, described.forward, arrays, tuple(forward_taken))[1]

        def gradients(upstream: Mapping[str, Any], cache: Any) -> dict[str, Any]:
            return described.call(called, described, upstream, cache, tuple(taken))

        try:
            cache = cache_of(inputs)
        except BaseException as error:
            return {"forward_error": self._described(error)}
        with self._cell(described.cell if reference_cell else None, called):
            try:
                arguments = {**inputs, **cotangents, described.cache: cache}
                before = _flat(arguments, described)
                results = gradients(cotangents, cache)
                answer: dict[str, Any] = {"results": _plain(results)}
            except BaseException as error:
                return {"error": self._described(error)}
            if probe is None:
                return answer
            after = _flat(arguments, described)
            answer["changed"] = _changed(before, after)
            answer["shared"] = _shared(results)
            fresh = {name: before[name].copy() for name in cotangents}
            answer["again"] = self._guarded(lambda: _plain(gradients(fresh, cache)))
            original = {name: before[name].copy() for name in inputs}

            def interleaved() -> dict[str, Any]:
                first = cache_of(original)
                cache_of(probe)
                return _plain(gradients({name: before[name].copy() for name in cotangents}, first))

            answer["interleaved"] = self._guarded(interleaved)
            return answer

    def _function(self, contract: Contract, name: str | None) -> Callable[..., Any]:
        if name is None:
            return references.reference(_home(contract))
        found: Any = self.names
        for part in name.split("."):
            found = found[part] if isinstance(found, Mapping) else getattr(found, part)
        return found

    @contextlib.contextmanager
    def _cell(self, name: str | None, caller: Callable[..., Any]) -> Any:
        """While this holds, the caller finds the reference under the name of the cell that it calls."""
        namespace = getattr(inspect.unwrap(caller), "__globals__", {})
        if name is None or name not in namespace:
            yield
            return
        original = namespace[name]
        namespace[name] = references.reference(f"{name.partition('_')[0]}.{name}")
        try:
            yield
        finally:
            namespace[name] = original

    def _guarded(self, call: Callable[[], Any]) -> dict[str, Any]:
        try:
            return {"results": call()}
        except BaseException as error:
            return {"error": self._described(error)}

    def _described(self, error: BaseException) -> dict[str, Any]:
        """Type, message, and the innermost line that is the candidate's own."""
        message = str(error) if not isinstance(error, SystemExit) else f"code {error.code}"
        described: dict[str, Any] = {"type": type(error).__name__, "message": message[:2000]}
        for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
            label = frame.f_code.co_filename
            if label in self.labels or (label.startswith(self.folder + os.sep) and "site-packages" not in label):
                text = linecache.getline(label, line).strip()
                return {**described, "label": label, "line": line, "function": frame.f_code.co_name, "text": text}
        return described


def _contract(convention: str, name: str) -> Contract:
    return next(contract for contract in CONVENTIONS[convention] if contract.name == name)


def _home(contract: Contract) -> str:
    """Where manual/ has the function of a contract: "lstm.lstm_backward"."""
    return f"{forward_of(contract).twin.partition('.')[0]}.{contract.name}"


def _is_endless(statement: ast.stmt) -> bool:
    """`while True:` at module level: the training loop of a script, which no audit needs."""
    return isinstance(statement, ast.While) and isinstance(statement.test, ast.Constant) and bool(statement.test.value)


def _is_function(value: Any) -> bool:
    return (
        callable(value) and not inspect.isclass(value) and not inspect.isbuiltin(value) and hasattr(value, "__name__")
    )


def _parameters(function: Any) -> list[list[Any]] | None:
    """[name, kind, has a default] for every parameter; None when they cannot be known."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    return [[p.name, p.kind.name, p.default is not p.empty] for p in parameters]


def _flat(value: Any, contract: Backward | None = None) -> dict[str, Any]:
    """Copies of the arrays inside nested dicts, lists and tuples, each array once, by path: "caches[0][3].ft"."""
    found: dict[str, Any] = {}
    seen: set[int] = set()

    def visit(item: Any, path: str) -> None:
        if id(item) in seen:
            return
        seen.add(id(item))
        if isinstance(item, np.ndarray):
            if item.dtype != object:
                found[path] = item.copy()
        elif isinstance(item, Mapping):
            for key, part in item.items():
                visit(part, f"{path}[{key!r}]" if path else str(key))
        elif isinstance(item, (list, tuple)):
            named = (
                contract is not None and path.startswith(contract.cache) and len(item) == len(contract.forward.cache)
            )
            found[f"len({path})"] = np.array(len(item))
            for index, part in enumerate(item):
                inside = contract.forward.cache[index] if named and contract is not None else None
                visit(part, f"{path}.{inside}" if inside else f"{path}[{index}]")
        elif isinstance(item, (int, float)) and not isinstance(item, bool):
            found[path] = np.array(item)

    visit(value, "")
    return found


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Both versions of what is not bitwise what it was; the judge looks at them."""
    return {
        path: [old, after.get(path)]
        for path, old in before.items()
        if path not in after or old.shape != after[path].shape or old.tobytes() != after[path].tobytes()
    }


def _shared(results: Mapping[str, Any]) -> list[list[str]]:
    """Pairs of gradients that share memory."""
    arrays = [
        (name, value) for name, value in results.items() if isinstance(value, np.ndarray) and value.dtype != object
    ]
    return [
        [first, second]
        for index, (first, a) in enumerate(arrays)
        for second, b in arrays[index + 1 :]
        if np.may_share_memory(a, b) and np.shares_memory(a, b)
    ]


def _plain(results: Mapping[str, Any]) -> dict[str, Any]:
    """Each result as an array if it is one, else as a description: {"none": true} or {"what": ..., "shape": ...}."""
    plain: dict[str, Any] = {}
    for name, value in results.items():
        if value is None:
            plain[str(name)] = {"none": True}
            continue
        try:
            array = np.array(value)
        except Exception as error:
            plain[str(name)] = {"what": f"{type(value).__name__} that is no array ({error})"}
            continue
        if array.dtype.kind not in "biufc":
            plain[str(name)] = {"what": f"{type(value).__name__} of dtype {array.dtype}"}
        elif array.nbytes > wire.LARGEST:
            plain[str(name)] = {"what": "array too large to compare", "shape": list(array.shape)}
        else:
            plain[str(name)] = array.astype(array.dtype.newbyteorder("="))
    return plain


def _limit_memory() -> None:
    """An allocation beyond three quarters of the machine's memory raises MemoryError instead of ending the machine."""
    with contextlib.suppress(ImportError, ValueError, OSError, AttributeError):
        import resource

        page = os.sysconf("SC_PAGE_SIZE")
        mapped = int(Path("/proc/self/statm").read_text().split()[0]) if Path("/proc/self/statm").exists() else 0
        limit = page * (mapped + os.sysconf("SC_PHYS_PAGES") * 3 // 4)
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _end_with(parent: int) -> None:
    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def serve(descriptors: tuple[int, int], crash_report: str, names: dict[str, Any] | None = None) -> None:
    """Answer the messages of one descriptor on the other until the first ends; the standard streams go nowhere."""
    for contract in (contract for contracts in CONVENTIONS.values() for contract in contracts):
        references.reference(_home(contract))  # before the candidate's folder is searched for modules
    _limit_memory()
    _end_with(os.getppid())
    with open(crash_report, "w") as report:
        faulthandler.enable(report)
        messages, answers = os.fdopen(os.dup(descriptors[0]), "rb"), os.fdopen(os.dup(descriptors[1]), "wb")
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nothing, descriptor)
        # as in a fresh interpreter, whatever the test suite that was forked makes of warnings
        np.seterr(divide="warn", over="warn", under="ignore", invalid="warn")
        warnings.simplefilter("ignore")
        Worker(answers, names).serve(messages)


if __name__ == "__main__":
    report_path = sys.argv[1]
    sys.argv = [""]
    serve((0, 1), report_path)
