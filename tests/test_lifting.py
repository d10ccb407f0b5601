"""gradproof/lifting: unedited NumPy code on exact numbers, and everything as before afterwards."""

import builtins
import math
import types

import numpy as np
import pytest

from gradproof.arithmetic import record
from gradproof.arithmetic.balls import Balls, difference
from gradproof.arithmetic.field import Field, same
from gradproof.arithmetic.scalar import Scalar, Unsupported
from gradproof.lifting.array import LiftedArray, lifted, running_on
from gradproof.lifting.names import NUMPY
from gradproof.lifting.swapping import lifting

SOURCE = """
import math
import numpy as np
from numpy import tanh, zeros
import numpy as numeric

buffer = np.full((2, 2), 0.25)
nested = {"weights": [np.ones(2), 3]}
labels = np.array([0, 1])
large = np.zeros((400, 400))

class Layer:
    scale = np.array([0.5, 2.0])
    squash = staticmethod(np.tanh)
    table = {}

    def forward(self, x):
        return self.squash(x * self.scale)

def defaults(x, function=np.exp, weights=np.ones(2), *, np=np):
    return function(x) * weights + np.zeros(2) @ weights

def closure():
    kept = np.array([1.0, 2.0])
    def inside(x):
        return np.sin(x) * kept if kept is not None and hasattr(kept[0], "taint") else None
    return inside

inside = closure()

def imports(x):
    import numpy as other
    from numpy import exp
    return exp(x) + other.zeros(2)

def fails(x):
    global buffer
    buffer = 7
    raise RuntimeError(np.exp(x))

def measured(x):
    return float(x[0]), math.exp(x[0]), isinstance(x[0], float), np.float64(x[1])

def remembers(x):
    nested["last"] = x
    nested["weights"].append(x)
    Layer.last = x
    Layer.table["x"] = x
    remembers.last = x
    return x

def leaks(x):
    values = bytearray(8)
    import struct
    struct.pack_into("d", values, 0, x[0])
    return zeros(2) + struct.unpack("d", values)[0]
"""


@pytest.fixture
def module():
    made = types.ModuleType("somebody")
    made.__dict__["__file__"] = "/somewhere/somebody.py"
    exec(compile(SOURCE, "/somewhere/somebody.py", "exec"), made.__dict__)
    return made


@pytest.fixture(params=[Field, Balls])
def engine(request):
    return request.param()


def x_of(engine):
    return lifted([engine.variable("a", 0.5), engine.variable("b", -1.5)])


def is_same(a, b):
    return same(a, b) if isinstance(a.engine, Field) else difference(a, b, digits=30)[0] == "equal"


def is_exact(array):
    return isinstance(array, LiftedArray) and all(isinstance(item, Scalar) for item in array.flat)


@pytest.mark.parametrize(
    "call",
    [
        lambda m, x: m.defaults(x),
        lambda m, x: m.inside(x),
        lambda m, x: m.imports(x),
        lambda m, x: m.Layer().forward(x),
        lambda m, x: m.tanh(x) + m.zeros(2),
        lambda m, x: m.buffer @ x,
        lambda m, x: x * m.nested["weights"][0],
        lambda m, x: x[m.labels],
    ],
)
def test_code_that_keeps_names_and_arrays_anywhere_computes_exactly(call, module, engine):
    kept = record.Record()
    with record.recording(kept), running_on(engine), lifting([vars(module)], "/somewhere"):
        assert is_exact(call(module, x_of(engine)))
    assert kept.leaks == []


def test_everything_is_as_before_afterwards_even_when_the_code_raises(module, engine):
    before = dict(vars(module))
    found = builtins.__import__
    scale, defaults, keywords = module.Layer.scale, module.defaults.__defaults__, module.defaults.__kwdefaults__
    contents = [cell.cell_contents for cell in module.inside.__closure__]
    with running_on(engine):
        x = x_of(engine)
    with pytest.raises(RuntimeError), running_on(engine), lifting([vars(module)], "/somewhere"):
        module.fails(x)
    assert all(vars(module)[name] is value for name, value in before.items())
    assert set(vars(module)) == set(before)
    assert builtins.__import__ is found
    assert module.Layer.scale is scale
    assert module.defaults.__defaults__ is defaults
    assert module.defaults.__kwdefaults__ is keywords
    assert all(a.cell_contents is b for a, b in zip(module.inside.__closure__, contents, strict=True))


def test_what_the_code_writes_into_containers_classes_and_functions_is_gone_afterwards(module, engine):
    with running_on(engine), lifting([vars(module)], "/somewhere"):
        module.remembers(x_of(engine))
        assert is_exact(module.nested["last"])
        assert is_exact(module.Layer.last)
    assert set(module.nested) == {"weights"}
    assert len(module.nested["weights"]) == 2
    assert not hasattr(module.Layer, "last")
    assert module.Layer.table == {}
    assert not hasattr(module.remembers, "last")


def test_a_large_array_that_is_not_used_does_not_matter(module, engine):
    with running_on(engine), lifting([vars(module)], "/somewhere"):
        assert module.large.dtype == np.float64
        with pytest.raises(Unsupported, match="160000 numbers"):
            module.large + x_of(engine)[0]


def test_an_import_of_somebody_else_finds_the_real_numpy(module, engine):
    other = {}
    with running_on(engine), lifting([vars(module)], "/somewhere"):
        exec("import numpy", other)
    assert other["numpy"] is np


