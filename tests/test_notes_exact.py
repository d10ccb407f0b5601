"""notes/exact.md says what the code does: its worked example, its measurements and the constants that it quotes."""

import doctest
import math
import random
import re
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import flint
import numpy as np
import pytest
from candidates import RNN_CELL_BACKWARD, audited_exactly, named, spoiled

from gradproof import cases, exactly, references
from gradproof.arithmetic import balls, field, scalar
from gradproof.arithmetic.engines import constants, variables
from gradproof.arithmetic.scalar import Scalar, number
from gradproof.contracts import CONVENTIONS, Forward, names_of, sizes_of
from gradproof.own import process

NOTE = (Path(__file__).parents[1] / "notes" / "exact.md").read_text(encoding="utf-8")
WORDS = " ".join(NOTE.split())
PRIMES = (47, 23, 11)
LSTM = next(c for c in CONVENTIONS["coursera"] if isinstance(c, Forward) and c.name == "lstm_forward")


def says(text):
    """The note has these words, wherever its lines end."""
    assert text in WORDS, text
    return True


def row(start):
    """The cells of the note's table row that starts with this one."""
    line = next(line for line in NOTE.splitlines() if line.startswith(f"| {start}"))
    return [cell.strip() for cell in line.strip("| ").split(" | ")]


