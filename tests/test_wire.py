"""Messages arrive as they were sent, and what is no message is an error and never code that runs."""

import io
import pickle
import struct

import numpy as np
import pytest

from gradproof import wire


def sent(message):
    stream = io.BytesIO()
    wire.write(stream, message)
    stream.seek(0)
    return wire.read(stream)


def test_a_message_arrives_as_it_was_sent():
    message = {"words": ["a", None, 1.5, True], "nested": {"x": np.arange(6.0).reshape(2, 3)}, "0-d": np.array(3)}
    arrived = sent(message)
    assert arrived["words"] == message["words"]
    assert arrived["nested"]["x"].tobytes() == message["nested"]["x"].tobytes()
    assert arrived["0-d"].shape == ()


@pytest.mark.parametrize("dtype", ["f4", "f8", "i8", "?", "c16", "f2"])
def test_arrays_keep_dtype_shape_and_every_bit(dtype):
    array = np.random.default_rng(0).standard_normal((2, 0, 3)).astype(dtype)
    full = np.random.default_rng(0).standard_normal((2, 3)).astype(dtype)[:, ::-1]
    arrived = sent({"empty": array, "strided": full})
    assert arrived["empty"].shape == (2, 0, 3)
    assert arrived["strided"].dtype == full.dtype
    assert arrived["strided"].tobytes() == full.tobytes()


def test_an_arrived_array_is_writable_and_alone():
    array = np.zeros(3)
    arrived = sent({"x": array, "y": array})
    arrived["x"][0] = 1
    assert arrived["y"][0] == 0


@pytest.mark.parametrize(
    "data",
    [
        struct.pack(">QQ", 2**62, 0),
        struct.pack(">QQ", 4, 0) + b"{{{{",
        struct.pack(">QQ", 2, 0) + b"{}",
        struct.pack(">QQ", 23, 0) + b'{"body": 1, "arrays":[]}'[:23],
        struct.pack(">QQ", len(b'{"body": {}, "arrays": [["O", [1]]]}'), 8)
        + b'{"body": {}, "arrays": [["O", [1]]]}'
        + b"\0" * 8,
        struct.pack(">QQ", 24, 0) + b'{"body": [], "arrays":[]}'[:24] + b"",
        b"x" * 16 + pickle.dumps(print),
    ],
)
def test_what_is_no_message_is_a_protocol_error(data):
    with pytest.raises((wire.ProtocolError, EOFError)):
        wire.read(io.BytesIO(data))


def test_the_end_of_the_stream_is_an_eof_error():
    with pytest.raises(EOFError):
        wire.read(io.BytesIO(b""))