def test_float_and_math_keep_a_number_exact(module, engine):
    kept = record.Record()
    with record.recording(kept), running_on(engine), lifting([vars(module)], "/somewhere"):
        x = x_of(engine)
        as_float, e, is_float, second = module.measured(x)
    assert as_float is x[0]
    assert second is x[1]
    assert is_float
    assert e.shadow == math.exp(0.5)
    assert kept.leaks == []


def test_a_leak_is_recorded_with_its_line(module, engine):
    kept = record.Record(own=lambda label: label == "/somewhere/somebody.py")
    with record.recording(kept), running_on(engine), lifting([vars(module)], "/somewhere"):
        module.leaks(x_of(engine))
    (leak,) = kept.leaks
    assert leak["what"] == "float()"
    assert SOURCE.splitlines()[leak["line"] - 1].strip().startswith("struct.pack_into")


BUFFERS = {
    "zeros": lambda np, x: np.zeros(3),
    "ones": lambda np, x: np.ones((2, 3)),
    "full": lambda np, x: np.full(2, 0.5),
    "eye": lambda np, x: np.eye(3),
    "zeros_like": lambda np, x: np.zeros_like(x),
    "float32 buffer": lambda np, x: np.zeros(2, dtype=np.float32),
    "array of a list": lambda np, x: np.array([[1, x[0]], [0.5, x[1]]]),
    "where with a number": lambda np, x: np.where(x > 0, x, 0),
    "concatenate with floats": lambda np, x: np.concatenate([x, [0.0, 1]]),
    "stack of numbers": lambda np, x: np.stack([x[0], x[1]]),
    "r_": lambda np, x: np.r_[x, x],
    "maximum": lambda np, x: np.maximum(x, 0),
    "clip": lambda np, x: np.clip(x, 0, 1),
    "pad": lambda np, x: np.pad(x, 1),
    "diag": lambda np, x: np.diag(x),
    "sum of nothing": lambda np, x: np.sum(x[:0].reshape(0, 2), axis=0),
    "one-hot rows": lambda np, x: np.eye(4, dtype=np.float64)[np.array([1, 3])],
    "outer": lambda np, x: np.outer(x, [1, 2]),
    "tril": lambda np, x: np.tril(np.outer(x, x)),
    "vectorize": lambda np, x: np.vectorize(lambda item: item * item)(x),
}


@pytest.mark.parametrize("name", BUFFERS)
def test_an_array_holds_exact_numbers_and_nothing_else(name, engine):
    with running_on(engine):
        assert is_exact(BUFFERS[name](NUMPY, x_of(engine)))


def test_writing_numbers_into_a_buffer_makes_them_exact(engine):
    with running_on(engine):
        buffer = NUMPY.zeros((3, 3))
        buffer[0] = 1
        buffer[1, :2] = np.array([0.5, 2])
        buffer[2, 2] = x_of(engine)[0]
        np.fill_diagonal(buffer, 0)
        buffer[[0, 1]] += 1.5
        assert is_exact(buffer)


def test_integers_and_flags_stay_what_they_are(engine):
    with running_on(engine):
        x = x_of(engine)
        assert NUMPY.zeros(2, dtype=int).dtype.kind == "i"
        assert NUMPY.arange(3).dtype.kind == "i"
        assert (x > 0).tolist() == [True, False]
        assert int(np.argmax(x)) == 0


def test_code_that_asks_for_the_dtype_hears_float64(engine):
    with running_on(engine):
        x = x_of(engine)
        assert x.dtype == np.float64
        assert x.dtype == NUMPY.float64
        assert NUMPY.zeros(2, dtype=x.dtype).dtype == np.float64
        assert np.issubdtype(x.dtype, NUMPY.floating)
        assert isinstance(x, NUMPY.ndarray)


def test_an_element_that_was_never_written_taints_what_reads_it(engine):
    with running_on(engine):
        buffer = NUMPY.empty(2)
        buffer[0] = 1.0
        assert buffer[0].taint is None
        for unknown in (buffer[1] + 1, buffer[1] * 0, buffer[1] - buffer[1], NUMPY.exp(buffer[1])):
            assert "np.empty" in unknown.taint
            assert not is_same(unknown, unknown)


def test_floats_that_were_computed_on_the_way_are_recognised_or_suspect(engine):
    with running_on(engine):
        x = x_of(engine)
        assert (x * 0.1)[0].taint is None
        assert (x / 3.0)[0].taint is None
        assert (x * NUMPY.exp(1.0))[0].taint is None
        assert "2.718281828459045" in (x * math.e)[0].taint


def test_a_comparison_that_rounding_decides_is_recorded(engine):
    kept = record.Record()
    with record.recording(kept), running_on(engine):
        x = x_of(engine)
        assert x[0] > 0
        assert not kept.ties
        assert x[0] * (1 + 2.0**-50) > x[0]
    assert kept.ties


@pytest.mark.parametrize(
    "call",
    [
        lambda np, x: np.var(x, where=np.array([True, False])),
        lambda np, x: np.average(x, weights=x, returned=True),
        lambda np, x: np.linalg.norm(x, ord=3),
        lambda np, x: x.ctypes,
        lambda np, x: np.frombuffer(x),
    ],
)
def test_what_is_not_computed_raises_instead_of_guessing(call, engine):
    with running_on(engine), pytest.raises(Unsupported):
        call(NUMPY, x_of(engine))
