"""Somebody's functions, in a process of their own, seen from outside.

A candidate that loops, exits, crashes, patches NumPy or prints whatever it likes loses nothing but its own verdict: its
process is ended and started again, and only plain arrays and messages cross.
"""

import contextlib
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Protocol, cast

from . import source as sources
from . import wire
from .answers import is_answer, is_error, is_loaded
from .errors import AuditError

KILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # Windows has none
LONGEST = 1e6  # seconds that a call may be given
STATEMENT_LIMIT = 10.0  # seconds for one statement at module level, which is there to define things
UNREAD = 32 * 2**10  # bytes that a pipe takes, although nobody reads them
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


class Process(Protocol):
    pid: int

    def wait(self, timeout: float | None = None) -> int: ...


class Forked:
    """A child made by os.fork, with the interface of Popen that is used here."""

    def __init__(self, pid: int):
        self.pid = pid
        self.status: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        until = time.monotonic() + (timeout or 1e9)
        while self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
            elif time.monotonic() > until:
                raise subprocess.TimeoutExpired("fork", timeout or 0)
            else:
                time.sleep(0.005)
        return self.status


class Candidate:
    """The functions of one file, or one function object.  Use it as a context manager.

    A function object is imported anew where its module can be; one that only this program has, such as a closure, is
    audited in a copy of this process.  source: what a file would be if it were edited.  Raises AuditError when there is
    nothing to load.
    """

    def __init__(
        self,
        target: str | Path | Callable[..., Any],
        timeout: float = 60.0,
        beside: Mapping[str, Callable[..., Any]] | None = None,
        source: sources.Source | None = None,
    ):
        if not 0 < timeout <= LONGEST:
            raise AuditError(f"timeout is {timeout}; expected seconds, more than 0 and at most {LONGEST:g}")
        self.timeout = timeout
        self.function: Callable[..., Any] | None = None
        if callable(target):
            self.function = target
            self.source = source_of(target)
        else:
            self.source = source or sources.read(Path(target))
        self.definitions = sources.definitions(self.source)
        self.words = sources.words_of(self.source)
        if self.function is not None and hasattr(self.function, "__code__"):
            line = self.function.__code__.co_firstlineno
            self.definitions[self.function.__name__] = sources.definition_at(self.source, line)
        self.beside = dict(beside or {})  # other function objects, that are audited with it
        self.module = _module_of(self.function)
        if any(_module_of(other) != self.module for other in self.beside.values()):
            self.module = None
        if self.function is not None and self.module is None and not hasattr(os, "fork"):
            raise AuditError(f"{self.function.__name__} cannot be imported, and this system cannot copy a process")
        self.problems = list(self.source.problems)
        self.functions: dict[str, Any] = {}
        self.supplied: list[str] = []
        self._skipped: list[str] = []
        self._process: Process | None = None
        self._number = 0
        self.loading_time = 0.0

    def __enter__(self) -> "Candidate":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def load(self) -> None:
        """Start the process and run the candidate's definitions; sets `functions`, `problems` and `supplied`."""
        found: list[sources.Problem] = []
        while True:
            self._start()
            started = time.monotonic()
            answer = self._ask(self._loading(), min(STATEMENT_LIMIT, self.timeout))
            self.loading_time = time.monotonic() - started
            if "functions" in answer and self._has_function(answer["functions"]):
                break
            if self.module is not None and hasattr(os, "fork"):
                self.module = None  # cannot be imported from elsewhere: copy this process
                continue
            place = answer.get("at")
            if place is None or len(self._skipped) > 20:
                reason = (
                    answer["error"]["message"] if "error" in answer else "it is not among the names it was made from"
                )
                raise AuditError(f"{self.source.path}: cannot be loaded: {reason}")
            label, line = place["label"], place["line"]
            found.append(sources.Problem(label, line, f"skipped: {answer['error']['message']}"))
            self._skipped.append(place["at"])
        self.functions = answer["functions"]
        self.supplied = answer["supplied"]
        self.problems = [*self.source.problems, *found]
        for failure in answer["failures"]:
            kind = "" if failure["type"] == "Skipped" else f"{failure['type']}: "
            message = f"{kind}{failure['message']}"
            self.problems.append(
                sources.Problem(failure["label"], failure["line"], message, function=failure.get("defines"))
            )

    def call(self, limit: float | None = None, **message: Any) -> dict[str, Any]:
        """The worker's answer; {"error": ...} with "fatal" when it did not answer, after which it starts anew."""
        if self._process is None:
            self._start()
            answer = self._ask(self._loading(), min(STATEMENT_LIMIT, self.timeout))
            if "functions" not in answer:
                return answer
        answer = self._ask(message, limit or self.timeout)
        if "error" in answer or "forward_error" in answer or is_answer(answer, message):
            return answer
        self.end()
        return {"error": {"type": "Crash", "message": "the process answered with what is no answer", "fatal": True}}

    def end(self) -> None:
        """End the process; the next call starts a fresh one."""
        if self._process is None:
            return
        for end in (os.killpg, os.kill) if hasattr(os, "killpg") else (os.kill,):
            with contextlib.suppress(OSError):
                end(self._process.pid, KILL)
        with contextlib.suppress(OSError):
            self._process.wait()
        with contextlib.suppress(OSError):
            self._to.close()
        self._crash_report.close()
        self._process = None

    def _has_function(self, functions: dict[str, Any]) -> bool:
        """Whether what was loaded has the function object's name; of a class, a method."""
        name = getattr(self.function, "__name__", "")
        return self.function is None or any(found == name or found.startswith(f"{name}.") for found in functions)

    def _loading(self) -> dict[str, Any]:
        path = self.source.path.resolve()
        message: dict[str, Any] = {"do": "load", "folder": str(path.parent), "chunks": [], "skipped": self._skipped}
        if self.function is None:
            message["chunks"] = [[chunk.label, chunk.line, chunk.text] for chunk in self.source.chunks]
            root, names = path.parent, list[str]()
            while (root / "__init__.py").exists():
                names.insert(0, root.name)
                root = root.parent
            message |= {"package": ".".join(names) or None, "path": [str(path.parent), str(root)] if names else None}
            message["file"] = str(path)
        elif self.module is not None:
            message |= {"module": self.module, "path": sys.path}
        return message

    # the process

    def _start(self) -> None:
        self.end()
        self._crash_report = tempfile.TemporaryFile()  # noqa: SIM115
        if self.function is not None and self.module is None:
            self._process, self._to, read_from = self._fork(self.function)
        else:
            environment = {**os.environ, **dict.fromkeys(THREADS, "1"), "MPLBACKEND": "Agg"}
            root = str(Path(__file__).resolve().parent.parent)
            environment["PYTHONPATH"] = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "gradproof.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._crash_report,
                env=environment,
                cwd=root,
                start_new_session=True,
            )
            self._process, self._to = process, cast(BinaryIO, process.stdin)
            read_from = cast(BinaryIO, process.stdout)
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue()
        threading.Thread(target=_listen, args=(read_from, self._answers), daemon=True).start()

    def _fork(self, function: Callable[..., Any]) -> tuple[Process, BinaryIO, BinaryIO]:
        """A copy of this process: the only way to a function that no file can give again, such as a closure."""
        from . import worker

        read_messages, write_messages = os.pipe()
        read_answers, write_answers = os.pipe()
        seen = vars(sys.modules[function.__module__]) if isinstance(function, type) else {}
        names = {**getattr(function, "__globals__", seen), **self.beside, function.__name__: function}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of threads: the child runs the candidate and none of the parent's code
            pid = os.fork()
        if pid == 0:
            try:
                os.setsid()
                os.close(write_messages)
                os.close(read_answers)
                worker.serve((read_messages, write_answers), self._crash_report.fileno(), names)
            finally:
                os._exit(0)
        os.close(read_messages)
        os.close(write_answers)
        return Forked(pid), os.fdopen(write_messages, "wb"), os.fdopen(read_answers, "rb")

    def _ask(self, message: dict[str, Any], limit: float) -> dict[str, Any]:
        self._number += 1
        packed = wire.packed({**message, "number": self._number})
        if len(packed) <= UNREAD:
            _send(self._to, packed)
        else:  # in a thread of its own, because a process that does not read would hold us up
            threading.Thread(target=_send, args=(self._to, packed), daemon=True).start()
        place: dict[str, Any] | None = None
        until = time.monotonic() + limit
        while True:
            try:
                answer = self._answers.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                copied = "; it ran in a copy of this process" if isinstance(self._process, Forked) else ""
                told = f"did not return within {limit:g} s{copied}"
                answer = {"error": {"type": "Timeout", "message": told, "fatal": True}}
            if "at" in answer and message["do"] in ("load", "trial"):
                place = answer
                until = time.monotonic() + limit  # for each statement, or each edit
                continue
            if "lost" in answer:
                answer = {"error": self._death(answer["lost"])}
            elif "number" in answer and answer["number"] != self._number:
                continue  # of a copy of the process that the candidate made
            if answer.get("error", {}).get("fatal"):
                answer["at"] = place
                self.end()
            return answer

    def _death(self, reason: str) -> dict[str, Any]:
        assert self._process is not None
        try:
            status = self._process.wait(timeout=1) if not reason else None
        except subprocess.TimeoutExpired:
            status, reason = None, "nothing more, and went on"
        if status is None:
            return {"type": "Crash", "message": f"the process answered with {reason}", "fatal": True}
        if status >= 0:
            return {"type": "Exit", "message": f"ended its process with code {status}", "fatal": True}
        name = signal.Signals(-status).name
        hint = ", perhaps for want of memory" if name == "SIGKILL" else ""
        described: dict[str, Any] = {
            "type": "Crash",
            "message": f"ended its interpreter with {name}{hint}",
            "fatal": True,
        }
        self._crash_report.seek(0)
        text = self._crash_report.read().decode(errors="replace")
        labels = [chunk.label for chunk in self.source.chunks]
        for label, line, function in re.findall(r'File "(.+)", line (\d+) in (\S+)', text):
            if label in labels:
                return {**described, "label": label, "line": int(line), "function": function}
        return described


