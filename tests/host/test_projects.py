"""Projects as others write them for the vendor's tools, unchanged: class templates that only their source defines, subgraphs, re-tiling on
every edge, cascades, streams, windows, GMIO, tables, asynchronous buffers, parameters both ways.
"""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import numpy as np
import pytest

from placer.host import emulator
from placer.host.emulator import Program
from placer.network import IntArray
from tests.command_line import CommandLine

pytestmark = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")

PROJECTS = Path(__file__).with_name("projects")
ITERATIONS = 4


def write(path: Path, values: IntArray, width: int) -> None:
    """Values as a PLIO file, so many a line."""
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(" ".join(map(str, row)) + "\n" for row in values.reshape(-1, width)))


def read(folder: Path, name: str) -> IntArray:
    """The values of an output file."""
    text = (folder / "x86simulator_output" / "data" / f"{name}.txt").read_text()
    return np.array([int(t) for t in text.split() if t != "TLAST"])


@pytest.mark.slow
def test_dense_chain(tmp_path: Path) -> None:
    """Row-major in, blocks inside, row-major in between: 32 -> 16 in two cascades, then 16 -> 8."""
    x = np.random.default_rng(0).integers(-128, 128, (24, 32))
    write(tmp_path / "data" / "ifm_c0.txt", x, 16)
    ran = emulator.run(emulator.build(PROJECTS / "dense_chain" / "app.cpp", (), None, extra=("-O0",)), tmp_path)
    assert (ran.code, ran.err) == (0, "")
    rule = (7 * np.arange(5 * 128) + 3) % 31 - 15
    first, second = rule[:512].reshape(2, 2, 2, 8, 8), rule[512:].reshape(16, 8)
    first = first.transpose(1, 2, 3, 0, 4).reshape(32, 16)
    steps = np.arange(8)
    hidden = np.maximum(np.clip(np.rint((x @ first + np.concatenate([100 * steps - 300, 50 * steps])) / 64), -128, 127), 0).astype(int)
    total = hidden @ second + 1000 - 400 * steps
    away = np.sign(total) * ((np.abs(total) + 4) >> 3)
    got = read(tmp_path, "y_p0").reshape(-1, 4, 8).reshape(24, 8)
    assert np.array_equal(got, away)


@pytest.fixture(scope="module")
def toolbox() -> Program:
    """One of everything."""
    return emulator.build(PROJECTS / "toolbox" / "app.cpp", (), None, extra=("-O0",))


