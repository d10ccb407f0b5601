"""The command `python -m manual.char_rnn`: train the character model on a text, with samples and checkpoints."""

import argparse
import contextlib
import hashlib
import io
import itertools
import json
import math
import os
import shutil
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .char_rnn import (
    PARAMETERS,
    TEXT,
    State,
    check_window,
    decode,
    encode,
    initial_state,
    sample,
    train,
    vocabulary_of,
)
from .shapes import Array, check_arrays


class Checkpoint(NamedTuple):
    """What training needs to go on bit for bit."""

    state: State
    generator: Mapping[str, Any]  # the state of the random numbers that samples are drawn with
    vocabulary: str
    text: str  # a digest of it
    seq_length: int
    learning_rate: float


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write an .npz file, whole or not at all: a process that dies meanwhile leaves the previous one.  OSError."""
    state, generator, vocabulary, text, seq_length, learning_rate = checkpoint
    arrays: dict[str, Any] = {
        **state.parameters,
        **state.memory,
        "hprev": state.hprev,
        "step": state.step,
        "position": state.position,
        "smooth_loss": state.smooth_loss,
        "generator": json.dumps(generator),
        "vocabulary": [ord(character) for character in vocabulary],
        "text": text,
        "seq_length": seq_length,
        "learning_rate": learning_rate,
    }
    temporary = path.parent / f"{path.name}.{os.getpid()}.tmp"
    try:
        with temporary.open("wb") as file:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def load_checkpoint(path: Path) -> Checkpoint:
    """What `save_checkpoint` wrote.  OSError when it cannot be read, ValueError when it is something else."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        parameters = {name: arrays[name] for name in PARAMETERS}
        memory = {f"d{name}": arrays[f"d{name}"] for name in PARAMETERS}
        shapes = {"hprev": ("H", "1"), **PARAMETERS, **{f"d{name}": PARAMETERS[name] for name in PARAMETERS}}
        check_arrays(shapes, arrays, {"V": len(arrays["vocabulary"])})
        state = State(
            int(arrays["step"]),
            int(arrays["position"]),
            arrays["hprev"],
            parameters,
            memory,
            float(arrays["smooth_loss"]),
        )
        return Checkpoint(
            state,
            json.loads(str(arrays["generator"])),
            "".join(map(chr, arrays["vocabulary"])),
            str(arrays["text"]),
            int(arrays["seq_length"]),
            float(arrays["learning_rate"]),
        )
    except (AttributeError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError("not a checkpoint of this program, or a damaged one") from error


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: train on a text, print samples, keep checkpoints.  Returns the exit code."""
    options = _options(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character of the text shows the others
    try:
        try:
            data, start = _start(options)
        except ValueError as error:
            return _told(str(error), 2)
        return _train(data, start, options)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter complains as it ends
        return 1
    except OSError as error:
        return _told(f"{error.filename}: {error.strerror}" if error.filename else str(error), 2)
    except KeyboardInterrupt:
        return _told("interrupted", 130)


def _told(message: str, code: int) -> int:
    print(f"char_rnn: {message}", file=sys.stderr)
    return code


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=f"python -m {__name__.removesuffix('_command')}",  # of the wheel, gradproof.manual.char_rnn
        description="Train a recurrent net to predict the next character of a text, and let it write.",
        epilog="Exit code: 0 done, 1 the loss is no finite number any more, 2 a file or an option is no good, "
        "130 interrupted by Ctrl-C, which writes the checkpoint, too.",
    )
    add = parser.add_argument
    add("file", metavar="FILE", nargs="?", type=Path, default=TEXT, help="UTF-8 text (default: one about rivers)")
    add("--steps", type=_count(0), default=10000, help="windows to train on, from here on (default: 10000)")
    add("--hidden-size", type=_count(1), help="hidden units (default: 100)")
    add("--seq-length", type=_count(1), help="characters in a window (default: 25)")
    add("--learning-rate", type=_amount, help="of Adagrad (default: 0.1)")
    add("--seed", type=_count(0), help="of the first weights and the samples (default: 0)")
    add("--sample-every", type=_count(0), default=1000, help="steps between samples, 0 for none (default: 1000)")
    add("--sample-length", type=_count(0), default=200, help="characters in a sample (default: 200)")
    add("--temperature", type=_amount, default=1.0, help="of samples; 0: the most probable character (default: 1)")
    add("--checkpoint", metavar="FILE", type=Path, help="write it at the start, at every sample, and at the end")
    add("--resume", metavar="FILE", type=Path, help="go on from this checkpoint, bit for bit, on the same text")
    return parser.parse_args(arguments)


def _count(least: int) -> Callable[[str], int]:
    def count(written: str) -> int:
        if (value := int(written)) < least:
            raise argparse.ArgumentTypeError(f"{value} is less than {least}")
        return value

    return count


def _amount(written: str) -> float:
    if not 0 <= (value := float(written)) < math.inf:
        raise argparse.ArgumentTypeError(f"{value} is no finite number of at least 0")
    return value


def _start(options: argparse.Namespace) -> tuple[Array, Checkpoint]:
    """The text's indices, and where training starts.  OSError or ValueError, naming the file."""
    kept, resumed = options.checkpoint, options.resume
    if kept is not None and kept.exists() and (resumed is None or not kept.samefile(resumed)):
        raise ValueError(f"{kept} exists; --resume goes on from a checkpoint, and may replace it")
    with _naming(options.file):
        text = options.file.read_text(encoding="utf-8")
        vocabulary = vocabulary_of(text)
        data = encode(text, vocabulary)
    if resumed is None:
        rng = np.random.default_rng(options.seed or 0)
        seq_length = options.seq_length or 25
        rate = 0.1 if options.learning_rate is None else options.learning_rate
        with _naming(options.file):
            check_window(len(data), seq_length)
        state = initial_state(len(vocabulary), options.hidden_size or 100, seq_length, rng)
        return data, Checkpoint(state, rng.bit_generator.state, vocabulary, _digest(text), seq_length, rate)

    with _naming(resumed):
        start = load_checkpoint(resumed)
        if start.text != _digest(text):
            raise ValueError(f"the checkpoint of another text than {options.file}")
        sizes = (
            ("--hidden-size", options.hidden_size, start.state.hprev.shape[0]),
            ("--seq-length", options.seq_length, start.seq_length),
        )
        for option, given, size in sizes:
            if given not in (None, size):
                raise ValueError(f"{option} is {given}, but the checkpoint has {size}")
        if options.seed is not None:
            raise ValueError("--seed is given, but the checkpoint goes on with its own random numbers")
    if options.learning_rate is not None:
        start = start._replace(learning_rate=options.learning_rate)
    return data, start


@contextlib.contextmanager
def _naming(path: Path) -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not UTF-8 text ({error.reason} at byte {error.start})") from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


@np.errstate(over="ignore", invalid="ignore")  # of an exploded net, which is told once, below
def _train(data: Array, start: Checkpoint, options: argparse.Namespace) -> int:
    def save() -> None:
        if options.checkpoint is not None:
            try:
                save_checkpoint(options.checkpoint, reached)
            except OSError as error:  # of a temporary file, whose name would tell little
                raise OSError(error.errno, error.strerror, str(options.checkpoint)) from error

    reached = start
    save()  # a place that cannot be written is found out now, not after the training
    rng = np.random.default_rng()
    rng.bit_generator.state = start.generator
    V, H = len(start.vocabulary), start.state.hprev.size
    print(f"{len(data)} characters, {V} distinct; {H} hidden units", flush=True)

    states = train(data, start.state, start.seq_length, start.learning_rate)
    code, told, bar = 0, "", _Bar(start.state.step, options.steps)
    try:
        for state in itertools.islice(states, options.steps):
            if not math.isfinite(state.smooth_loss):
                code, told = 1, f"--learning-rate {start.learning_rate:g} is too large: the loss is {state.smooth_loss}"
                break
            bar.show(state)
            sampled = options.sample_every and state.step % options.sample_every == 0
            if sampled:
                bar.clear()
                drawn = sample(
                    state.hprev,
                    int(data[state.position]),
                    options.sample_length,
                    **state.parameters,
                    rng=rng,
                    temperature=options.temperature,
                )
                print(f"\nstep {state.step}, smooth loss {state.smooth_loss:.6g}")
                print(decode(drawn, start.vocabulary), flush=True)
            reached = reached._replace(state=state, generator=rng.bit_generator.state)
            if sampled:
                save()
    except KeyboardInterrupt:
        code, told = 130, "interrupted"
    bar.clear()
    save()
    if told:
        kept = f"; the checkpoint {options.checkpoint} has that step" if options.checkpoint else ""
        return _told(f"{told} after step {reached.state.step}{kept}", code)
    print(f"\ntrained to step {reached.state.step}, smooth loss {reached.state.smooth_loss:.6g}", flush=True)
    return 0


class _Bar:
    """A line on standard error that is written over and over; nothing where that is no terminal."""

    def __init__(self, first: int, steps: int) -> None:
        self.first, self.steps, self.started, self.written = first, steps, time.monotonic(), 0.0
        self.wanted = sys.stderr.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"

    def show(self, state: State) -> None:
        now = time.monotonic()
        if not self.wanted or now - self.written < 0.1:
            return
        self.written = now
        done = state.step - self.first
        left = (now - self.started) * (self.steps - done) / done
        filled = "#" * (20 * done // self.steps)
        line = f"[{filled:<20}] step {state.step}, smooth loss {state.smooth_loss:.4g}, {left:.0f} s left"
        width = shutil.get_terminal_size().columns - 1
        print("\r" + line[:width].ljust(width), end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self.written:
            print("\r" + " " * (shutil.get_terminal_size().columns - 1), end="\r", file=sys.stderr, flush=True)
            self.written = 0.0