def _send(stream: BinaryIO, message: bytes) -> None:
    with contextlib.suppress(OSError, ValueError):  # a process that is gone is noticed when it does not answer
        stream.write(message)
        stream.flush()


def _listen(stream: BinaryIO, answers: "queue.Queue[dict[str, Any]]") -> None:
    """Read answers until the stream ends; the last entry says why it ended."""
    with stream:
        while True:
            try:
                answer = wire.read(stream)
                errors = [answer[key] for key in ("error", "forward_error") if key in answer]
                if not all(is_error(error) and not error.get("fatal") for error in errors):
                    raise wire.ProtocolError("what is no error")
                if "functions" in answer and not is_loaded(answer):
                    raise wire.ProtocolError("what is no list of functions")
                answers.put(answer)
            except (EOFError, OSError, ValueError):
                answers.put({"lost": ""})
                return
            except wire.ProtocolError as error:
                answers.put({"lost": str(error)})
                return


def source_of(function: Callable[..., Any]) -> sources.Source:
    """The file that a function object was defined in, for line numbers; an empty one when there is none."""
    methods = vars(function).values() if isinstance(function, type) else ()
    codes = [getattr(one, "__code__", None) for one in (function, *methods)]
    path = next((Path(code.co_filename) for code in codes if code is not None), Path("<memory>"))
    if path.suffix == ".py" and path.exists():
        return sources.read(path)
    return sources.Source(path, ())


def _module_of(function: Callable[..., Any] | None) -> str | None:
    """The module that a fresh process can import a function from, None when there is none."""
    name = getattr(function, "__module__", None)
    module = sys.modules.get(name or "")
    if function is None or module is None or name == "__main__" or not getattr(module, "__file__", None):
        return None
    return name if getattr(module, function.__name__, None) is function else None
