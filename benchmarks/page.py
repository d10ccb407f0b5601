"""The functions and classes in a published page's text, with the line breaks and the indentation that Python needs.

A page is a blog post's text, a notebook's, or a paste.  What it defines is intact; or all lines of a definition stand
in the first column; or it stands in one line, its statements separated by spaces.  Branches that lost their indentation
are not restored: nothing tells where they end.
"""

import ast
import io
import keyword
import re
import tokenize
from collections.abc import Iterator
from itertools import pairwise

IMPORT = re.compile(r"(import [\w.]+( as \w+)?|from [\w.]+ import [\w*, ]+)$")
DEFINITION = re.compile(r"def \w+ ?\(|class \w+(\(.*?\))?:")
FLATTENED = re.compile(r"def \w+ ?\(.*?\):\s*[^\s#]")
METHOD = re.compile(r"def \w+ ?\(self\b")
HEADER = re.compile(r"(class|def|for)\b.*:(\s*#.*)?$")

# What ends the body of a loop that lost its indentation: a comment that announces what comes after it, a list that it
# filled and that becomes an array, a loop over listed things, or the function's return.
AFTER_LOOP = re.compile(r"# Set |# backward pass|(\w+) = np\.array\(\1\b|for \w+ in \[|return\b")

# In a flattened line: a string, which stays, or a banner between rows of #, a comment of one word, a continuation.
STRAY = re.compile(r"(\"{3}.*?\"{3}|'{3}.*?'{3}|\"[^\"]*\"|'[^']*')|#{5,}(?: #.*?#{5,})?|# ?\S+|\\ ")

# What begins a statement although a bracket may also continue an expression: unpacking into names in brackets.
TARGETS = re.compile(r"(?<= )[(\[][\w, ]*[)\]] *=(?!=)")
OPERATORS = {"and", "or", "not", "in", "is", "if", "else"}
OPERANDS = {"None", "True", "False"}
BRANCHES = {"if", "while", "with", "try"}
OPEN, CLOSE = tuple("([{"), tuple(")]}")


def functions_of(page: str) -> tuple[str, list[str]]:
    """The source of what a page imports and defines, and a note on each definition that cannot be restored."""
    lines = [re.sub(r"^- ?", "", line).rstrip() for line in page.splitlines()]
    imports = [line for line in lines if IMPORT.match(line)]
    found = ["\n".join(imports if "import numpy as np" in imports else ["import numpy as np", *imports])]
    notes = []
    for definition in _definitions(lines):
        try:
            source = "\n".join(_restored(definition)).rstrip()
            ast.parse(source)
        except (SyntaxError, tokenize.TokenError) as error:
            notes.append(f"skipped, since it cannot be restored: {definition[0][:30]} ({error.args[0]})")
        else:
            found.append(source)
    return "\n\n\n".join(found) + "\n", notes


def _definitions(lines: list[str]) -> Iterator[list[str]]:
    start = 0
    while start < len(lines):
        end = start + 1
        if DEFINITION.match(lines[start]):
            end = start + _length(lines[start:])
            yield lines[start:end]
        start = end


def _length(lines: list[str]) -> int:
    """How many lines belong to the definition that the first of them begins."""
    following = list(enumerate(lines))[1:]
    if _intact(lines):  # a parenthesis in the first column ends a header of several lines
        return next((at for at, line in following if line and line[0] not in " \t)"), len(lines))
    if FLATTENED.match(lines[0]):
        return 1
    ends = [at + 1 for at, line in following if re.match(r"return\b", line)]
    if lines[0].startswith("class "):
        ends = [end for end in ends if end == len(lines) or not METHOD.match(lines[end])]
    return ends[0] if ends else len(lines)


def _intact(lines: list[str]) -> bool:
    """Whether the first line below a definition's header is indented."""
    return next((line[0].isspace() for line in lines[1:] if line), False)


def _restored(definition: list[str]) -> list[str]:
    if _intact(definition):
        return definition
    return _indented(_statements(definition[0]) if FLATTENED.match(definition[0]) else definition)


def _indented(lines: list[str]) -> list[str]:
    """Restore the indentation of functions, or of a class's methods, in straight-line code with `for` loops."""
    restored = []
    depth = body = 0
    for line in lines:
        if line.startswith("def "):
            depth = int(lines[0].startswith("class "))
            body = depth + 1
        elif AFTER_LOOP.match(line):
            depth = body
        restored.append("    " * depth + line if line else line)
        if HEADER.match(line):
            depth += 1
    return restored


def _statements(line: str) -> list[str]:
    """The statements of a flattened function: one ends where two operands meet with no operator between them."""
    text = STRAY.sub(lambda match: match[1] or "", line)
    starts = [0]
    nesting = 0
    ends = header = False  # whether the token before can end a statement, or ends a header
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        start, end, opens, closes = token.start[1], token.end[1], token.string in OPEN, token.string in CLOSE
        word = token.type == tokenize.NAME
        operand = word and (token.string in OPERANDS or not keyword.iskeyword(token.string))
        operand = operand or token.type in (tokenize.NUMBER, tokenize.STRING)
        begins = operand or (word and token.string not in OPERATORS) or TARGETS.match(text, start)
        if nesting == 0 and (header or (ends and begins)):
            starts.append(start)
        nesting += opens - closes
        ends = operand or closes
        header = HEADER.match(text[starts[-1] : end])
    statements = [text[start:end].strip() for start, end in pairwise([*starts, None])]
    for statement in statements:
        word = statement.partition(" ")[0]
        if word in BRANCHES or (word == statement and word.isidentifier() and not keyword.iskeyword(word)):
            raise SyntaxError(f"no telling where {word} belongs")  # a branch, or a word of a comment
    return statements
