"""The functions that mistakes are made in: seven backward functions, each in two styles, and what runs them."""

import ast
import inspect
import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np

from detection.mutants import CHECKS, Mutant, bare, mutated
from detection.operators import COTANGENTS, DERIVATION
from detection.slips import EXTREME, PRELUDE, TINY, effects
from gradproof.contracts import CONVENTIONS, sizes_of

ROOT = Path(__file__).parents[2]
FILES = {
    "factored": {
        **{net: ROOT / "manual" / f"{net}.py" for net in ("rnn", "lstm", "gru")},
        "cs231n": Path(__file__).parent / "styles" / "factored" / "cs231n.py",
    },
    "expanded": {
        net: Path(__file__).parent / "styles" / "expanded" / f"{net}.py" for net in ("rnn", "lstm", "gru", "cs231n")
    },
}
# The sizes at which the exercise and the assignment have their functions checked.
EXERCISE = {"n_x": 3, "n_a": 5, "n_y": 2, "m": 10}
FUNCTIONS = {
    ("rnn", "rnn_cell_backward"): EXERCISE,
    ("rnn", "rnn_backward"): {**EXERCISE, "T": 4},
    ("lstm", "lstm_cell_backward"): EXERCISE,
    ("lstm", "lstm_backward"): {**EXERCISE, "T": 7},
    ("gru", "gru_cell_backward"): EXERCISE,
    ("cs231n", "lstm_step_backward"): {"N": 4, "D": 5, "H": 6},
    ("cs231n", "lstm_backward"): {"N": 2, "D": 3, "T": 10, "H": 6},
}
DERIVED, SMALL, LARGE, EFFECT = "derivation", "tiny", "extreme", "side effect"
CLASSES = (DERIVED, SMALL, LARGE, EFFECT)
# Mutants of one operator in one function, by class: more of one kind would say nothing new.
MOST = {DERIVED: 7, SMALL: 3, LARGE: 2, EFFECT: 2}


