"""An emitted project whose constraints are altered by hand: the host refuses each kind, in a sentence that names it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from placer.device import find_device
from placer.host import emulator
from placer.host.emulator import Program
from tests.codegen import golden

pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")]

Texts = dict[str, str]
Alteration = Callable[[Texts], Texts]


@cache
def emitted() -> Texts:
    """The tiny project, which is for 6 x 4 tiles of a VEK280."""
    return golden.emitted()


def put(file: str, pattern: str, replacement: str | Callable[[re.Match[str]], str], occurrence: int = 0) -> Alteration:
    """Replace one occurrence of a pattern in a file of the project."""

    def alter(texts: Texts) -> Texts:
        found = list(re.finditer(pattern, texts[file], re.MULTILINE))[occurrence]
        new = found.expand(replacement) if isinstance(replacement, str) else replacement(found)
        text = texts[file][: found.start()] + new + texts[file][found.end() :]
        assert text != texts[file]
        return {**texts, file: text}

    return alter


# A row of a placement table: core, input (two copies), second input, output, weights, bias, stack. The first is the first of a cascade.
ADDRESS = r"\{(-?\d+), (-?\d+), (-?\d+)\}"
TWICE = rf"\{{{ADDRESS}, {ADDRESS}\}}"
ROW = rf"^    \{{(\d+), (\d+), {TWICE}, {TWICE}, {TWICE}, {ADDRESS}, {ADDRESS}, {ADDRESS}, "
NAMES = (
    "col",
    "row",
    *(f"{b}_{x}" for b in ("in0", "in1", "s0", "s1", "o0", "o1", "weights", "bias", "stack") for x in ("col", "row", "at")),
)


def tile(occurrence: int = 0, **values: int) -> Alteration:
    """Change numbers in a row of the placement tables."""

    def changed(found: re.Match[str]) -> str:
        v = {n: int(x) for n, x in zip(NAMES, found.groups(), strict=True)} | values

        def address(b: str) -> str:
            return f"{{{v[b + '_col']}, {v[b + '_row']}, {v[b + '_at']}}}"

        pairs = ", ".join(f"{{{address(b + '0')}, {address(b + '1')}}}" for b in ("in", "s", "o"))
        return f"    {{{v['col']}, {v['row']}, {pairs}, {address('weights')}, {address('bias')}, {address('stack')}, "

    return put("placement.hpp", ROW, changed, occurrence)


def of_row(name: str) -> int:
    """A number of the first row of the placement tables."""
    found = re.search(ROW, emitted()["placement.hpp"], re.MULTILINE)
    assert found
    return int(found.groups()[NAMES.index(name)])


SHIM, DMA = r"adf::shim\((\d+), (\d+)\)", r"adf::dma_channel\(adf::memory_tile, (\d+), (\d+), (\d+)\)"
BUFFER = r"location<adf::buffer>\(b\) = \{adf::address\((\d+), (\d+), (\d+)\)"


def altered() -> dict[str, tuple[Alteration, str]]:
    """Each kind of constraint, and what is said to it."""
    col, row = of_row("col"), of_row("row")
    return {
        "kernel on another's core": (tile(row=row - 1), r"2 kernels are on tile \(\d, \d\)"),
        "kernel off its cascade": (tile(1, col=0), "a cascade leads to the next tile"),
        "kernel outside the array": (tile(row=9), r"is in tile \(\d, 9\): the array has 6 x 4 core tiles"),
        "buffer out of reach": (tile(in0_col=col + 1, in1_col=col + 1), r"in\[0\] lies in tile \(\d, \d\), out of reach"),
        "copies in two tiles": (tile(in1_row=row - 1), r"in\[0\] has its copies in tiles .*: a DMA channel serves"),
        "buffer over another": (tile(in1_at=of_row("in0_at") + 32), r"in\[0\].* overlap in tile"),
        "buffer between vectors": (tile(in0_at=of_row("in0_at") + 4), "buffers start at multiples of 32 bytes"),
        "buffer beyond the memory": (tile(in1_at=65536 - 32), r"in\[0\] \(64 bytes\) at 0xffe0 .* ends beyond"),
        "output over another": (tile(1, o0_at=of_row("in0_at")), r"out\[0\].* overlap in tile"),
        "stack over a parameter": (tile(stack_at=of_row("weights_at")), r"the stack of .* overlap in tile"),
        "stack beyond the memory": (tile(stack_at=65536 - 512), r"the stack of .* \(1024 bytes\) at 0xfe00 .* ends beyond"),
        "parameter over a buffer": (tile(weights_at=of_row("in0_at")), r"in\[1\].* overlap in tile"),
        "parameter out of reach": (tile(bias_col=col + 1), r"in\[2\] lies in tile \(\d, \d\), out of reach"),
        "memory-tile buffer beyond": (
            put("graph.hpp", BUFFER, r"location<adf::buffer>(b) = {adf::address(\1, \2, 524256)"),
            "ends beyond the 524288",
        ),
        "memory-tile buffer far from its channels": (
            put("graph.hpp", BUFFER + r", adf::address\(\d+", r"location<adf::buffer>(b) = {adf::address(5, \2, \3), adf::address(5"),
            "of the eastern and western neighbour reach it",
        ),
        "memory-tile buffer outside the array": (
            put("graph.hpp", BUFFER, r"location<adf::buffer>(b) = {adf::address(\1, 7, \3)"),
            r"lies in memory tile \(\d, 7\)",
        ),
        "channel that does not exist": (
            put("graph.hpp", DMA, r"adf::dma_channel(adf::memory_tile, \1, \2, 6)"),
            "a memory tile has channels 0 to 5",
        ),
        "channel of another port": (
            put("graph.hpp", DMA, r"adf::dma_channel(adf::memory_tile, \1, \2, 0)", 2),
            "are given the same DMA channel 0",
        ),
        "PLIO on another's channel": (put("graph.hpp", SHIM, f"adf::shim({first_shim()})", 1), "are given the same channel"),
        "PLIO channel that does not exist": (
            put("graph.hpp", SHIM, r"adf::shim(\1, 8)"),
            "is given channel 8: a column has channels 0 to 7",
        ),
        "PLIO in a column without PL": (put("graph.hpp", SHIM, r"adf::shim(6, \2)"), "is in column 6, which has no PL"),
    }


def first_shim() -> str:
    """Column and channel of the first PLIO port."""
    found = re.search(SHIM, emitted()["graph.hpp"])
    assert found
    return f"{found[1]}, {found[2]}"


def one_source(cases: dict[str, Texts]) -> str:
    """All projects in one program, a namespace each; its argument names the one to run."""
    parts = ["#include <adf.h>", "#include <cstdint>", "#include <string>", "#include <vector>", '#include "kernels/layers.hpp"']
    for name, texts in cases.items():
        body = "\n".join(texts[f] for f in ("placement.hpp", "graph.hpp"))
        parts.append(f"namespace {name} {{\n" + re.sub(r"^#(include|pragma).*$", "", body, flags=re.MULTILINE) + "\n}")
    runs = "\n".join(f'    if (name == "{name}") {{ {name}::Network &n = *new {name}::Network; n.init(); return 0; }}' for name in cases)
    parts.append(f"int main(int, char **arguments) {{\n    const std::string name = arguments[1];\n{runs}\n    return 2;\n}}")
    return "\n".join(parts)


CASES = altered() if shutil.which("g++") else {}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project on disk."""
    folder = tmp_path_factory.mktemp("altered")
    for name, text in emitted().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="module")
