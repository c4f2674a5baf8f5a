"""A kernel contract as C++: its config struct, the function that a graph names, and the call of the template inside it."""

from __future__ import annotations

import numpy as np

from placer.contracts.attention_spec import MatMulSpec, MoveSpec, SoftmaxSpec
from placer.contracts.contract import Argument, ArgumentKind, KernelContract, PortKind
from placer.contracts.kernel_spec import (
    AddSpec,
    DenseSpec,
    FunctionSpec,
    KernelSpec,
    MultiplySpec,
    NormaliseSpec,
    SteppedSpec,
)
from placer.layers import Step

NAMES = {
    ArgumentKind.INPUT: "x",
    ArgumentKind.SECOND_INPUT: "x2",
    ArgumentKind.WEIGHTS: "weights",
    ArgumentKind.SECOND_WEIGHTS: "weights2",
    ArgumentKind.BIAS: "bias",
    ArgumentKind.PARTIAL_IN: "partial_in",
    ArgumentKind.PARTIAL_OUT: "partial_out",
    ArgumentKind.OUTPUT: "y",
}


# Kernels that end in steps, which may have channel values.
STEPPED = (DenseSpec, SteppedSpec, MatMulSpec)


def config_struct(name: str, spec: KernelSpec) -> str:
    """The configuration that the kernel templates are instantiated with."""
    return "\n".join((f"struct {name} {{", *(f"    {line}" for line in _lines(spec)), "};"))


