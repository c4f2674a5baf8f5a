"""The AIE API by its documented examples: rounding, saturation, shuffles, masks, products, streams."""

from __future__ import annotations

import shutil
from collections import defaultdict
from pathlib import Path

import pytest

from placer.host import emulator

pytestmark = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")

Lines = dict[str, list[list[int]]]

# Of -2.5 -1.5 -0.5 0.5 1.5 2.5 -1.75 -1.25 1.25 1.75 (UG1603, Rounding and Saturation Modes).
ROUNDED = {
    "floor": [-3, -2, -1, 0, 1, 2, -2, -2, 1, 1],
    "ceil": [-2, -1, 0, 1, 2, 3, -1, -1, 2, 2],
    "symmetric_floor": [-2, -1, 0, 0, 1, 2, -1, -1, 1, 1],
    "symmetric_ceil": [-3, -2, -1, 1, 2, 3, -2, -2, 2, 2],
    "negative_inf": [-3, -2, -1, 0, 1, 2, -2, -1, 1, 2],
    "positive_inf": [-2, -1, 0, 1, 2, 3, -2, -1, 1, 2],
    "symmetric_zero": [-2, -1, 0, 0, 1, 2, -2, -1, 1, 2],
    "symmetric_inf": [-3, -2, -1, 1, 2, 3, -2, -1, 1, 2],
    "conv_even": [-2, -2, 0, 0, 2, 2, -2, -1, 1, 2],
    "conv_odd": [-3, -1, -1, 1, 1, 3, -2, -1, 1, 2],
}


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Lines:
    """What the program printed: the numbers of each line, by its name."""
    ran = emulator.run(emulator.build(Path(__file__).with_name("aie_api.cpp"), (), (), extra=("-O0",)), tmp_path_factory.mktemp("aie_api"))
    assert (ran.code, ran.err) == (0, "")
    found: Lines = defaultdict(list)
    for line in ran.out.splitlines():
        name, *numbers = line.split()
        found[name].append([int(n) for n in numbers])
    return found


@pytest.mark.parametrize("mode", ROUNDED)
def test_rounding(lines: Lines, mode: str) -> None:
    """The same from 32-bit and 64-bit lanes, to every width."""
    assert lines[mode] == [ROUNDED[mode]] * 4


# 300, -200, -128, -5, 127 to int8, to uint8, to int32 (a copy, whatever the shift); pack of 300, -128; 20000 << 20; saturating 100 + 100,
# then plain; the sum of sixteen 20s.
COPY = [300, -200, -128, -5, 127]
CLAMPED, BYTES = [127, -128, -128, -5, 127], [255, 0, 0, 0, 127]
SATURATED = {
    "none": [[44, 56, -128, -5, 127], [44, 56, 128, 251, 127], COPY, [44, -128], [-503316480], [-56], [-56], [64]],
    "saturate": [CLAMPED, BYTES, COPY, [127, -128], [2146435072], [127], [-56], [127]],
    "symmetric": [[127, -127, -127, -5, 127], BYTES, COPY, [127, -127], [2146435072], [127], [-56], [127]],
}


@pytest.mark.parametrize("mode", SATURATED)
def test_saturation(lines: Lines, mode: str) -> None:
    """Modes govern SRS, UPS and pack, never vector addition."""
    assert lines[mode] == SATURATED[mode]
    assert lines["255/2"] == [[127]]


def test_shuffles(lines: Lines) -> None:
    """Index by index."""
    assert lines["transpose"] == [[0, 4, 1, 5, 2, 6, 3, 7]]
    assert lines["zip"] == [[0, 1, 10, 11, 2, 3, 12, 13], [4, 5, 14, 15, 6, 7, 16, 17]]
    assert lines["unzip"] == [[0, 2, 4, 6, 10, 12, 14, 16], [1, 3, 5, 7, 11, 13, 15, 17]]
    assert lines["filter"] == [[0, 1, 4, 5, 8, 9, 12, 13], [2, 3, 6, 7, 10, 11, 14, 15]]
    assert lines["reverse"] == [[7, 6, 5, 4, 3, 2, 1, 0]]
    assert lines["down"] == [[3, 4, 5, 6, 7, 10, 11, 12]]
    assert lines["up"] == [[15, 16, 17, 0, 1, 2, 3, 4]]
    assert lines["rotate"] == [[3, 4, 5, 6, 7, 0, 1, 2]]
    assert lines["concat"] == [list(range(10, 18))]
    assert lines["insert"] == [[0] * 8 + list(range(8))]
    assert lines["cast"] == [[b for i in range(8) for b in (i, 1)]]