def program(folder: Path) -> Program:
    """The project as emitted, and with each alteration."""
    cases = {"as_emitted": emitted()} | {identifier(name): alter(emitted()) for name, (alter, _) in CASES.items()}
    (folder / "altered.cpp").write_text(one_source(cases))
    return emulator.build(folder / "altered.cpp", (folder,), tuple(sorted((folder / "kernels").glob("*.cc"))), extra=("-O0",))


def identifier(name: str) -> str:
    """A case as a name in C++."""
    return re.sub(r"\W", "_", name)


def start(program: Program, folder: Path, name: str) -> tuple[int, str]:
    """Exit code and errors of one project, told the array that it is for."""
    environment = emulator.array_environment(find_device("VEK280").resized(6, 4))
    ran = emulator.run(program, folder, environment, arguments=(identifier(name),), timeout=60)
    return ran.code, ran.err


def test_as_emitted(program: Program, folder: Path) -> None:
    """Nothing is refused."""
    assert start(program, folder, "as emitted") == (0, "")


@pytest.mark.parametrize("name", CASES)
def test_alterations(program: Program, folder: Path, name: str) -> None:
    """Refused before anything runs, with the place in the graph."""
    code, errors = start(program, folder, name)
    assert code == 1
    assert re.search(rf"^error: .*{CASES[name][1]}", errors, re.MULTILINE), errors
