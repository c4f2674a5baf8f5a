"""Weights and biases as each tile's kernel reads them (docs/kernels.md)."""

from __future__ import annotations

import numpy as np

from placer.layers import DenseLayer, Layer, Side
from placer.layout import BLOCK_COLUMNS
from placer.mmul import MmulShape
from placer.network import IntArray
from placer.problem import Split
from placer.tile_kernel import LayerLayouts


def packed_weights(layer: DenseLayer, layouts: LayerLayouts, split: Split, mmul: MmulShape) -> IntArray:
    """[channel parts * contraction parts, values]: part n * contraction + k is what the tile (k, n) holds."""
    source, target = layouts.sources[0], layouts.target
    left = layer.side is Side.LEFT
    inner, channels = (source.rows, target.rows) if left else (source.columns, target.columns)
    padded = np.zeros((inner, channels), np.int64)
    padded[: layer.weight.shape[0], : layer.weight.shape[1]] = layer.weight
    k, n = inner // split.contraction, channels // split.channels
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


def bias_values(layer: Layer, channels: int, split: Split) -> IntArray:
    """[parts, channels * biased steps] int32 values: the steps of a part one after the other, zero beyond the layer's own channels."""
    parts = split.channels if isinstance(layer, DenseLayer) else split.data.columns
    rows = []
    for part in range(parts):
        values = [_part(step.bias, part, channels) for step in layer.steps if step.bias is not None]
        rows.append(np.concatenate(values) if values else np.zeros(0, np.int64))
    return np.stack(rows)


def _part(bias: IntArray, part: int, channels: int) -> IntArray:
    padded = np.zeros((part + 1) * channels, np.int64)
    known = bias[: len(padded)]
    padded[: len(known)] = known
    return padded[part * channels :]