def test_what_the_note_computes_in_python_comes_out():
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner()
    blocks = re.findall(r"```python\n(>>> .*?)```", NOTE, flags=re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        runner.run(parser.get_doctest(block, {}, "exact.md", "exact.md", 0))
    assert runner.failures == 0


# why floats cannot say it


def test_two_right_slopes_are_further_from_the_truth_than_a_wrong_one():
    engine = balls.Balls()
    with engine.active():
        t = engine.variable("x", 10.0).tanh()
        truth = 1 - t * t
        a = float(t.x)
        floats = {"`1 - a * a`": 1 - a * a, "`(1 - a) * (1 + a)`": (1 - a) * (1 + a)}
        found = {name: engine.variable(name, value) for name, value in floats.items()}
        found["$1 - (1 + 10^{-17}) t^2$"] = 1 - (1 + number(engine, Fraction(1, 10**17))) * t * t
        found["$1 - t^2$"] = truth
        for start, value in found.items():
            _, shown, apart = row(start)
            assert shown == f"{value.shadow:.11e}"
            assert apart == ("0" if value is truth else f"{balls.difference(value, truth, 30)[1]:.1e}")
        *right, wrong = (abs(value - truth).shadow for name, value in found.items() if value is not truth)
        assert wrong < min(right)


def test_a_saturated_gate_needs_more_bits_and_no_floor():
    o = 1 / (1 + math.exp(-200))
    assert (o, o * (1 - o), 2 * o * (1 - o)) == (1.0, 0.0, 0.0)
    found = {}
    for precision in (256, 1024):
        engine = balls.Balls(precision)
        with engine.active():
            o = engine.variable("z", 200.0).logistic()
            slope = o * (1 - o)
            found[precision] = slope.x.str(5), *balls.difference(2 * slope, slope, 30)[:2]
    assert found[256][0] == "[+/- 1.73e-77]"
    assert found[256][1] == "unknown"
    assert says("radius 1.7e-77")
    assert found[1024][0].startswith("[1.3839e-87 ")
    assert found[1024][1:] == ("differs", 1.0)
    assert says("The true slope is 1.3839e-87.")
    assert says("with a relative difference of 1.0")


# the worked example


def chain():
    """The field of the note, whose primes are 47, 23 and 11."""
    small = field.Field(levels=1)
    small.rings = [flint.fmpz_mod_ctx(p) for p in PRIMES]
    small.roots = [
        field._of_order(ring, (p - 1) // q) for ring, (p, q) in zip(small.rings, pairwise(PRIMES), strict=False)
    ]
    small.constants.clear()
    return small


def residues(x):
    return tuple(int(r) for r in x.r)


def test_the_small_chain_is_one_that_the_code_would_make():
    assert field._next(11) == 23
    assert field._next(23) == 47
    assert all(p % 24 == 23 for p in PRIMES[:2])
    assert [int(g) for g in chain().roots] == [4, 4]


def test_the_chain_of_an_audit_has_the_sizes_that_the_note_states():
    primes = [int(ring.modulus()) for ring in field.Field(field.LEVELS, 0).rings]
    assert all(p % 24 == 23 for p in primes)
    assert all((p - 1) % q == 0 and (p - 1) // q % 24 == 2 for p, q in pairwise(primes))
    bits = [str(p.bit_length()) for p in reversed(primes)]
    assert says(f"{', '.join(bits[:-1])} and {bits[-1]} bits for seed 0")
    assert says(f"starts with {field.LEVELS} levels")


def test_the_law_of_exp_in_the_small_chain():
    exp = {n: number(chain(), n).exp() for n in (2, 3, 5)}
    assert {n: residues(e)[0] for n, e in exp.items()} == {2: 16, 3: 17, 5: 37}
    assert residues(exp[2]) == (16, 16)
    assert residues(exp[2].times(exp[3])) == residues(exp[5])
    assert residues(exp[2].exp()) == (42,)
    with pytest.raises(field.LevelsExhausted):
        exp[2].exp().exp()


def test_tanh_its_slope_and_the_sigmoid_in_the_small_chain():
    z = number(chain(), 3)
    t, cosh, sigmoid, other = z.tanh(), z.cosh(), z.logistic(), (-z).logistic()
    assert residues((-2 * z).exp())[0] == 27
    assert residues(t)[0] == 36
    assert residues(1 / z.exp())[0] == 36
    assert residues(cosh)[0] == 3
    assert residues(1 - t * t)[0] == residues(1 / (cosh * cosh))[0] == 21
    assert residues(1 - t)[0] == 12
    assert (residues(sigmoid)[0], residues(other)[0]) == (14, 34)
    assert residues(sigmoid + other) == (1, 1)
    assert 46 not in {pow(4, n, 47) for n in range(23)}


def test_one_residue_in_23_makes_the_wrong_slope_look_right():
    deceived = []
    for z in range(23):
        e = pow(4, -2 * z % 23, 47)
        t = (1 - e) * pow(1 + e, -1, 47) % 47
        if (1 - t) % 47 == (1 - t * t) % 47:
            deceived.append(z)
    assert deceived == [0]
    assert says("The chance is 1/23")


def test_a_root_is_the_one_that_is_a_square():
    small = chain()
    x, y = (field.Residue((small.rings[0](n),), float(n), None, small) for n in (2, 3))
    assert residues((x * x).sqrt()) == (2,)
    assert residues((x * x * y * y).sqrt()) == (6,)
    root = ((x + y) * (x + y)).sqrt()
    assert residues(root) == (42,)
    assert root.taint
    assert says("the root of $(2 + 3)^2 = 25$ is 42, that is $-5$")
    with pytest.raises(field.Unlucky):
        (x + y).sqrt()
    assert residues(number(small, 2).exp().sqrt()) == residues(number(small, 1).exp())


# degrees, levels, constants


class Line(Scalar):
    """A rational function n / d on a line through random inputs, each of them a polynomial of degree 1."""

    taint = None
    P = 2**61 - 1

    def __init__(self, n, d, shadow, engine):
        common = n.gcd(d)
        self.n, self.d, self._shadow, self.engine = n // common, d // common, shadow, engine

    @property
    def shadow(self):
        return self._shadow

    @property
    def degree(self):
        return max(self.n.degree(), self.d.degree())

    def is_constant(self):
        return False

    def plus(self, other):
        return Line(self.n * other.d + other.n * self.d, self.d * other.d, self.shadow + other.shadow, self.engine)

    def times(self, other):
        return Line(self.n * other.n, self.d * other.d, self.shadow * other.shadow, self.engine)

    def negative(self):
        return Line(-self.n, self.d, -self.shadow, self.engine)

    def inverse(self):
        return Line(self.d, self.n, 1 / self.shadow, self.engine)

    def power(self, exponent):
        if exponent < 0:
            return self.inverse().power(-exponent)
        return Line(self.n**exponent, self.d**exponent, self.shadow**exponent, self.engine)

    def exp(self):
        """An unknown of its own for every argument, up to its sign."""
        if self.shadow == 0:
            return number(self.engine, 1)
        self.d, self.n = self.d / self.d[self.d.degree()], self.n / self.d[self.d.degree()]
        for sign in (1, -1):
            if (known := self.engine.exps.get(str((sign * self.n, self.d)))) is not None:
                return known.power(sign) if sign > 0 else known.inverse()
        made = self.engine.exps[str((self.n, self.d))] = self.engine.unknown_of(math.exp(self.shadow))
        return made

    def log(self):
        raise NotImplementedError

    sqrt = function = log


class Lines:
    """The engine of `Line`."""

    name = "lines"

    def __init__(self):
        self.random, self.exps, self.variables = random.Random(1), {}, {}

    def unknown_of(self, shadow):
        coefficients = [self.random.randrange(Line.P) for _ in range(2)]
        return Line(flint.nmod_poly(coefficients, Line.P), flint.nmod_poly([1], Line.P), shadow, self)

    def constant(self, value):
        n, d = (flint.nmod_poly([part], Line.P) for part in (value.numerator, value.denominator))
        return Line(n, d, float(value), self)

    def infinite(self, value):
        return Line(flint.nmod_poly([1], Line.P), flint.nmod_poly([1], Line.P), value, self)

    def variable(self, name, value):
        if name not in self.variables:
            self.variables[name] = self.unknown_of(value)
        return self.variables[name]


def gradients_of_lstm(engine, T):
    sizes = {name: exactly.SIZES[name] for name in names_of(LSTM)} | {"T": T}
    inputs = cases.inputs_of(LSTM, cases.Case(sizes))
    exact = {
        name: (constants(engine, array) if name in LSTM.constants else variables(engine, name, array))
        for name, array in inputs.items()
    }
    generator = np.random.default_rng(0)
    upstream = {
        name: variables(engine, f"d{name}", generator.standard_normal(sizes_of(dimensions, sizes)))
        for name, dimensions in LSTM.outputs.items()
    }
    return references.exactly(LSTM, engine, sizes, exact, upstream)[1]


def test_no_gradient_of_the_lstm_has_a_higher_degree_than_the_note_states():
    gradients = gradients_of_lstm(Lines(), exactly.SIZES["T"])
    highest = max(x.degree for array in gradients.values() for x in array.flat)
    assert says(f"degree above {highest}.")
    assert says(f"$d$ is at most {2 * highest}")
    assert says(f"The primes have {field.BITS} bits or more, $p > 2^{{{field.BITS - 1}}}$")
    assert says(f"$2 d / p$ is at most {2 * 2 * highest / 2 ** (field.BITS - 1):.1e}; with a prime")
    assert says(f"above $2^{{100}}$ it is {2 * 2 * highest / 2**100:.1e}")


def test_three_steps_of_an_lstm_leave_one_residue_and_four_need_more_levels():
    gradients = gradients_of_lstm(field.Field(), 3)
    assert min(len(x.r) for array in gradients.values() for x in array.flat) == 1
    assert says(f"left with 1 residue of {field.LEVELS}.")
    with pytest.raises(field.LevelsExhausted):
        gradients_of_lstm(field.Field(), 4)
    gradients_of_lstm(field.Field(2 * field.LEVELS), 4)
    assert says(f"they are doubled, to {2 * field.LEVELS}, if need be up to {field.LARGEST_LEVELS}")


def test_the_constants_that_the_note_quotes():
    assert balls.PRECISION * 4**2 == balls.LARGEST_PRECISION
    assert says(f"starts at {balls.PRECISION} bits and is multiplied by 4, to 1024 and to {balls.LARGEST_PRECISION}")
    assert says(f"a ball of {balls.ROUNDING} units in the last place, {balls.ROUNDING * math.ulp(math.e):.1e} for")
    assert says(f"{exactly.DIGITS} are demanded")
    assert says(f"no longer be `equal` to {exactly.DIGITS} digits")
    assert says(f"at most {exactly.SEEDS} times")
    assert says(f"differ by {scalar.NEAR:g} of their size")
    assert says(f"Up to {process.EACH} numbers among the inputs")
    assert exactly.SIZES["T"] == 3
    assert says("different sizes in all dimensions and $T = 3$")
    assert says("every size 1 and $T = 2$")


def test_a_third_is_a_third_and_a_rounded_constant_is_suspect():
    engine = field.Field()
    assert residues(number(engine, 1 / 3) * 3) == residues(number(engine, 1))
    assert residues(number(engine, 0.1) * 10) == residues(number(engine, 1))
    assert number(engine, 0.1).taint is None
    assert number(engine, 2.718281828459045).taint is not None


# verdicts

DZ = "(1 - a_next ** 2) * da_next"


def cell(folder, *changes, **options):
    source = spoiled(RNN_CELL_BACKWARD, *changes)
    return audited_exactly(folder, source, examples=0, **options)["rnn_cell_backward"]


def test_a_term_that_is_below_the_digits_of_balls_is_found_with_the_field(tmp_path):
    tiny = (DZ, f"{DZ} + 1e-38 * da_next")
    assert len(named(cell(tmp_path, tiny), "wrong")) == 5
    tinier = (DZ, f"{DZ} + 1e-80 * da_next")
    function = cell(tmp_path, tinier, arithmetic="arb")
    assert len(named(function, "equal")) == 5
    assert says(f"`equal`, to {min(result.exact_digits for result in function.results)} digits")
    assert len(named(cell(tmp_path, tinier), "wrong")) == 5


def test_the_root_of_a_squared_sum_is_equal_and_no_more_than_that(tmp_path):
    function = cell(tmp_path, ("* da_next", "* da_next * np.sqrt((da_next + a_next) ** 2) / abs(da_next + a_next)"))
    assert len(named(function, "equal")) == 5


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("import array; dz[0, 0] = array.array('d', [dz[0, 0]])[0]", "float()"),
        ("import statistics; dz[0, 0] = statistics.fmean([dz[0, 0]])", "float()"),
        ("import struct; dz[0, 0] = struct.unpack('d', struct.pack('d', dz[0, 0]))[0]", "float()"),
        ("dz = np.linalg.inv(np.eye(len(dz))) @ dz", "'inv'"),
        ("dz = np.fft.ifft(np.fft.fft(dz)).real", "'fft'"),
        ("for z in np.nditer([dz], op_dtypes=['float64']): pass", "Iterator operand"),
        ("assert type(dz) is np.ndarray", "AssertionError"),
        ("dz = np.frombuffer(np.ascontiguousarray(dz)).reshape(dz.shape)", "np.frombuffer"),
        ("dz = np.frombuffer(dz.tobytes()).reshape(dz.shape)", "tobytes()"),
        ("dz[0, 0] = dz.ctypes.shape[0] * dz[0, 0] / dz.shape[0]", "ctypes"),
        ("import pickle; dz = pickle.loads(pickle.dumps(dz))", "pickled"),
        ("import json; dz = np.array(json.loads(json.dumps(dz.tolist())))", "JSON"),
        ("dz[0, 0] = float(format(dz[0, 0], '.17g'))", "the constant"),
        ("dz = dz * np.log(2.718281828459045)", "the constant 2.718281828459045"),
    ],
)
def test_what_the_note_calls_undecided_rests_on_floats(tmp_path, line, reason):
    function = cell(tmp_path, (f"dz = {DZ}", f"dz = {DZ}\n    {line}"))
    assert function.rests_on_floats
    assert all(reason in result.reason for result in function.results if result.verdict == "agrees")
    assert named(function, "agrees")


@pytest.mark.parametrize(
    "line", ["assert dz.dtype == np.float64", "assert isinstance(dz, np.ndarray)", "dz[0, 0] = float(dz[0, 0])"]
)
def test_what_the_note_calls_decided_is_identical(tmp_path, line):
    function = cell(tmp_path, (f"dz = {DZ}", f"dz = {DZ}\n    {line}"))
    assert len(named(function, "identical")) == 5
