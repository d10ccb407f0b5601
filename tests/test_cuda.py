"""manual/fused on a GPU, by CuPy, the same code unedited: `pytest -m cuda`, skipped where there is no CuPy or GPU."""

import warnings

import numpy as np
import pytest
from agreement import assert_gradients_agree, leaves, mapped
from fused_nets import assert_same_gradients, back, every_net, time_last

from gradproof.cases import Case
from manual.fused.workspace import Workspace

pytestmark = pytest.mark.cuda
LARGE = Case({"n_x": 20, "n_a": 30, "n_y": 3, "m": 40, "T": 50})  # four chunks
checkpoints = pytest.mark.parametrize("checkpoint", [None, True, 3])


@pytest.fixture(scope="module")
def cupy():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on import it looks for a GPU and warns when there is none
        module = pytest.importorskip("cupy", reason="needs CuPy, the package cupy-cuda12x or another")
        try:
            devices = module.cuda.runtime.getDeviceCount()
        except module.cuda.runtime.CUDARuntimeError:
            devices = 0
    if devices == 0:
        pytest.skip("needs a GPU")
    return module


def downloaded(cupy, nest):
    """The nest with arrays of NumPy for those of CuPy, which nothing else may be in it."""
    assert {type(array) for array in leaves(nest)} == {cupy.ndarray}
    return mapped(cupy.asnumpy, nest)


@checkpoints
@every_net
def test_forward_returns_arrays_of_cupy_that_agree(net, checkpoint, cupy):
    arguments, _ = net.arrays()
    *outputs, _ = net.forward(*mapped(cupy.asarray, arguments), checkpoint=checkpoint)
    for actual, expected in zip(downloaded(cupy, outputs), net.textbook_forward(*arguments), strict=False):
        np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-14)


@checkpoints
@every_net
def test_gradients_are_arrays_of_cupy_that_agree(net, checkpoint, cupy):
    arguments, cotangents = net.arrays()
    actual = net.gradients(*mapped(cupy.asarray, (arguments, cotangents)), checkpoint=checkpoint)
    expected = net.textbook_gradients(arguments, cotangents)
    assert_gradients_agree(downloaded(cupy, actual), expected, arguments, cotangents)


@pytest.mark.parametrize("case", [LARGE, LARGE.with_sizes(m=1), LARGE.with_sizes(T=3, m=600)], ids=str)
@every_net
def test_large_cases_agree(net, case, cupy):
    arguments, cotangents = net.arrays(case)
    actual = net.gradients(*mapped(cupy.asarray, (arguments, cotangents)))
    expected = net.textbook_gradients(arguments, cotangents)
    assert_gradients_agree(downloaded(cupy, actual), expected, arguments, cotangents)


@every_net
def test_fewer_steps_in_the_cotangents_give_the_gradient_of_that_prefix(net, cupy):
    arguments, cotangents = net.arrays()
    shorter = tuple(array[:, :, :4] for array in cotangents)
    actual = net.gradients(*mapped(cupy.asarray, (arguments, shorter)))
    expected = net.textbook_gradients(arguments, shorter)
    assert_gradients_agree(downloaded(cupy, actual), expected, arguments, cotangents)


@every_net
def test_float32_agrees_within_its_own_rounding(net, cupy):
    arguments, cotangents = net.arrays(dtype=np.float32)
    actual = downloaded(cupy, net.gradients(*mapped(cupy.asarray, (arguments, cotangents))))
    assert {array.dtype for array in leaves(actual)} == {np.dtype(np.float32)}
    assert_gradients_agree(actual, net.truth(arguments, cotangents), arguments, cotangents, float32=True)


@every_net
def test_the_time_major_pair_agrees(net, cupy):
    arguments, cotangents = net.time_major()
    actual = net.gradients_time_major(*mapped(cupy.asarray, (arguments, cotangents)))
    arguments, cotangents = net.arrays()
    expected = net.textbook_gradients(arguments, cotangents)
    assert_gradients_agree(time_last(downloaded(cupy, actual)), expected, arguments, cotangents)


@every_net
def test_results_with_a_kept_workspace_are_not_overwritten_by_later_calls(net, cupy):
    workspace = Workspace()
    on_gpu = [mapped(cupy.asarray, net.arrays(Case(LARGE.sizes, seed))) for seed in range(4)]
    kept = [net.gradients(*arrays, workspace=workspace) for arrays in on_gpu]
    for gradients, arrays in zip(kept, on_gpu, strict=True):
        assert_same_gradients(downloaded(cupy, gradients), downloaded(cupy, net.gradients(*arrays)))


@every_net
def test_a_sequence_streams_through_memory(net, cupy):
    arguments, (da, *_) = net.time_major()
    expected = back(net.backward_time_major, (da,), net.forward_time_major(*arguments)[-1])
    (x, *others), cotangents = mapped(cupy.asarray, (arguments, da))
    remaining = iter([cotangents[:2], cotangents[2:3], cotangents[3:]])
    actual = net.stream([x[:2], x[2:3], x[3:]], lambda a: next(remaining), *others)
    assert_gradients_agree(downloaded(cupy, actual), expected, arguments, da)
