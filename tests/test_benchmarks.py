"""The benchmarks of speed and memory run, at sizes that take no time: a table within 80 columns, and a picture."""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
SMALL = {
    "speed": "--nets lstm --sizes 4,2,3,5 --dtypes float64 --environments unset --rounds 1",
    "memory": "--steps 40 --contenders fused checkpointed streamed",
}


@pytest.fixture(scope="module", params=SMALL)
def written(request, tmp_path_factory):
    """The folder of results that a benchmark has written, and what it printed."""
    folder = tmp_path_factory.mktemp(request.param)
    command = [sys.executable, BENCHMARKS / f"{request.param}.py", *SMALL[request.param].split(), "--output", folder]
    done = subprocess.run(command, cwd=BENCHMARKS.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def test_what_is_printed_is_what_is_kept_and_fits_80_columns(written):
    folder, printed = written
    (table,) = folder.glob("*.txt")
    assert table.read_text(encoding="utf-8") == printed
    assert max(map(len, printed.splitlines())) <= 80
    assert "fused" in printed


def test_every_picture_is_an_svg_with_text(written):
    folder, _ = written
    pictures = list(folder.glob("*.svg"))
    assert pictures
    for picture in pictures:
        root = ElementTree.parse(picture).getroot()
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert root.findall(".//{http://www.w3.org/2000/svg}text")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("speed --sizes 1,2", "argument --sizes: '1,2' has 2 numbers; expected T,N,D,H"),
        ("speed --sizes 0,1,2,3", "argument --sizes: '0' is no whole number from 1 on"),
        ("memory --steps -5", "argument --steps: '-5' is no whole number from 1 on"),
        ("memory --shape 3,a,2", "argument --shape: 'a' is no whole number from 1 on"),
    ],
)
def test_a_number_that_cannot_be_is_told_before_anything_is_measured(options, told):
    name, *options = options.split()
    command = [sys.executable, BENCHMARKS / f"{name}.py", *options]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert told in done.stderr
