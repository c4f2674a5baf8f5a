"""The kernel that one tile of a layer runs under a split: the join of layers and options with the catalogue."""

from __future__ import annotations

from dataclasses import dataclass

from placer.catalog import KernelContract, contract
from placer.cycles import TileWork
from placer.device import Device
from placer.errors import UnsupportedModelError
from placer.kernel_spec import AddSpec, DenseSpec, FunctionSpec, MultiplySpec, NormaliseSpec, RequantiseSpec, Role
from placer.layers import AddLayer, DenseLayer, InterpolationLayer, Layer, MultiplyLayer, NormaliseLayer, RequantiseLayer, Side, TableLayer
from placer.layout import Layout
from placer.mmul import MmulShape, mmul_shapes, register_blocks
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
    read, written = split.input_partition.window(layouts.sources[0]), split.output_partition.window(layouts.target)
    inner = 0
    if isinstance(layer, DenseLayer):
        inner = read.columns if layer.side is Side.RIGHT else read.rows
    return TileWork(written.samples, written.rows, inner, written.columns)


def tile_kernel(layer: Layer, split: Split, layouts: LayerLayouts, position: int, device: Device) -> KernelContract:
    """The contract of the kernel at `position` of a cascade of `layer`.

    Raises UnsupportedModelError for element types that no kernel takes.
    """
    work = tile_work(layer, split, layouts)
    inputs, output = tuple(_type(s) for s in layouts.sources), _type(layouts.target)
    rows, generation, block = work.samples * work.rows, device.generation, device.mmul[0]
    match layer:
        case DenseLayer():
            return contract(_dense(layer, work, split, position, inputs[0], output, device))
        case TableLayer():
            return contract(FunctionSpec(generation, rows, work.columns, inputs[0], output, layer.values))
        case InterpolationLayer():
            clamp = (layer.zero_point, layer.low, layer.high)
            return contract(FunctionSpec(generation, rows, work.columns, inputs[0], output, layer.nodes, *clamp))
        case NormaliseLayer():
            return contract(NormaliseSpec(generation, rows, work.columns, inputs[0], output, layer))
        case AddLayer():
            ends = (layer.left_zero, layer.right_zero)
            factors = (layer.left_factor, layer.right_factor)
            return contract(AddSpec(generation, block, rows, work.columns, output, layer.steps, inputs[0], inputs[1], *factors, *ends))
        case MultiplyLayer():
            ends = (layer.left_zero, layer.right_zero)
            return contract(MultiplySpec(generation, block, rows, work.columns, output, layer.steps, inputs[0], inputs[1], *ends))
        case RequantiseLayer():
            return contract(RequantiseSpec(generation, block, rows, work.columns, output, layer.steps, inputs[0]))


def _dense(layer: DenseLayer, work: TileWork, split: Split, position: int, source: IntType, output: IntType, device: Device) -> DenseSpec:
    left = layer.side is Side.LEFT
    mmul = _mmul(layer, source, device)
    rows, columns = register_block(mmul, device)
    return DenseSpec(
        generation=device.generation,
        role=_role(position, split.contraction),
        side=layer.side,
        samples=work.samples if left else 1,
        rows=work.rows if left else work.samples * work.rows,
        inner=work.inner,
        columns=work.columns,
        input=source,
        weight=layer.weight_type,
        output=output,
        mmul=mmul,
        register_rows=rows,
        register_columns=columns,
        steps=layer.steps,
    )


def register_block(mmul: MmulShape, device: Device) -> tuple[int, int]:
    """Row and column blocks that a dense kernel computes together: 2 x 2, or what fits the accumulators."""
    return next(b for b in register_blocks(mmul, device.generation) if max(b) <= REGISTER_BLOCK)


def _mmul(layer: DenseLayer, source: IntType, device: Device) -> MmulShape:
    """A shape for the layer's types whose rows divide those of the device's activation layout, lanes wide enough for its sums."""
    operands = (layer.weight_type, source) if layer.side is Side.LEFT else (source, layer.weight_type)
    shapes = mmul_shapes(device.generation, *operands)
    fitting = [s for s in shapes if device.mmul[0] % s.m == 0 and (s.lane_bits == 64 or not layer.steps[0].wide)]
    if not fitting:
        raise UnsupportedModelError(
            f"{layer.name}: no kernel multiplies {source.value} activations by {layer.weight_type.value} weights on {device.name}"
        )
    return min(fitting, key=lambda s: (device.mmul[0] // s.m, shapes.index(s)))


def _role(position: int, length: int) -> Role:
    if length == 1:
        return Role.SINGLE
    return Role.FIRST if position == 0 else Role.LAST if position == length - 1 else Role.MIDDLE


def _type(layout: Layout) -> IntType:
    return {1: IntType.INT8, 2: IntType.INT16, 4: IntType.INT32}[layout.element_bytes]
