"""Family banks: what a kernel touches in one cycle lies in banks of its own, or its layer counts what sharing them stalls."""

from __future__ import annotations

from collections.abc import Iterator

from placer.layers import DenseLayer, InterpolationLayer, MatMulLayer, MoveLayer, Side, SoftmaxLayer, TableLayer
from placer.layout import round_up
from placer.mapping import MappedTile
from placer.verify.subject import LayerPair, Subject
from placer.verify.violation import Family, Violation

CONCURRENT = ("input", "second_input", "weights", "second_weights", "output")
# A register block is at most two blocks by two, so an operand is loaded once for two products at best.
REGISTER_BLOCK = 2


def check_banks(s: Subject) -> Iterator[Violation]:
    """Every place names its bank; stalls are counted: of n accesses to a bank in one cycle n - 1 wait.

    A kind that the kernel does not have is never accessed: family buffers names it.
    """
    bank_bytes = s.device.core.bank_bytes
    for pair in s.pairs():
        accesses = _accesses(s, pair)
        for tile in pair.mapped.tiles:
            where = f"layer {pair.mapped.name}, tile ({tile.col}, {tile.row})"
            for buffer in tile.buffers:
                for at in (a for a in buffer.at if a.bank != a.offset // bank_bytes):
                    sentence = f"{where}, {buffer.kind} at offset {at.offset} is in bank {at.offset // bank_bytes}, not {at.bank}"
                    yield Violation(Family.BANKS, sentence)
            groups = _sharing(tile, bank_bytes)
            stalls = sum(sum(counts) - max(counts) for counts in ([accesses.get(k, 0) for k in group] for group in groups))
            if stalls > pair.mapped.stall_cycles:
                names = "; ".join(" and ".join(group) for group in groups if len(group) > 1)
                sentence = (
                    f"{names} share banks, which stalls up to {stalls} cycles a call, and the layer counts {pair.mapped.stall_cycles}"
                )
                yield Violation(Family.BANKS, f"{where}: {sentence}")


def _sharing(tile: MappedTile, bank_bytes: int) -> list[tuple[str, ...]]:
    """The concurrent kinds of a tile in groups that are linked by banks in which two of them lie."""
    groups: list[tuple[tuple[str, ...], set[tuple[int, int, int]]]] = []
    for buffer in (b for b in tile.buffers if b.kind in CONCURRENT):
        banks = {
            (a.col, a.row, bank)
            for a in buffer.at
            for bank in range(a.offset // bank_bytes, (a.offset + buffer.bytes - 1) // bank_bytes + 1)
        }
        kinds: tuple[str, ...] = (buffer.kind,)
        for group in [g for g in groups if g[1] & banks]:
            groups.remove(group)
            kinds, banks = (*group[0], *kinds), banks | group[1]
        groups.append((kinds, banks))
    return [kinds for kinds, _ in groups]


def _operands(s: Subject, pair: LayerPair, layer: MatMulLayer) -> dict[str, int]:
    """Loads of both operands of a product: each whole, once for every two blocks of the other."""
    written, unit = pair.written_partition.window(pair.target), s.device.core.vector_alignment
    block_rows, _, block_columns = s.device.mmul
    columns, inner = round_up(layer.outer, block_columns), round_up(layer.inner, block_columns)
    products = written.samples * written.columns // columns
    left = -(-columns // (REGISTER_BLOCK * block_columns)) * products * written.rows * inner
    right = -(-written.rows // (REGISTER_BLOCK * block_rows)) * products * inner * columns
    return {"input": left * pair.sources[0].element_bytes // unit, "second_input": right * pair.sources[1].element_bytes // unit}


def _accesses(s: Subject, pair: LayerPair) -> dict[str, int]:
    """How often the inner loop of a call accesses each kind of buffer, at the least: in vectors, tables by element."""
    layer, unit = pair.layer, s.device.core.vector_alignment
    read, written = pair.read_partition().window(pair.sources[0]), pair.written_partition.window(pair.target)
    elements = written.samples * written.rows * written.columns
    # Either copy of a table, for four lanes at once, on AIE-MLv2 for eight.
    lookups = -(-elements // (4 if s.device.generation == "aie-ml" else 8))
    stores = -(-elements * pair.target.element_bytes // unit)
    if isinstance(layer, MoveLayer):
        # Whole vectors at best; of two sources each has half.
        share = stores // len(pair.sources)
        return {"input": share, "second_input": share, "weights": 0, "output": stores}
    if isinstance(layer, InterpolationLayer):
        read_once = -(-elements * pair.sources[0].element_bytes // unit)
        return {"input": read_once, "weights": 4 * lookups, "second_weights": 4 * lookups, "output": stores}
    if isinstance(layer, SoftmaxLayer):
        # The source for its maxima, its sums and the results; every exponential twice.
        passes = 3 * -(-elements * pair.sources[0].element_bytes // unit)
        exponentials = 2 * lookups * (len(layer.exponentials) // 256)
        return {"input": passes, "weights": exponentials, "second_weights": exponentials, "output": stores}
    if isinstance(layer, MatMulLayer):
        return {**_operands(s, pair, layer), "output": stores}
    if not isinstance(layer, DenseLayer):
        loads = [-(-elements * source.element_bytes // unit) for source in pair.sources]
        held = lookups if isinstance(layer, TableLayer) else 0
        return {"input": loads[0], "second_input": loads[-1], "output": stores, "weights": held, "second_weights": held}
    inner, element = (read.columns if layer.side is Side.RIGHT else read.rows), pair.sources[0].element_bytes
    rows, columns = (written.rows * written.samples, written.columns)
    # Each operand is loaded whole once for every two blocks of the other.
    right = -(-rows // (REGISTER_BLOCK * s.device.mmul[0])) * inner * columns
    left = -(-columns // (REGISTER_BLOCK * s.device.mmul[2])) * inner * rows
    if layer.side is Side.RIGHT:
        return {"input": left * element // unit, "weights": right * layer.weight_type.bytes // unit, "output": stores}
    return {"input": right * element // unit, "weights": left * layer.weight_type.bytes // unit, "output": stores}
