"""The inputs of a forward and their shapes, from what stands in the source of the pair."""

import ast
import re
from typing import Any

from ..errors import AuditError
from . import shapes
from .signature import Dimensions, Signature, declaration, split
from .written import Written, module_text

ARRAYS = ("Float", "Float32", "Float64", "Num", "Real", "Inexact", "Shaped", "Annotated", "NDArray", "Array", "ndarray")
INTEGERS = ("Int", "Int32", "Int64", "Integer", "UInt", "UInt8")


def inputs(
    name: str,
    parameters: list[list[Any]],
    forward: Written | None,
    backward: Written | None,
    source: Any,
    declared: Signature,
    in_file: bool = True,
) -> dict[str, Dimensions]:
    """The dimensions of every input of the forward, "params.W1" for an entry of a dict.  Raises AuditError naming those
    whose shape is not known.

    parameters: [name, kind, has a default] of the forward.  in_file: whether the pair is in a file, and may be audited
    by the command.
    """
    arguments = [
        parameter
        for parameter, kind, default in parameters
        if kind not in ("VAR_POSITIONAL", "VAR_KEYWORD")
        and parameter not in declared.values
        and (not default or any(key.partition(".")[0] == parameter for key in declared.inputs))
    ]
    strange = {key.partition(".")[0] for key in (*declared.inputs, *declared.values)} - {p[0] for p in parameters}
    if strange:
        taken = ", ".join(parameter for parameter, _, _ in parameters)
        raise AuditError(f"{name} has no argument {', '.join(sorted(strange))}; it has {taken}")
    entries = {argument: _entries(argument, forward, declared) for argument in arguments}
    known = _known(arguments, entries, forward, backward, source)
    found: dict[str, Dimensions | None] = {}
    for argument in arguments:
        if argument in declared.inputs:
            found[argument] = tuple(declared.inputs[argument])
        elif known.get(argument) is not None and not any(key.startswith(f"{argument}.") for key in declared.inputs):
            found[argument] = known[argument]
        elif entries[argument]:
            for entry in entries[argument]:
                key = f"{argument}.{entry}"
                found[key] = tuple(declared.inputs[key]) if key in declared.inputs else known.get(entry)
        else:
            found[argument] = None
    indices = forward.indices() if forward else set()
    unbound = [key for key, dims in found.items() if key in indices and (dims is None or split(dims)[1] is None)]
    unknown = [key for key, dimensions in found.items() if dimensions is None]
    if unknown or unbound:
        raise AuditError(_question(name, found, unknown, unbound, in_file))
    return {key: dimensions for key, dimensions in found.items() if dimensions is not None}


def _question(
    name: str, found: dict[str, Dimensions | None], unknown: list[str], unbound: list[str], in_file: bool
) -> str:
    """What is to be added where something is not known."""
    words: dict[str, Dimensions] = {}
    for key, dimensions in found.items():
        words[key] = ("?",) if dimensions is None else dimensions
        if key in unbound:
            *before, last = words[key] or ("",)
            words[key] = (*before, f"{last}<?")
    line = declaration(words, in_file)
    told = []
    if unknown:
        several = len(unknown) > 1
        listed = ", ".join(unknown)
        told.append(
            f"the shape{'s' if several else ''} of {listed} {'are' if several else 'is'} not known; add "
            f"{'them' if several else 'it'} to its docstring, such as {unknown[0]}: shape (N, D), or say {line}"
        )
        told += [_as_value(key.partition(".")[0], in_file) for key in unknown if key not in unbound][-1:]
    if unbound:
        listed, first = ", ".join(unbound), unbound[0]
        such = f"{first}=N<C" if in_file else f'"{first}": ("N<C",)'
        told.append(
            f"{listed} is an index, and it is not known below what: write 0 <= {first}[i] < C into the docstring, or "
            f"say it as in {such}{'' if unknown else f': {line}'}"
        )
    return f"{name}: {'; '.join(told)}"


def _as_value(name: str, in_file: bool) -> str:
    said = f"by --value, such as --value {name}=2" if in_file else f'as in Signature(values={{"{name}": 2}})'
    return f"what is no array is given {said}"


def _entries(argument: str, forward: Written | None, declared: Signature) -> list[str]:
    """The keys of a dict argument: those declared, those that the body reads, and those that the docstring lists."""
    said = [key.partition(".")[2] for key in declared.inputs if key.startswith(f"{argument}.")]
    if forward is None:
        return said
    read = forward.entries(argument)
    return list(dict.fromkeys([*said, *(read or _listed(argument, forward))]))


def _listed(argument: str, forward: Written) -> list[str]:
    return shapes.nested(forward.docstring, argument) if re.search(r"\bdict", _about(argument, forward)) else []


def _about(argument: str, forward: Written) -> str:
    match = re.search(rf"(?m)^\W*{argument}\b.*$", forward.docstring)
    return match[0] if match else ""


def _known(
    arguments: list[str], entries: dict[str, list[str]], forward: Written | None, backward: Written | None, source: Any
) -> dict[str, Dimensions]:
    """Shapes by name, from the surest place to the least."""
    if forward is None:
        return {}
    arguments = [argument for argument in arguments if not entries[argument]]
    names = {*arguments, *(entry for several in entries.values() for entry in several)}
    found = {name: dims for name in arguments if (dims := _annotated(forward.annotations.get(name))) is not None}
    for name, comment in forward.beside.items():
        found = {**shapes.documented(f"{name}: {comment}", [name]), **found}
    for text in (forward.docstring, forward.comments):
        found = {**shapes.documented(text, names), **found}
    found = {**{name: dims for name, dims in forward.unpacked().items() if name in names}, **found}
    if backward is not None:
        gradients = {f"d{name}": name for name in names if f"d{name}" not in names}
        for text in (backward.docstring, backward.comments):
            told = shapes.documented(text, [*gradients, *names])
            found = {**{gradients.get(name, name): dims for name, dims in told.items()}, **found}
    found = {**shapes.documented(module_text(source), names), **found}
    scalars = {name: () for name in arguments if _is_float(forward.annotations.get(name))}
    return {**scalars, **found}


def _annotated(annotation: Any) -> Dimensions | None:
    """The dimensions in Float[Array, "N D"], Annotated[np.ndarray, "N, D"] or a string "(N, D)"."""
    if isinstance(annotation, ast.Subscript):
        kind = ast.unparse(annotation.value).rpartition(".")[2]
        parts = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
        strings = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
        if kind in (*ARRAYS, *INTEGERS) and strings:
            return shapes.dimensions_in(_commas(strings[-1]), shape_said=True)
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        text = annotation.value
        return shapes.dimensions_in(_commas(text), shape_said=text.startswith("("))
    return None


def _commas(text: str) -> str:
    bare = text.strip().strip("()[]")
    return bare if "," in bare else ", ".join(re.sub(r"\s*([+*])\s*", r"\1", bare).split())


def _is_float(annotation: Any) -> bool:
    return isinstance(annotation, ast.Name) and annotation.id == "float"
