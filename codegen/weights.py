"""Weights, tables and channel values as each tile's kernel reads them (docs/kernels.md)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from placer.kernel_spec import Role
from placer.layers import DenseLayer, InterpolationLayer, Layer, NormaliseLayer, Side, SteppedLayer, TableLayer
from placer.layout import BLOCK_COLUMNS
from placer.mmul import MmulShape
from placer.network import IntArray
from placer.problem import Split
from placer.tile_kernel import LayerLayouts


def packed_weights(layer: DenseLayer, layouts: LayerLayouts, split: Split, mmul: MmulShape) -> IntArray:
    """[channel parts * contraction parts, values]: part n * contraction + k is what the tile (k, n) holds."""
    source, target = layouts.sources[0], layouts.target
    left = layer.side is Side.LEFT
    read, written = split.input_partition.window(source), split.output_partition.window(target)
    k, n = (read.rows, written.rows) if left else (read.columns, written.columns)
    padded = np.zeros((split.contraction * k, split.channels * n), np.int64)
    padded[: layer.weight.shape[0], : layer.weight.shape[1]] = layer.weight
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


def table_values(layer: Layer) -> IntArray:
    """What every tile of a function layer looks up; nothing for other layers."""
    match layer:
        case TableLayer():
            return layer.values
        case InterpolationLayer():
            return layer.nodes
        case _:
            return np.zeros(0, np.int64)


def channel_values(layer: Layer, channels: int, split: Split, role: Role) -> IntArray:
    """[parts, channels * planes] int32 values that tiles of a role hold: the planes of a part one after the other, zero beyond the layer's
    own channels.
    """
    parts = split.channels if isinstance(layer, DenseLayer) else split.data.columns
    started = int(isinstance(layer, DenseLayer) and layer.steps[0].starts)
    first, last = {Role.SINGLE: (0, None), Role.FIRST: (0, started), Role.MIDDLE: (0, 0), Role.LAST: (started, None)}[role]
    planes = tuple(_planes(layer))[first:last]
    rows = [np.concatenate([_part(plane, part, channels) for plane in planes] or [np.zeros(0, np.int64)]) for part in range(parts)]
    return np.stack(rows)


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


def _part(values: IntArray, part: int, channels: int) -> IntArray:
    padded = np.zeros((part + 1) * channels, np.int64)
    known = values[: len(padded)]
    padded[: len(known)] = known
    return padded[part * channels :]