@pytest.mark.slow
def test_toolbox(toolbox: Program, tmp_path: Path) -> None:
    """Each branch of the graph against numpy."""
    random = np.random.default_rng(0)
    data = tmp_path / "data"
    power = random.integers(-900, 900, 64 * ITERATIONS)
    image = random.integers(-50, 50, (ITERATIONS, 8, 8))
    sums = random.integers(-9, 9, 32 * ITERATIONS)
    moving = random.integers(-60, 60, 32 * ITERATIONS)
    weights = random.integers(-5, 5, 32 * ITERATIONS // 2)
    bf16 = random.integers(-32768, 32768, 16 * ITERATIONS)
    for name, values, width in (("power", power, 4), ("sums", sums, 1), ("moving", moving, 4), ("weights", weights, 1), ("bf16", bf16, 8)):
        write(data / f"{name}.txt", values, width)
    rows = "".join(f"DATA,{a},{b},0,-1\n" for a, b in image.reshape(-1, 2))
    (data / "image.csv").write_text("CMD,D,D,TLAST,TKEEP\n" + rows)
    ran = emulator.run(toolbox, tmp_path)
    assert (ran.code, ran.err) == (0, "")

    squares = np.minimum((power * power + 8) >> 4, 32767)
    assert np.array_equal(read(tmp_path, "power_out"), squares)
    assert np.array_equal(read(tmp_path, "chosen_out"), 15 - (squares & 15))
    padded = np.pad(image, ((0, 0), (1, 1), (1, 1))).reshape(ITERATIONS, 1, 100).repeat(2, 1)
    assert np.array_equal(read(tmp_path, "image_out"), 3 * padded.reshape(-1))
    assert np.array_equal(read(tmp_path, "sums_out"), sums.reshape(-1, 8).sum(1))
    assert (tmp_path / "x86simulator_output" / "data" / "sums_out.txt").read_text().split()[1] == "TLAST"
    past = np.concatenate([np.zeros(8, np.int64), moving])
    averages = np.array([past[i : i + 9].sum() for i in range(len(moving))])
    assert np.array_equal(read(tmp_path, "moving_out"), averages)
    assert np.array_equal(read(tmp_path, "counted_out"), averages)
    assert np.array_equal(read(tmp_path, "table_out"), averages + np.tile(np.arange(101, 109), 4 * ITERATIONS))
    used = weights.reshape(-1, 32).repeat(2, 0)
    assert np.array_equal(read(tmp_path, "weighed_out"), (averages.reshape(-1, 32) * used).reshape(-1))
    negative_number = (bf16 < 0) & ((bf16 & 0x7FFF) <= 0x7F80) & (bf16 != -32768)
    assert np.array_equal(read(tmp_path, "bf16_out"), np.where(negative_number, 0, bf16))
    above = int(np.count_nonzero(averages > 50))
    assert ran.out.split() == [str(len(averages) - above), str(above), "0"]


@pytest.mark.slow
def test_packets(tmp_path: Path) -> None:
    """Split by id, merged in the order in which packets end; headers carry id and odd parity."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "in.txt").write_text("0\n1\n2\nTLAST\n3\n1\n11\nTLAST\n12\n")
    ran = emulator.run(emulator.build(PROJECTS / "packets" / "app.cpp", (), None, extra=("-O0",)), tmp_path)
    assert (ran.code, ran.err) == (0, "")
    lines = (tmp_path / "x86simulator_output" / "data" / "out.txt").read_text().split()
    assert lines == [str(-(1 << 31)), "1001", "1002", "TLAST", "1003", "1", "1011", "TLAST", "1012"]


def packets(random: np.random.Generator) -> tuple[list[int | str], dict[int, list[IntArray]]]:
    """Words of eight packets of eight values for two readers, and the values of each reader."""
    words: list[int | str] = []
    payloads: dict[int, list[IntArray]] = {0: [], 1: []}
    for reader in [int(r) for _ in range(ITERATIONS) for r in random.permutation(2)]:
        values = random.integers(-1000, 1000, 8)
        payloads[reader].append(values)
        words += [reader - 0x70010000, *values[:7].tolist(), "TLAST", int(values[7])]
    return words, payloads


def merged(folder: Path) -> dict[int, list[IntArray]]:
    """The packets of an output file by the id in their headers."""
    found: dict[int, list[IntArray]] = {0: [], 1: []}
    packet: list[int] = []
    text = (folder / "x86simulator_output" / "data" / "packets_out.txt").read_text()
    for before, word in itertools.pairwise(["", *text.split()]):
        if word != "TLAST":
            packet.append(int(word))
        if before == "TLAST":
            found[packet[0] & 31].append(np.array(packet[1:]))
            packet = []
    assert packet == []
    return found


def rounded_away(values: IntArray, shift: int) -> IntArray:
    """Halves away from zero."""
    away: IntArray = np.sign(values) * ((np.abs(values) + (1 << (shift - 1))) >> shift)
    return away


@pytest.mark.slow
def test_signal(tmp_path: Path) -> None:
    """Complex filters and products, packets into blocks, windows with margins, parameters from kernel to kernel, clashing globals."""
    random = np.random.default_rng(0)
    data = tmp_path / "data"
    samples = random.integers(-32768, 32768, (2, ITERATIONS * 64, 2))
    window = random.integers(-1000, 1000, ITERATIONS * 32)
    bf16 = random.integers(-3, 4, (2, ITERATIONS, 32))
    bf16[1, :, 0] = -16 - bf16.sum((0, 2)) + bf16[1, :, 0] + 64 * np.arange(ITERATIONS)
    words, payloads = packets(random)
    write(data / "filter.txt", samples[0], 4)
    write(data / "transform.txt", samples[1], 8)
    write(data / "weighted.txt", window, 4)
    for part in range(2):
        write(data / f"mean{part}.txt", bf16[part], 4)
    (data / "packets.txt").write_text("".join(f"{w}\n" for w in words))
    ran = emulator.run(emulator.build(PROJECTS / "signal" / "app.cpp", (), None, extra=("-O0",)), tmp_path)
    assert (ran.code, ran.err, ran.out.split()) == (0, "", ["1", "2", "3", "4"])

    taps = np.array([100, -2000, 3000, 16000, 16000, 3000, -2000, 100])
    past = np.concatenate([np.zeros((7, 2), np.int64), samples[0]])
    sums = np.array([taps @ past[i : i + 8] for i in range(len(samples[0]))])
    assert np.array_equal(read(tmp_path, "filter_out").reshape(-1, 2), np.clip(rounded_away(sums, 15), -32768, 32767))

    steps = np.arange(64)
    factors = ((1009 * steps % 65536 - 32768) + 1j * (32767 - 523 * steps)).reshape(8, 8)
    products = (samples[1, :, 0] + 1j * samples[1, :, 1]).reshape(-1, 8) @ factors
    expected = np.stack([np.rint(products.real / 8), np.rint(products.imag / 8)], -1).astype(np.int64)
    assert np.array_equal(read(tmp_path, "transform_out").reshape(expected.shape), np.clip(expected, -(2**31), 2**31 - 1))

    answers = merged(tmp_path)
    for reader in range(2):
        assert np.array_equal(answers[reader], np.array(payloads[reader]) + reader + 1)
    past = np.concatenate([np.zeros(3, np.int64), window])
    assert np.array_equal(read(tmp_path, "weighted_out"), [np.arange(1, 5) @ past[i : i + 4] for i in range(len(window))])
    assert np.array_equal(read(tmp_path, "chained_out"), np.concatenate([2 * (100 * i + np.arange(16)) for i in range(1, ITERATIONS + 1)]))
    for part in range(2):
        text = (tmp_path / "x86simulator_output" / "data" / f"mean{part}_out.txt").read_text()
        means = np.arange(ITERATIONS)
        assert np.array_equal(np.array(text.split(), float).reshape(ITERATIONS, 32), (bf16[part] - means[:, None]) / 2)


def test_host_command(placer: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--cflags` prints what g++ needs; `--run` exits with the program's code, and names a source that is not there."""
    flags = placer("host", "--cflags").out.split()
    assert "-std=c++20" in flags
    assert "-D__AIE_ARCH__=20" in flags
    assert "-D__AIE_ARCH__=22" in placer("host", "--cflags", "--generation", "aie-mlv2").out
    monkeypatch.chdir(tmp_path)
    assert "-D__AIE_ARCH__=22" in placer("host", "--cflags", "--device", "VEK385").out
    text = '#include <adf.h>\n#include <cstdlib>\nint main() { return std::getenv("ADF_HOST_ARRAY") ? 4 : 3; }\n'
    (tmp_path / "three.cpp").write_text(text)
    assert placer("host", "--run", "three.cpp").code == 3
    assert placer("host", "--run", "three.cpp", "--device", "VEK280").code == 4
    (tmp_path / "wrong.cpp").write_text("#include <adf.h>\nint main() { return undeclared; }\n")
    ran = placer("host", "--run", "wrong.cpp")
    assert ran.code == 1
    assert "wrong.cpp does not build" in ran.err
    assert "undeclared" in ran.err
    assert placer("host", "--run", "none.cpp").code == 2
    assert placer("host").code == 2
