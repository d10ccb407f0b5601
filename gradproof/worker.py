"""The candidate's process: loads its source, calls its functions, and sends back plain arrays and messages.

Run as `python -m gradproof.worker` by `candidate.py`.  It decides nothing: what the candidate computes is compared
outside, where the candidate cannot reach.
"""

import __future__

import ast
import contextlib
import faulthandler
import importlib
import linecache
import operator
import os
import signal
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
from .cells import reference_cells
from .contracts import CONVENTIONS, Backward, Forward, contract_of
from .observe import arrays_of, changed, copied, entries_of, flat, functions_in, plain, shared

# what the exercise's rnn_utils has
HELPERS = (
    "activations.sigmoid",
    "activations.softmax",
    "optimizers.initialize_adam",
    "optimizers.update_parameters_with_adam",
)


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
        actions: dict[str, Callable[..., dict[str, Any]]]
        actions = {"load": self.load, "forward": self.forward, "backward": self.backward, "exact": self.exact}
        actions |= {"own": self.own, "trial": self.trial, "respond": self.respond}
        while True:
            try:
                message = wire.read(messages)
            except EOFError:
                return
            number, action = message.pop("number"), actions[message.pop("do")]
            wire.write(self.answers, {**action(**message), "number": number})

    # loading

    def load(
        self,
        *,
        folder: str,
        chunks: list[list[Any]],
        skipped: list[str],
        file: str = "",
        package: str | None = None,
        module: str | None = None,
        path: list[str] | None = None,
    ) -> dict[str, Any]:
        """Run the chunks statement by statement, or import `module`; a statement that fails loses only its names."""
        self.folder = folder
        self.labels = tuple(chunk[0] for chunk in chunks)
        sys.path[:0] = [entry for entry in (path or [folder]) if entry not in sys.path]
        helpers = {name.partition(".")[2]: references.reference(name) for name in HELPERS}
        supplied = standins.install(helpers)
        standins.install_python2()
        standins.install_poison()
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
            namespace.__dict__.update(__package__=package or "", __file__=file)
            sys.modules["gradproof_candidate"] = namespace
            self.names = namespace.__dict__
            missing = standins.missing([text for _, _, text in chunks])
            self.names.update({"np": np} if "np" in missing else {})  # before the statements that may need it
            for label, first, text in chunks:
                failures += self._run(label, first, text, skipped)
            stars = any(failure["star"] for failure in failures)
            if "sigmoid" in missing and "sigmoid" not in self.names:
                self.names["sigmoid"] = helpers["sigmoid"]
            supplied += [] if standins.stars([text for _, _, text in chunks]) and not stars else missing
        return {"functions": functions_in(self.names), "failures": failures, "supplied": supplied}

    def _run(self, label: str, first: int, text: str, skipped: list[str]) -> list[dict[str, Any]]:
        failures = []
        linecache.cache.setdefault(label, (len(text), None, text.splitlines(keepends=True), label))
        for statement in ast.parse(text).body:
            ast.increment_lineno(statement, first - 1)
            place = f"{label}:{statement.lineno}"
            if place in skipped:
                continue
            if _is_endless(statement):
                told = {"type": "Skipped", "message": "a loop that runs for ever", "label": label}
                failures.append({**told, "line": statement.lineno, **_lost(statement)})
                continue
            wire.write(self.answers, {"at": place, "label": label, "line": statement.lineno})
            try:
                if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
                    for feature in statement.names:
                        self.future |= getattr(__future__, feature.name).compiler_flag
                code = compile(ast.Module([statement], []), label, "exec", flags=self.future, dont_inherit=True)
                exec(code, self.names)
            except BaseException as error:
                failures.append(
                    {**self._described(error), "label": label, "line": statement.lineno, **_lost(statement)}
                )
        return failures

    # calling

    def forward(
        self,
        *,
        contract: list[str],
        function: str,
        inputs: dict[str, Any],
        taken: list[str],
        cells: dict[str, str] | None = None,
        probe: bool | None = None,
        entries: bool = False,
    ) -> dict[str, Any]:
        """Outputs of the forward.

        With `cells`, the candidate's functions or classes of these names are replaced by those of the reference.  With
        `probe`, also what the call did to its arguments, and what a second call gives.  With `entries`, also the
        entries of its cache.
        """
        described = contract_of(contract)
        assert isinstance(described, Forward)
        called, calls = described.bind(described, self.names, function), list[None]()
        with reference_cells(self.names, cells, called, calls):
            try:
                before = flat(inputs)
                positional, keyword = described.pack(described, inputs, tuple(taken))
                arguments = flat({**positional, **keyword})
                outputs, cache = described.unpack(described, called(*positional.values(), **keyword))
                answer: dict[str, Any] = {"results": plain(outputs), "cell_calls": len(calls)}
                if entries:
                    answer["entries"] = entries_of(described, cache)
                if probe:
                    with contextlib.suppress(Exception):
                        fresh = {name: before[name].copy() for name in inputs}
                        answer["keeps_state"] = described.keeps_state(described, self.names, function, fresh)
                    answer["changed"] = changed(arguments, flat({**positional, **keyword}))
                    fresh = {name: before[name] for name in inputs}
                    answer["again"] = self._guarded(lambda: self._outputs(described, called, fresh, taken)[0])
                return answer
            except BaseException as error:
                return {"error": self._described(error)}

    def _outputs(self, contract: Forward, called: Any, inputs: Any, taken: list[str]) -> tuple[dict[str, Any], Any]:
        positional, keyword = contract.pack(contract, inputs, tuple(taken))
        outputs, cache = contract.unpack(contract, called(*positional.values(), **keyword))
        return plain(outputs), cache

    def backward(
        self,
        *,
        contract: list[str],
        function: str,
        cotangents: dict[str, Any],
        taken: list[str],
        inputs: dict[str, Any] | None = None,
        forward: str | None = None,
        forward_taken: list[str] | None = None,
        cache: Any = None,
        cells: dict[str, str] | None = None,
        probe: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Gradients from `cache`, or from the cache that the candidate's `forward` makes of `inputs`.

        With `cells`, the candidate's functions or classes of these names are replaced by those of the reference.  With
        `probe`, the inputs of another case: also what the call did to its arguments, what a second call on the same
        cache gives, and one with twice the cotangents, and what a call gives after the forward has run on the other
        case in between.
        """
        described = contract_of(contract)
        assert isinstance(described, Backward)
        called, calls = described.bind(described, self.names, function), list[None]()
        before = flat({**(inputs or {}), **cotangents})

        def cache_of(arrays: Mapping[str, Any]) -> Any:
            assert forward is not None
            made = described.forward.bind(described.forward, self.names, forward)
            # a cache of the candidate's own making goes with its cells, or with their replacements
            own = cells if described.forward.reference is None else None
            with reference_cells(self.names, own, made, calls):
                return self._outputs(described.forward, made, arrays, forward_taken or [])[1]

        def fresh(names: Any) -> dict[str, Any]:
            return {name: before[name].copy() for name in names}

        def gradients(upstream: Mapping[str, Any], entries: Any) -> dict[str, Any]:
            positional, keyword = described.pack(described, upstream, entries, tuple(taken))
            return described.unpack(described, called(*positional.values(), **keyword))

        try:
            if forward is not None:
                assert inputs is not None
                cache = cache_of(inputs)
        except BaseException as error:
            return {"forward_error": self._described(error)}
        with reference_cells(self.names, cells, called, calls):
            try:
                held = described.holds(cache)
                arguments = {**(inputs or {}), **cotangents, described.cache: cache}
                untouched = flat(arguments, described)
                results = gradients(cotangents, cache)
                first = plain(results)
                answer: dict[str, Any] = {"results": first, "cell_calls": len(calls)}
            except BaseException as error:
                return {"error": self._described(error)}
            if probe is None:
                return answer
            answer["rebound"] = held is not None and not _same_objects(held, described.holds(cache))
            with contextlib.suppress(Exception):  # a cache that raises when it is looked at
                answer["changed"] = changed(untouched, flat(arguments, described))
            answer["shared"] = shared(results)
            answer["again"] = self._guarded(lambda: plain(gradients(fresh(cotangents), cache)))

            def overwritten() -> list[str]:
                return list(changed(arrays_of(first), arrays_of(self._guarded(lambda: plain(results))["results"])))

            # a layer's gradients are arrays that its next call is to write into
            answer["overwritten"] = overwritten() if described.constructor is not None else []
            twice = {name: 2 * before[name] for name in cotangents}
            answer["doubled"] = self._guarded(lambda: plain(gradients(twice, cache)))
            if described.constructor is None:
                answer["overwritten"] = overwritten()
            if forward is not None:

                def interleaved() -> dict[str, Any]:
                    mine = cache_of(fresh(inputs))
                    cache_of(probe)
                    return plain(gradients(fresh(cotangents), mine))

                answer["interleaved"] = self._guarded(interleaved)
            return answer

    def exact(self, **message: Any) -> dict[str, Any]:
        """A call on exact numbers; see `lifting.calling.call`."""
        from .lifting.calling import call

        return self._on_exact_numbers(call, message)

    def own(self, **message: Any) -> dict[str, Any]:
        """A question about a pair of a person's own; see `own.process.answer`."""
        from .own.process import answer

        return self._on_exact_numbers(answer, message)

    def trial(self, *, variants: list[Any], message: dict[str, Any], seconds: float) -> dict[str, Any]:
        """What a call gives with each variant of the source; see `repair.trial`."""
        from .repair.trial import trials

        def announce(number: int) -> None:
            wire.write(self.answers, {"at": number})

        return {"trials": trials(self.names, self.future, variants, lambda: self._called(message), seconds, announce)}

    def respond(self, *, message: dict[str, Any], **asked: Any) -> dict[str, Any]:
        """What would mend a call; see `repair.response`."""
        from .repair.response import respond

        try:
            return respond(self.names, self.future, call=lambda: self._called(message), **asked)
        except BaseException as error:
            return {"error": self._described(error)}

    def _called(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """A forward or backward on arrays that no earlier call has seen."""
        fresh = {name: copied(value) for name, value in message.items()}
        called: dict[str, Any] = self.forward(**fresh) if fresh.pop("do") == "forward" else self.backward(**fresh)
        return called

    def _on_exact_numbers(self, function: Callable[..., dict[str, Any]], message: dict[str, Any]) -> dict[str, Any]:
        """What a function of the candidate's namespace returns, or what stood in its way."""
        from .arithmetic.field import LevelsExhausted, Unlucky

        try:
            return function(self.names, self.folder, self._is_own, **message)
        except LevelsExhausted:
            return {"retry": "levels"}
        except Unlucky:
            return {"retry": "seed"}
        except BaseException as error:
            return {"error": self._described(error)}

    def _guarded(self, call: Callable[[], Any]) -> dict[str, Any]:
        try:
            return {"results": call()}
        except BaseException as error:
            return {"results": {}, "error": self._described(error)}

    def _is_own(self, label: str) -> bool:
        """Whether a file is the candidate's: its own, or a helper's beside it."""
        return label in self.labels or (label.startswith(self.folder + os.sep) and "site-packages" not in label)

    def _described(self, error: BaseException) -> dict[str, Any]:
        """Type, message, and the innermost line that is the candidate's own."""
        try:
            message = str(error) if not isinstance(error, SystemExit) else f"code {error.code}"
        except BaseException:
            message = "an exception whose text cannot be had"
        described: dict[str, Any] = {"type": str(type(error).__name__), "message": message[:2000]}
        for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
            label = frame.f_code.co_filename
            if self._is_own(label):
                text = linecache.getline(label, line).strip()[:200]
                return {**described, "label": label, "line": line, "function": frame.f_code.co_name, "text": text}
        return described


def _same_objects(before: list[Any], after: list[Any] | None) -> bool:
    return after is not None and len(before) == len(after) and all(map(operator.is_, before, after))


def _lost(statement: ast.stmt) -> dict[str, Any]:
    """What a failing statement would have defined: a function or class, and whether anything, by `import *`."""
    defines = statement.name if isinstance(statement, (ast.FunctionDef, ast.ClassDef)) else None
    star = isinstance(statement, ast.ImportFrom) and any(alias.name == "*" for alias in statement.names)
    return {"defines": defines, "star": star}


def _is_endless(statement: ast.stmt) -> bool:
    """`while True:` without a break at module level: the training loop of a script, which no audit needs."""
    return (
        isinstance(statement, ast.While)
        and isinstance(statement.test, ast.Constant)
        and bool(statement.test.value)
        and not any(isinstance(node, ast.Break) for node in ast.walk(statement))
    )


def _limit_memory() -> None:
    """An allocation beyond three quarters of the machine's memory raises MemoryError instead of ending the machine."""
    with contextlib.suppress(ImportError, ValueError, OSError, AttributeError):
        import resource

        page = os.sysconf("SC_PAGE_SIZE")
        mapped = int(Path("/proc/self/statm").read_text().split()[0]) if Path("/proc/self/statm").exists() else 0
        limit = page * (mapped + os.sysconf("SC_PHYS_PAGES") * 3 // 4)
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _end_with(parent: int) -> None:
    """End when the parent ends, with everything that the candidate has started."""
    with contextlib.suppress(Exception):  # on Linux at once, even inside a long call of a C function
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        with contextlib.suppress(Exception):
            os.killpg(0, signal.SIGKILL)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def serve(descriptors: tuple[int, int], crash_report: int, names: dict[str, Any] | None = None) -> None:
    """Answer the messages of one descriptor on the other until the first ends; the standard streams go nowhere.

    crash_report: the descriptor of a file that the interpreter's last words are written to.
    """
    for contract in (contract for family in CONVENTIONS.values() for contract in family):
        for reference in contract.cells.values():
            references.reference(reference)
    for helper in HELPERS:
        references.reference(helper)
    for name in [name for name in sys.modules if name.partition(".")[0] == "manual"]:
        del sys.modules[name]  # a module of this name in the candidate's folder is the candidate's
    _limit_memory()
    _end_with(os.getppid())
    faulthandler.enable(os.dup(crash_report))
    messages, answers = os.fdopen(os.dup(descriptors[0]), "rb"), os.fdopen(os.dup(descriptors[1]), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    # as in a fresh interpreter, whatever the test suite that was forked makes of warnings
    np.seterr(divide="warn", over="warn", under="ignore", invalid="warn")
    warnings.simplefilter("ignore")
    Worker(answers, names).serve(messages)


if __name__ == "__main__":
    sys.argv = [""]
    serve((0, 1), 2)