@dataclass(frozen=True)
class Subject:
    """A right backward function in one style.  sizes: those at which its users check it."""

    style: str
    net: str
    function: str

    @property
    def file(self):
        """Where it stands: "manual/lstm.py"."""
        return str(FILES[self.style][self.net].relative_to(ROOT))

    @property
    def sizes(self):
        return FUNCTIONS[self.net, self.function]

    def __str__(self):
        return f"{'cs231n ' if self.net == 'cs231n' else ''}{self.function}"

    @property
    def contract(self):
        family = "cs231n" if self.net == "cs231n" else "coursera"
        known = [c for c in CONVENTIONS[family] if c.name == self.function]
        return next(contract for contract in known if contract.spelling in ("", "zh"))

    @property
    def right(self):
        """The candidate that makes no mistake."""
        return Candidate(self, self.text())

    def text(self, source=None):
        """The whole module, with another source of the function."""
        module = _module(ROOT / self.file)
        parts = [
            source if source is not None and getattr(one, "name", "") == self.function else ast.unparse(one)
            for one in module.body
        ]
        return "\n\n".join(parts) + "\n" + PRELUDE

    def mutants(self):
        """(class, mutant) of all operators, at most MOST of each."""
        module = _module(ROOT / self.file)
        tree = next(one for one in module.body if getattr(one, "name", "") == self.function)
        found, words = [], _words(ast.unparse(tree))
        for kind, operators in {**dict(zip(CLASSES, (DERIVATION, TINY, EXTREME), strict=False)), EFFECT: None}.items():
            operators = effects(*_given(tree)) if operators is None else operators
            made = [one for one in mutated(tree, operators) if not _unknown(one, words)]
            for operator in operators:
                of = [one for one in made if one.operator == operator]
                found += [(kind, of[i * len(of) // min(len(of), MOST[kind])]) for i in range(min(len(of), MOST[kind]))]
        return found


SUBJECTS = [Subject(style, net, function) for net, function in FUNCTIONS for style in FILES]


@cache
def _module(path):
    """A module without checks of its arguments, which beginners do not write, and with absolute imports."""
    module = ast.parse(path.read_text(encoding="utf-8"))
    for index, one in enumerate(module.body):
        if isinstance(one, ast.ImportFrom) and one.level:
            one.module, one.level = f"manual.{one.module}", 0
        if isinstance(one, ast.FunctionDef):
            module.body[index] = bare(one)
            module.body[index].body = [line for line in module.body[index].body if not CHECKS.search(ast.unparse(line))]
    return module


def _words(text):
    return set(re.findall(r"\w+", text))


def _unknown(mutant, words):
    """Whether it reads a variable that the function does not have: no mistake that anybody needs a checker for."""
    return mutant.operator == "another variable" and not words.issuperset(_words(mutant.source))


def _given(tree):
    """The caller's arrays that a function reads; a cotangent; an array by which one cache is told from another."""
    arguments = [argument.arg for argument in tree.args.args]
    unpacked = next(line for line in tree.body if isinstance(line, ast.Assign) and "cache" in ast.unparse(line.value))
    names = [part.id for part in unpacked.targets[0].elts]
    kept = [name for name in names if name not in ("steps", "parameters", "reset_after")]
    cotangents = [name for name in arguments if name in ("da", "da_next", "dc_next", "dh", "dnext_h", "dnext_c")]
    if "steps" in names:
        last = "steps[-1][5]" if "Wx" in names else "steps[-1][0]"  # a gate, a hidden state
    else:
        last = "a_next" if "a_next" in names else "i"
    return [*cotangents, *kept, *(name for name in COTANGENTS if "[" in name)], cotangents[0], last


@dataclass(frozen=True)
class Candidate:
    """A module with a backward function, right or not."""

    subject: Subject
    text: str
    kind: str | None = None  # the class of its mistake
    mutant: Mutant | None = None

    def load(self):
        """A fresh copy of it, which remembers no call."""
        names = {"__name__": "candidate"}
        exec(compile(self.text, "<candidate>", "exec"), names)
        return Loaded(self.subject, names)

    def write(self, folder):
        """The file that an audit is given."""
        path = Path(folder) / "candidate.py"
        path.write_text(self.text, encoding="utf-8")
        return path


class Loaded:
    """A candidate's functions, with inputs and results by name, whatever its convention."""

    def __init__(self, subject, names):
        self.contract, self.sizes = subject.contract, subject.sizes
        self._forward, self._backward = names[self.contract.forward.name], names[self.contract.name]
        self.forward_takes = self._optional(self.contract.forward, self._forward)
        self.backward_takes = self._optional(self.contract, self._backward)

    @staticmethod
    def _optional(contract, function):
        return tuple(name for name in contract.optional if name in inspect.signature(function).parameters)

    @cached_property
    def cotangents(self):
        """The cotangents that it takes: {"da": "a"}."""
        absent = set(self.contract.optional) - set(self.backward_takes)
        return {name: output for name, output in self.contract.cotangents.items() if name not in absent}

    @cached_property
    def gradients(self):
        """The gradients that it returns, with their inputs: {"dx": "x"}.  An input that it does not take has none."""
        absent = set(self.contract.forward.optional) - set(self.forward_takes)
        return {name: of for name, of in self.contract.gradients.items() if of not in absent}

    def inputs(self, seed=0, scale=1.0):
        """As its users draw them: normal numbers, whatever the sizes."""
        random = np.random.default_rng(seed)
        shapes = {name: sizes_of(dimensions, self.sizes) for name, dimensions in self.contract.forward.inputs.items()}
        drawn = {name: scale * random.standard_normal(shape) for name, shape in shapes.items()}
        absent = set(self.contract.forward.optional) - set(self.forward_takes)
        return {name: array * 0 if name in absent else array for name, array in drawn.items()}

    def upstream(self, seed=0):
        """Normal cotangents, by output."""
        random, outputs = np.random.default_rng(seed + 1), self.contract.forward.outputs
        return {
            output: random.standard_normal(sizes_of(outputs[output], self.sizes)) for output in self.cotangents.values()
        }

    def forward(self, inputs):
        """The outputs that gradients come back to, and the cache."""
        contract = self.contract.forward
        positional, keyword = contract.pack(contract, inputs, self.forward_takes)
        outputs, cache = contract.unpack(contract, self._forward(*positional.values(), **keyword))
        return {output: outputs[output] for output in self.cotangents.values()}, cache

    def backward(self, upstream, cache):
        """The gradients, by input; upstream: by output."""
        contract = self.contract
        cotangents = {name: upstream[output] for name, output in self.cotangents.items()}
        positional, keyword = contract.pack(contract, cotangents, cache, self.backward_takes)
        found = contract.unpack(contract, self._backward(*positional.values(), **keyword))
        return {of: found[name] for name, of in self.gradients.items()}