def _lines(spec: KernelSpec) -> tuple[str, ...]:
    match spec:
        case FunctionSpec():
            sizes = (_sizes(rows=spec.rows, columns=spec.columns),)
            if spec.cubics is None:
                return sizes
            return (
                *sizes,
                _sizes(further=len(spec.cubics.starts)),
                _numbers(segment_bits=spec.cubics.bits, fraction=spec.cubics.fraction, extra=spec.cubics.extra),
                _numbers(zero_point=spec.zero_point, low=spec.low, high=spec.high),
            )
        case NormaliseSpec():
            layer = spec.layer
            return (
                _sizes(rows=spec.rows, columns=spec.columns, features=len(layer.gain)),
                f"static constexpr long long epsilon = {layer.epsilon};",
                _numbers(epsilon_bits=layer.epsilon_bits, fraction=layer.fraction, offset_up=layer.offset_up, shift=layer.shift),
                _numbers(zero_point=layer.zero_point, low=layer.low, high=layer.high),
            )
        case SoftmaxSpec():
            soft = spec.layer
            return (
                _sizes(rows=spec.rows, columns=spec.columns // spec.groups, width=soft.width, groups=spec.groups),
                _numbers(gain=soft.gain, shift=soft.shift, zero_point=soft.zero_point, low=soft.low, high=soft.high),
            )
        case MoveSpec():
            return (
                f"static constexpr placer::Move kind = placer::Move::{spec.form.kind.value};",
                f"static constexpr bool shifted = {_boolean(spec.form.shifted)};",
                _sizes(run=spec.form.run, pieces=spec.form.pieces),
                _sizes(samples=spec.samples, rows=spec.rows, columns=spec.columns),
                _sizes(left_sample=spec.left_sample, right_sample=spec.right_sample),
            )
        case MatMulSpec():
            own = _matmul_lines(spec)
        case DenseSpec():
            own = _dense_lines(spec)
        case _:
            own = _elementwise_lines(spec)
    steps = ", ".join(_step(s) for s in spec.steps)
    return (*own, f"using output = {spec.output.value};", f"static constexpr placer::Step steps[] = {{{steps}}};")


def _sizes(**sizes: int) -> str:
    return f"static constexpr unsigned {', '.join(f'{name} = {size}' for name, size in sizes.items())};"


def _numbers(**numbers: int) -> str:
    return f"static constexpr int {', '.join(f'{name} = {number}' for name, number in numbers.items())};"


def _elementwise_lines(spec: SteppedSpec) -> tuple[str, ...]:
    sizes = _sizes(m=spec.m, rows=spec.rows, columns=spec.columns)
    match spec:
        case AddSpec():
            factors = _numbers(left_factor=spec.left_factor, right_factor=spec.right_factor)
            return (sizes, factors, _numbers(left_zero=spec.left_zero, right_zero=spec.right_zero))
        case MultiplySpec():
            return (sizes, _numbers(left_zero=spec.left_zero, right_zero=spec.right_zero))
        case _:
            return (sizes,)


def _matmul_lines(spec: MatMulSpec) -> tuple[str, ...]:
    return (
        _sizes(m=spec.mmul.m, k=spec.mmul.k, register_rows=spec.register_rows, register_columns=spec.register_columns),
        _sizes(samples=spec.samples, groups=spec.groups, rows=spec.rows, inner=spec.inner, columns=spec.columns),
        f"static constexpr bool turned = {_boolean(spec.turned)};",
        _numbers(left_zero=spec.left_zero, right_zero=spec.right_zero),
        f"using left = {spec.left.value};",
        f"using right = {spec.right.value};",
    )


def _dense_lines(spec: DenseSpec) -> tuple[str, ...]:
    m, k, n = spec.mmul.size
    return (
        f"static constexpr placer::Side side = placer::Side::{spec.side.value};",
        *(["static constexpr bool transposed = true;"] if spec.transposed else []),
        f"static constexpr unsigned m = {m}, k = {k}, n = {n}, register_rows = {spec.register_rows}, "
        f"register_columns = {spec.register_columns};",
        f"static constexpr unsigned samples = {spec.samples}, rows = {spec.rows}, inner = {spec.inner}, columns = {spec.columns};",
        f"using input = {spec.input.value};",
        f"using weight = {spec.weight.value};",
    )


def _step(step: Step) -> str:
    """A step without its channel values; what says the usual is left out at the end."""
    values = [str(step.up), str(step.shift), _boolean(step.relu), _boolean(step.bias is not None)]
    if step.scales or step.wide or (step.dtype, step.low, step.high) != (None, None, None):
        low = "placer::no_low" if step.low is None else str(step.low)
        high = "placer::no_high" if step.high is None else str(step.high)
        values += [str(step.dtype.bits if step.dtype else 0), low, high]
    if step.scales or step.wide:
        multiplier = np.ones(1, np.int64) if step.multiplier is None else step.multiplier
        one = int(multiplier[0]) if len(multiplier) == 1 else 0
        values += [str(one), str(step.zero_point), str(step.guard), _boolean(step.wide)]
    return f"{{{', '.join(values)}}}"


def _boolean(value: bool) -> str:
    return "true" if value else "false"


def signature(name: str, kernel: KernelContract) -> str:
    """Name and parameters of the kernel function."""
    return f"{name}({', '.join(_parameter(a) for a in kernel.arguments)})"


def _parameter(argument: Argument) -> str:
    name = NAMES[argument.kind]
    direction = "output" if argument.is_output else "input"
    match argument.port:
        case PortKind.BUFFER:
            return f"adf::{direction}_buffer<{argument.type}> &{name}"
        case PortKind.PARAMETER:
            return f"const {argument.type} (&{name})[{argument.elements}]"
        case PortKind.CASCADE:
            return f"{direction}_cascade<{argument.type}> *{name}"


def call(config: str, kernel: KernelContract) -> str:
    """The call of the template; a kernel that starts or finishes sums without channel values passes a null pointer in their place."""
    names = [NAMES[a.kind] for a in kernel.arguments]
    takes = kernel.argument(ArgumentKind.OUTPUT) is not None or kernel.argument(ArgumentKind.PARTIAL_IN) is None
    if takes and kernel.argument(ArgumentKind.BIAS) is None and isinstance(kernel.spec, STEPPED):
        data = {ArgumentKind.INPUT, ArgumentKind.SECOND_INPUT, ArgumentKind.WEIGHTS}
        names.insert(sum(a.kind in data for a in kernel.arguments), "nullptr")
    return f"{kernel.template}<{config}>({', '.join(names)})"
