"""The kernel that one tile of a layer runs under a split: the join of layers and options with the catalogue."""

from __future__ import annotations

from dataclasses import dataclass

from placer.catalog import KernelContract, contract
from placer.cycles import TileWork
from placer.device import Device
from placer.errors import UnsupportedModelError
from placer.kernel_spec import AddSpec, DenseSpec, RequantiseSpec, Role
from placer.layers import AddLayer, DenseLayer, Layer, Side
from placer.layout import Layout
from placer.mmul import MmulShape, mmul_shapes
from placer.network import IntType
from placer.problem import Split

# Row and column blocks that a dense kernel computes together.
REGISTER_BLOCK = 2


@dataclass(frozen=True)
class LayerLayouts:
    """The layouts of what a layer reads and writes."""

    sources: tuple[Layout, ...]
    target: Layout


def tile_work(layer: Layer, split: Split, layouts: LayerLayouts) -> TileWork:
    """One tile's share of `layer`: for elementwise layers, inner is 0."""
    source, target, data = layouts.sources[0], layouts.target, split.data
    samples = target.samples // data.samples
    if not isinstance(layer, DenseLayer):
        return TileWork(samples, target.rows // data.rows, 0, target.columns // data.columns)
    if layer.side is Side.RIGHT:
        rows, inner, columns = target.rows // data.rows, source.columns // split.contraction, target.columns // split.channels
    else:
        rows, inner, columns = target.rows // split.channels, source.rows // split.contraction, target.columns // data.columns
    return TileWork(samples, rows, inner, columns)


def tile_kernel(layer: Layer, split: Split, layouts: LayerLayouts, position: int, device: Device) -> KernelContract:
    """The contract of the kernel at `position` of a cascade of `layer`.

    Raises UnsupportedModelError for element types that no kernel takes.
    """
    work = tile_work(layer, split, layouts)
    inputs, output = tuple(_type(s) for s in layouts.sources), _type(layouts.target)
    rows, block_rows = work.samples * work.rows, device.mmul[0]
    if isinstance(layer, AddLayer):
        return contract(
            AddSpec(
                device.generation, block_rows, rows, work.columns, output, layer.steps, inputs[0], inputs[1], layer.up_left, layer.up_right
            )
        )
    if not isinstance(layer, DenseLayer):
        return contract(RequantiseSpec(device.generation, block_rows, rows, work.columns, output, layer.steps, inputs[0]))
    left = layer.side is Side.LEFT
    spec = DenseSpec(
        generation=device.generation,
        role=_role(position, split.contraction),
        side=layer.side,
        samples=work.samples if left else 1,
        rows=work.rows if left else rows,
        inner=work.inner,
        columns=work.columns,
        input=inputs[0],
        weight=layer.weight_type.dtype,
        output=output,
        mmul=_mmul(layer, inputs[0], device),
        register_rows=REGISTER_BLOCK,
        register_columns=REGISTER_BLOCK,
        steps=layer.steps,
    )
    return contract(spec)


def _mmul(layer: DenseLayer, source: IntType, device: Device) -> MmulShape:
    """The first shape for the layer's types whose blocks have the rows of the device's activation layout."""
    weight = layer.weight_type.dtype
    operands = (weight, source) if layer.side is Side.LEFT else (source, weight)
    for shape in mmul_shapes(device.generation, *operands):
        if shape.m == device.mmul[0]:
            return shape
    raise UnsupportedModelError(f"{layer.name}: no kernel multiplies {source.value} activations by {weight.value} weights on {device.name}")


def _role(position: int, length: int) -> Role:
    if length == 1:
        return Role.SINGLE
    return Role.FIRST if position == 0 else Role.LAST if position == length - 1 else Role.MIDDLE


def _type(layout: Layout) -> IntType:
    return {1: IntType.INT8, 2: IntType.INT16, 4: IntType.INT32}[layout.element_bytes]
