"""The kernel that one tile of a layer runs under a split: the join of layers and options with the catalogue."""

from __future__ import annotations

from placer.contracts.attention_spec import MatMulSpec, MoveSpec, SoftmaxSpec
from placer.contracts.catalog import contract
from placer.contracts.contract import KernelContract
from placer.contracts.kernel_spec import (
    NO_VALUES,
    AddSpec,
    DenseSpec,
    FunctionSpec,
    MultiplySpec,
    NormaliseSpec,
    RequantiseSpec,
    Role,
)
from placer.cycles.kernel import TileWork
from placer.device import Device
from placer.errors import UnsupportedModelError
from placer.layers import (
    AddLayer,
    DenseLayer,
    InterpolationLayer,
    Layer,
    MatMulLayer,
    MoveLayer,
    MultiplyLayer,
    NormaliseLayer,
    RequantiseLayer,
    Side,
    SoftmaxLayer,
    TableLayer,
)
from placer.layout import BLOCK_COLUMNS, LayerLayouts, Layout
from placer.mmul import ACCUMULATORS, MmulShape, mmul_shapes, register_blocks, tallest
from placer.moves import stored_places
from placer.network import IntType
from placer.split import Split

# Row and column blocks that a dense kernel computes together.
REGISTER_BLOCK = 2


def tile_work(layer: Layer, split: Split, layouts: LayerLayouts) -> TileWork:
    """One tile's share of `layer`: for layers without a contraction, inner is 0."""
    read, written = split.input_partition().window(layouts.sources[0]), split.output_partition.window(layouts.target)
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
            return contract(FunctionSpec(generation, rows, work.columns, inputs[0], output, NO_VALUES, layer.cubics, *clamp))
        case NormaliseLayer():
            return contract(NormaliseSpec(generation, rows, work.columns, inputs[0], output, layer))
        case MatMulLayer():
            return contract(_matmul(layer, work, split, inputs, output, device))
        case SoftmaxLayer():
            groups = layer.groups // split.data.columns
            return contract(SoftmaxSpec(generation, rows, work.columns, groups, inputs[0], output, layer))
        case MoveLayer():
            return contract(_move(layer, work, layouts, output, device))
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


def _matmul(layer: MatMulLayer, work: TileWork, split: Split, inputs: tuple[IntType, ...], output: IntType, device: Device) -> MatMulSpec:
    groups = layer.groups // split.data.columns
    # With zero points, the lanes hold the plain product first.
    reach = layer.inner * inputs[0].min * inputs[1].min if layer.left_zero or layer.right_zero else 0
    wide = layer.steps[0].wide or reach > IntType.INT32.max
    mmul = _shape(layer.name, inputs[0], inputs[1], wide, device)

    def spec(rows: int, columns: int) -> MatMulSpec:
        return MatMulSpec(
            generation=device.generation,
            samples=work.samples,
            groups=groups,
            rows=work.rows,
            inner=layer.inner,
            columns=work.columns // groups,
            left=inputs[0],
            right=inputs[1],
            output=output,
            left_zero=layer.left_zero,
            right_zero=layer.right_zero,
            turned=layer.turned,
            mmul=mmul,
            register_rows=rows,
            register_columns=columns,
            steps=layer.steps,
        )

    room = ACCUMULATORS[device.generation] * 1024 // (mmul.m * mmul.n * mmul.lane_bits)
    found = (spec(*block) for block in register_blocks(mmul, device.generation) if max(block) <= REGISTER_BLOCK)
    return next((s for s in found if s.accumulators <= room), spec(1, 1))


def _move(layer: MoveLayer, work: TileWork, layouts: LayerLayouts, output: IntType, device: Device) -> MoveSpec:
    by_token, rows = layer.by_token, work.samples * work.rows
    heights = [rows if by_token else s.rows for s in layouts.sources]
    samples = 1 if by_token else work.samples
    elements = [samples * height * s.columns for height, s in zip(heights, layouts.sources, strict=True)]
    return MoveSpec(
        generation=device.generation,
        samples=samples,
        rows=rows if by_token else work.rows,
        columns=work.columns,
        type=output,
        left_elements=elements[0],
        right_elements=elements[1] if len(elements) > 1 else 0,
        left_sample=heights[0] * BLOCK_COLUMNS,
        right_sample=heights[-1] * BLOCK_COLUMNS,
        form=stored_places(layer, layouts.sources, layouts.target).form,
    )


def register_block(mmul: MmulShape, device: Device) -> tuple[int, int]:
    """Row and column blocks that a dense kernel computes together: 2 x 2, or what fits the accumulators."""
    return next(b for b in register_blocks(mmul, device.generation) if max(b) <= REGISTER_BLOCK)


def _mmul(layer: DenseLayer, source: IntType, device: Device) -> MmulShape:
    """A shape for the layer's types, lanes wide enough for its sums."""
    operands = (layer.weight_type, source) if layer.side is Side.LEFT else (source, layer.weight_type)
    return _shape(layer.name, *operands, layer.steps[0].wide, device)


def _shape(name: str, left: IntType, right: IntType, wide: bool, device: Device) -> MmulShape:
    """A shape for these types whose rows divide those of the device's activation layout, with 64-bit lanes for wide sums."""
    lanes = tuple(s for s in mmul_shapes(device.generation, left, right) if s.lane_bits == 64 or not wide)
    shape = tallest(lanes, device.mmul[0])
    if shape is None:
        raise UnsupportedModelError(f"{name}: no kernel multiplies {left.value} by {right.value} elements on {device.name}")
    return shape


def _role(position: int, length: int) -> Role:
    if length == 1:
        return Role.SINGLE
    return Role.FIRST if position == 0 else Role.LAST if position == length - 1 else Role.MIDDLE


def _type(layout: Layout) -> IntType:
    return {1: IntType.INT8, 2: IntType.INT16, 4: IntType.INT32}[layout.element_bytes]
