"""What the vendor's mapper would refuse is an error with the place in the graph; deadlocks are explained, not waited for."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from placer.host import emulator
from placer.host.emulator import Finished, Program

pytestmark = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")

SOURCE = Path(__file__).with_name("wrong_graphs.cpp")

LEGAL = (
    "ok_plain",
    "ok_shared_core",
    "ok_in_reach",
    "ok_channels_of_a_neighbour",
    "ok_cascade_east",
    "ok_cascade_south",
    "ok_memory",
    "ok_loops",
    "ok_large_stack",
)

REFUSED = {
    "two_kernels_on_one_tile": r"2 kernels are on tile \(3, 3\): .*copy\[0\], .*copy\[1\]; their runtime<ratio> add up to 1.8",
    "ratio_above_one": r"copy: runtime<ratio> must be above 0 and at most 1, not 1.5",
    "out_of_reach": r"copy.in\[0\] lies in tile \(4, 3\), out of reach of .*copy on tile \(3, 3\)",
    "relative": r"copy\[1\].out\[0\] lies in tile \(4, 4\), out of reach of .*copy\[1\] on tile \(3, 4\)",
    "shared_buffer_out_of_reach": r"copy\[0\].out\[0\] lies in tile \(2, 3\), out of reach of .*copy\[1\] on tile \(3, 4\)",
    "overlapping": r"copy.in\[0\] \(0x40 to 0x80\) and .*copy.out\[0\] \(from 0x60\) overlap in tile \(3, 3\)",
    "bank_overflow": r"bank 1 of tile \(3, 3\) is to hold 24000 bytes of 16384",
    "parameter_overflow": r"bank 2 of tile \(3, 3\) is to hold 32768 bytes of 16384: .*scale.in\[1\] \(16384\)",
    "stack_overflow": r"bank 1 of tile \(3, 3\) is to hold 16416 bytes of 16384: the stack of .*copy \(16416\)",
    "parameter_of_another_size": r"tell.inout\[0\] has 16 bytes, and .*scale.in\[1\] 16384: a run-time parameter is passed on whole",
    "parameter_to_a_buffer": r"tell.inout\[0\] -> .*copy.in\[0\] connects a run-time parameter with something else",
    "beyond_the_memory": r"copy.out\[0\] \(256 bytes\) at 0xff80 of tile \(3, 3\) ends beyond its 65536 bytes",
    "misplaced": r"copy.in\[0\] lies at 0x24 of tile \(3, 3\): buffers start at multiples of 32 bytes",
    "copies_in_two_tiles": r"copy.in\[0\] has its copies in tiles \(3, 3\) and \(2, 3\): a DMA channel serves",
    "three_channels_in": r"tile \(3, 3\) needs 3 DMA channels in, and a tile has 2: .*in\[0\], .*in\[1\], .*in\[2\]",
    "three_channels_out": r"fan needs 3 DMA channels out, and a tile has 2",
    "cascade_west": r"cascade .*send.out\[0\] -> .*receive.in\[0\] goes from tile \(3, 3\) to \(2, 3\): a cascade leads to the next tile",
    "cascade_north": r"goes from tile \(3, 3\) to \(3, 4\)",
    "cascade_too_far": r"goes from tile \(3, 3\) to \(5, 3\)",
    "unconnected": r"copy.out\[0\] is left unconnected",
    "without_a_size": r"copy.out\[0\] has no size: set dimensions\(\)",
    "connected_twice": r"copy.in\[0\] is connected twice: to input PLIO in and to input PLIO other",
    "no_such_port": r"copy has no out\[1\]: it has 1",
    "rates_that_differ": r"copy\[0\].out\[0\] sends 64 bytes \(1 x 64\) an iteration, but .*copy\[1\].in\[0\] takes 48 bytes",
    "memory_tile_overflow": r"shared_buffer needs 800000 bytes \(2 copies\), and a memory tile has 524288",
    "memory_tile_end": r"shared_buffer \(256 bytes at 524200\) ends beyond the 524288 bytes of memory tile \(3, 0\)",
    "memory_tile_overlap": r"shared_buffer \(up to 256\) and .*shared_buffer \(from 128\) overlap in memory tile \(3, 0\)",
    "same_dma_channel": r"shared_buffer\[0\].in\[0\] and .*\[1\].in\[0\] are given the same DMA channel 2 of memory tile \(3, 0\)",
    "no_such_dma_channel": r"shared_buffer.in\[0\] is given DMA channel 6: a memory tile has channels 0 to 5",
    "too_many_memory_channels": r"memory tile \(3, 0\) needs 7 channels out, and it has 6",
    "reads_outside": r"shared_buffer.out\[0\]: its access reaches coordinate 8 of dimension 1, which has 8",
    "reads_beyond_its_buffer": r"shared_buffer.out\[0\]: its access reaches element \d+ of a buffer of 64",
    "too_many_loops": r"its access has 5 nested loops and needs 32 buffer descriptors; one walks 4 loops, and a channel has 24",
    "too_many_loops_in_a_core": r"its access has 6 nested loops and needs 512 buffer descriptors; one walks 3 loops",
    "too_many_descriptors": r"tile \(3, 3\) needs \d+ buffer descriptors, and it has 16: .*out\[0\], .*out\[1\]",
    "cuts_a_word": r"bytes.out\[0\]: its access cuts dimension 0 inside a word of 4 bytes \(4 elements of int8\)",
    "part_of_a_word": r"bytes.in\[0\] moves 18 bytes a block: a DMA moves whole words of 4 bytes",
    "padding_too_wide": r"its access adds 70 elements of padding to dimension 0, and a memory tile adds at most 63",
    "padding_in_a_core": r"copy.out\[0\]: its access leaves the buffer; only reads of a memory tile are padded",
    "same_plio_channel": r"input PLIO in and input PLIO other are given the same channel 1 of column 3",
    "no_such_plio_channel": r"output PLIO out is given channel 6: a column has channels 0 to 5 out of the array",
    "misaligned_load": r"kernel .*misaligned: load_v of 256 bits at an address that is 4 bytes off a multiple of 32",
    "torn_table": r"kernel .*torn: parallel_lookup: the copies of table element 5 differ",
}

STUCK = {
    "waits_for_itself": (
        r"waits for data on .*pass.out\[0\] -> .*loop.in\[1\] \(0 of 32 words of 32 bits full\)",
        r"deadlock: .*loop waits for .*pass waits for .*loop",
    ),
    "cascade_is_full": (
        r"flood, execution 1 of 1, waits for room on .* \(4 of 4 words of 512 bits full\)",
        r"deadlock: .*flood waits for .*drain waits for .*flood",
    ),
    "input_ends": (
        r"copy, execution 129 of 200, waits for a full buffer on .*copy.in\[0\] \(0 of 2 buffers full\)",
        r"nothing to take from input PLIO in, whose file in.txt has ended after 8192 bytes",
    ),
    "parameter_never_updated": (r"scale, execution 1 of 1, waits for an update of run-time parameter .*scale.in\[1\] \(never updated\)",),
}


@pytest.fixture(scope="module")
def program() -> Program:
    """All graphs in one program."""
    return emulator.build(SOURCE, (), (), extra=("-O0",))


def start(program: Program, folder: Path, graph: str) -> Finished:
    """Run one graph on the numbers from 1 on; one that does not end by itself fails."""
    (folder / "in.txt").write_text("".join(f"{i}\n" for i in range(1, 2049)))
    return emulator.run(program, folder, arguments=(graph,), timeout=60)


def test_every_graph_is_tried() -> None:
    """The tables and the program name the same graphs."""
    named = set(re.findall(r"(?:ONE|CASE)\((\w+)[,)]", SOURCE.read_text())) - {"G"}
    assert named == {*LEGAL, *REFUSED, *STUCK}


@pytest.mark.parametrize("graph", LEGAL)
def test_legal_twins_run(program: Program, tmp_path: Path, graph: str) -> None:
    """What is allowed is not refused."""
    ran = start(program, tmp_path, graph)
    assert (ran.code, ran.err) == (0, "")


@pytest.mark.parametrize("graph", REFUSED)
def test_mistakes_are_named(program: Program, tmp_path: Path, graph: str) -> None:
    """One sentence with the place, exit code 1."""
    ran = start(program, tmp_path, graph)
    assert ran.code == 1
    assert re.search(rf"^error: .*{REFUSED[graph]}", ran.err, re.MULTILINE), ran.err


@pytest.mark.parametrize("graph", STUCK)
def test_deadlocks_are_explained(program: Program, tmp_path: Path, graph: str) -> None:
    """Who waits for what, with fill levels, and the circle if there is one; exit code 1, within 5 s."""
    ran = start(program, tmp_path, graph)
    assert ran.code == 1
    assert ran.seconds < 5
    assert f"error: graph {graph} is stuck" in ran.err
    for line in STUCK[graph]:
        assert re.search(line, ran.err), ran.err
