"""Messages between the judge and the candidate's process: JSON for words and numbers, raw bytes for plain arrays.

Nothing is pickled in either direction, so that reading a message never runs code of the other side.
"""

import json
import struct
from typing import Any, BinaryIO

import numpy as np

LARGEST = 64 * 2**20  # bytes of one array; what is larger travels as its shape alone
_ARRAY = "__array__"
_TUPLE = "__tuple__"


class ProtocolError(Exception):
    """What was read is no message."""


def write(stream: BinaryIO, message: dict[str, Any]) -> None:
    """Write one message: nested dicts, lists and tuples of strings, numbers, None and NumPy arrays."""
    stream.write(packed(message))
    stream.flush()


def packed(message: dict[str, Any]) -> bytes:
    """The bytes of a message."""
    arrays: list[np.ndarray[Any, Any]] = []
    head = json.dumps({"body": _packed(message, arrays), "arrays": [[a.dtype.str, a.shape] for a in arrays]}).encode()
    size = struct.pack(">QQ", len(head), sum(a.nbytes for a in arrays))
    return b"".join([size, head, *(array.tobytes() for array in arrays)])


def read(stream: BinaryIO) -> dict[str, Any]:
    """Read one message.  Raises EOFError at the end of the stream, ProtocolError when the bytes are no message."""
    head_size, data_size = struct.unpack(">QQ", _exactly(stream, 16))
    if head_size > LARGEST or data_size > 64 * LARGEST:
        raise ProtocolError("a message of impossible size")
    try:
        head = json.loads(_exactly(stream, head_size))
        data = memoryview(_exactly(stream, data_size))
        arrays = []
        for dtype, shape in head["arrays"]:
            kind = np.dtype(dtype)
            if kind.kind not in "biufc":
                raise ProtocolError(f"an array of dtype {kind}")
            count = int(np.prod(shape, dtype=np.int64))
            arrays.append(np.frombuffer(data[: count * kind.itemsize], dtype=kind).reshape(shape).copy())
            data = data[count * kind.itemsize :]
        body = _unpacked(head["body"], arrays)
    except (
        ValueError,
        KeyError,
        TypeError,
        IndexError,
        AttributeError,
        RecursionError,
        ArithmeticError,
        MemoryError,
    ) as error:
        raise ProtocolError(f"not a message: {error}") from None
    if not isinstance(body, dict):
        raise ProtocolError("a message that is no object")
    return body


def _packed(value: Any, arrays: list[np.ndarray[Any, Any]]) -> Any:
    if isinstance(value, dict):
        return {str(key): _packed(item, arrays) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        items = [_packed(item, arrays) for item in value]
        return {_TUPLE: items} if isinstance(value, tuple) else items
    if isinstance(value, np.ndarray):
        arrays.append(value)
        return {_ARRAY: len(arrays) - 1}
    return value


def _unpacked(value: Any, arrays: list[np.ndarray[Any, Any]]) -> Any:
    if isinstance(value, dict):
        if _ARRAY in value:
            return arrays[value[_ARRAY]]
        if _TUPLE in value:
            return tuple(_unpacked(item, arrays) for item in value[_TUPLE])
        return {key: _unpacked(item, arrays) for key, item in value.items()}
    if isinstance(value, list):
        return [_unpacked(item, arrays) for item in value]
    return value


def _exactly(stream: BinaryIO, size: int) -> bytes:
    parts = []
    while size > 0:
        part = stream.read(min(size, 2**20))
        if not part:
            raise EOFError("the stream ended")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