def test_masks_and_reductions(lines: Lines) -> None:
    """Bit i of a mask belongs to element i; select takes the second where it is set."""
    assert lines["mask"] == [[15, 4]]
    assert lines["select"] == [[0, 0, 0, 0, 0, 1, 2, 3]]
    assert lines["max"] == [[1, 1, 1, 1, 1, 1, 2, 3]]
    assert lines["clamp"] == [[-2, -2, -2, -1, 0, 1, 2, 2]]
    assert lines["abs"] == [[4, 3, 2, 1, 0, 1, 2, 3]]
    assert lines["reduce"] == [[3, -4, -4]]
    assert lines["clb"] == [[31, 32]]
    assert lines["operators"] == [[7, 1, 3, 5, 7, 1, 3, 5], [4, 3, 2, 1, 0, -1, -2, -3], [1, 1]]
    assert lines["print"] == [list(range(-4, 4)), [1, 1, 1, 1, 0, 0, 0, 0]]


def test_products(lines: Lines) -> None:
    """mmul row-major, its first mac on a default object, bias by assignment, accumulators that wrap."""
    row = [sum((0 + k) * (k - n) for k in range(8)) for n in range(8)]
    first = [*row, sum((1 + k) * k for k in range(8))]
    assert lines["mmul"] == [first, [2 * first[0]], [1000 + first[0]]]
    assert lines["mul"] == [[0, -3, -6, -9]]
    assert lines["msc"] == [[0, 9, 16, 21]]
    assert lines["wraps"] == [[-2147483648]]


def test_streams_over_memory(lines: Lines) -> None:
    """Dimensions from the outermost to the innermost; circular iterators come back."""
    assert lines["tensor"] == [[0, 32, 64, 96, 128, 160, 192, 224]]
    assert lines["circular"] == [[0]]


def test_complex(lines: Lines) -> None:
    """Products, sums, rounding and saturation part by part; matrices and filters."""
    squares = [0, 0, -99, 20, -396, 80, -891, 180]
    # -49.5 and -445.5 round away from zero.
    halves = [0, 0, -50, 10, -198, 40, -446, 90]
    assert lines["complex"] == [
        squares,
        halves,
        [0, 0, -97, 40],
        [0, 0, 1, -10, 2, -20],
        [-1, -1, 0, 9],
        [0, 10, 20, 30, 40, 50, 60, 70],
        [32767, -32768],
        [2, -2],
        [-60, 6],
        [18, 180],
        [11, 110, 14, 140],
    ]


def test_places(lines: Lines) -> None:
    """What an iterator points at is a vector wherever one is wanted, and assignment stores there."""
    word = 0x3FC0
    assert lines["place"] == [[3], [word], [word * word], [word + 1], [2, 2], [4 * word * word]]


def test_windows(lines: Lines) -> None:
    """Vectors by reference, and a pointer that comes back to the margin."""
    assert lines["window"] == [[0], [8], [1, 8]]


def test_tables(lines: Lines) -> None:
    """Squares less 100: by key, behind a bias, clamped and modulo the table's 64 elements, every fourth key one element."""
    squares = [i * i - 100 for i in range(64)]
    stepped = [squares[(key - 10) // 4 + 8] for key in range(16)]
    behind = [squares[max(0, key - 33 + 32)] for key in range(8)]
    assert lines["table"] == [squares[:8], behind, [squares[63]], [squares[2]], stepped]
