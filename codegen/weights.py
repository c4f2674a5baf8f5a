"""Weights, tables and channel values as each tile's kernel reads them (docs/kernels.md)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from placer.codegen.stored_reference import padded_weights
from placer.contracts.attention_spec import SoftmaxSpec
from placer.contracts.kernel_spec import (
    FunctionSpec,
    KernelSpec,
    Role,
)
from placer.layers import DenseLayer, Layer, NormaliseLayer, Side, SteppedLayer
from placer.layout import BLOCK_COLUMNS, LayerLayouts, Layout, spread
from placer.mmul import MmulShape
from placer.network import IntArray
from placer.split import Split


def packed_weights(layer: DenseLayer, layouts: LayerLayouts, split: Split, mmul: MmulShape) -> IntArray:
    """[channel parts * contraction parts, values]: part n * contraction + k is what the tile (k, n) holds."""
    left = layer.side is Side.LEFT
    before, target = layouts.sources[0], layouts.target
    read, written = split.input_partition().window(before), split.output_partition.window(target)
    k, n = (read.rows, written.rows) if left else (read.columns, written.columns)
    whole = padded_weights(layer, before, target)
    padded = np.zeros((split.contraction * k, split.channels * n), np.int64)
    padded[: whole.shape[0], : whole.shape[1]] = whole
    pack = _left_blocks if left else _right_blocks
    return np.stack(
        [pack(padded[i * k : (i + 1) * k, j * n : (j + 1) * n], mmul) for j in range(split.channels) for i in range(split.contraction)]
    )


def _right_blocks(weight: IntArray, mmul: MmulShape) -> IntArray:
    """[K, N] as k x 8 blocks, row-major, by column block, then k block."""
    inner, channels = weight.shape
    blocks = weight.reshape(inner // mmul.k, mmul.k, channels // BLOCK_COLUMNS, BLOCK_COLUMNS)
    return blocks.transpose(2, 0, 1, 3).reshape(-1)


def _left_blocks(weight: IntArray, mmul: MmulShape) -> IntArray:
    """W^T [N, K] as m x k blocks, row-major, by n block, then k block."""
    inner, channels = weight.shape
    blocks = weight.T.reshape(channels // mmul.m, mmul.m, inner // mmul.k, mmul.k)
    return blocks.transpose(0, 2, 1, 3).reshape(-1)


def table_values(spec: KernelSpec) -> IntArray:
    """What every tile of a layer without weights looks up; nothing for most."""
    match spec:
        case FunctionSpec() | SoftmaxSpec():
            return spec.table
        case _:
            return np.zeros(0, np.int64)


def channel_values(layer: Layer, target: Layout, split: Split, role: Role) -> IntArray:
    """[parts, values] int32 that tiles of a role hold: the planes of a part one after the other, zero where channels are padding."""
    left = isinstance(layer, DenseLayer) and layer.side is Side.LEFT
    parts = split.channels if isinstance(layer, DenseLayer) else split.data.columns
    started = int(isinstance(layer, DenseLayer) and layer.steps[0].starts)
    first, last = {Role.SINGLE: (0, None), Role.FIRST: (0, started), Role.MIDDLE: (0, 0), Role.LAST: (started, None)}[role]
    planes = [spread(p, 1, target.rows) if left else spread(p, target.groups, target.columns) for p in _planes(layer)][first:last]
    one = split.output_partition.window(target)
    channels = one.rows if left else one.columns
    padded = np.zeros((len(planes), parts * channels), np.int64)
    for number, plane in enumerate(planes):
        padded[number, : len(plane)] = plane
    return padded.reshape(len(planes), parts, channels).swapaxes(0, 1).reshape(parts, -1)


def _planes(layer: Layer) -> Iterator[IntArray]:
    """int32 values, one a channel, in the order in which kernels read them."""
    if isinstance(layer, NormaliseLayer):
        yield from (layer.gain, layer.offset)
    elif isinstance(layer, SteppedLayer):
        for step in layer.steps:
            if step.bias is not None and step.wide:
                # Words that recombine as low + high * 2^16, the low one of 16 bits.
                low = ((step.bias + (1 << 15)) & 0xFFFF) - (1 << 15)
                yield from (low, (step.bias - low) >> 16)
            elif step.bias is not None:
                yield step.bias
            if step.multiplier is not None and len(step.multiplier) > 1:
                yield step.multiplier
