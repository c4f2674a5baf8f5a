"""Small devices and LayerGraphs: hand-made ones, and hypothesis strategies for random ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from placer.device import Device, check_device, find_device
from placer.layers import Activation, AddLayer, DenseLayer, HostView, Layer, LayerGraph, RequantiseLayer, Side, Step
from placer.network import IntArray, IntType, QuantType

INT8 = QuantType(IntType.INT8, 0.125)


def step(shift: int = 4, bias: IntArray | None = None, relu: bool = False, up: int = 0) -> Step:
    """A step of an int8 layer with power-of-two scales."""
    return Step(up, shift, relu, bias)


PLAIN_STEP = step()


def small_device(columns: int, rows: int, memory_rows: int = 1, board: str = "VEK280") -> Device:
    """The device of `board` cut to a few tiles, with PL in every column."""
    device = find_device(board)
    plio = replace(device.plio, columns=tuple(range(columns)))
    small = replace(device, columns=columns, rows=rows, memory_rows=memory_rows, plio=plio)
    check_device(small)
    return small


def dense(name: str, source: Activation, target: Activation, side: Side = Side.RIGHT, bias: bool = True) -> DenseLayer:
    """A dense layer between two activations, weights and bias all ones."""
    ends = (source.features, target.features) if side is Side.RIGHT else (source.tokens, target.tokens)
    end = step(bias=np.ones(ends[1], np.int64) if bias else None, relu=True)
    return DenseLayer(name, source.name, target.name, side, np.ones(ends, np.int64), IntType.INT8, (end,))


def activation(name: str, tokens: int, features: int) -> Activation:
    """An int8 activation."""
    return Activation(name, tokens, features, INT8)


def view(a: Activation) -> HostView:
    """How the host sees an activation when nothing is transposed."""
    return HostView(a.name, (a.tokens, a.features), a.name, (a.tokens, a.features), (0, 1))


def graph(activations: tuple[Activation, ...], layers: tuple[Layer, ...], name: str = "net") -> LayerGraph:
    """A graph that reads the first activation and writes the last one."""
    return LayerGraph(name, (view(activations[0]),), (view(activations[-1]),), activations, layers)


def chain(widths: tuple[int, ...], tokens: int = 8) -> LayerGraph:
    """Dense layers d0, d1, ... between activations a0, a1, ... of these widths."""
    acts = tuple(activation(f"a{i}", tokens, w) for i, w in enumerate(widths))
    return graph(acts, tuple(dense(f"d{i}", acts[i], acts[i + 1]) for i in range(len(widths) - 1)))


def residual(width: int = 32, tokens: int = 16) -> LayerGraph:
    """d0, then a residual add around the token-mixing layer d1, then d2: the shape of an MLP-Mixer."""
    a = tuple(activation(f"a{i}", tokens, width) for i in range(5))
    layers = (
        dense("d0", a[0], a[1]),
        dense("d1", a[1], a[2], Side.LEFT),
        AddLayer("add", "a1", "a2", "a3", 0, 0, 1, 1, (PLAIN_STEP,)),
        dense("d2", a[3], a[4]),
    )
    return graph(a, layers)


def fork(width: int = 32, tokens: int = 16) -> LayerGraph:
    """One activation that a row-wise and a token-mixing layer read, and an output each."""
    a = tuple(activation(f"a{i}", tokens, width) for i in range(4))
    layers = (dense("d0", a[0], a[1]), dense("d1", a[1], a[2], Side.LEFT), dense("d2", a[1], a[3], bias=False))
    return LayerGraph("fork", (view(a[0]),), (view(a[2]), view(a[3])), a, layers)


@st.composite
def random_graphs(draw: st.DrawFn, max_layers: int = 4) -> LayerGraph:
    """Any graph of up to `max_layers` layers of all kinds, each reading activations of the ones before it; nothing is left unread."""
    tokens, features = draw(st.sampled_from((1, 3, 4, 8, 16))), draw(st.sampled_from((5, 8, 16, 32, 48)))
    acts, layers = [activation("a0", tokens, features)], list[Layer]()
    for number in range(draw(st.integers(1, max_layers))):
        source = draw(st.sampled_from(acts[-2:]))
        name = f"a{number + 1}"
        kind = draw(st.sampled_from(("right", "right", "left", "add", "requantise")))
        if kind == "add":
            same = [a for a in acts if (a.tokens, a.features) == (source.tokens, source.features)]
            target = replace(source, name=name)
            layers.append(AddLayer(f"l{number}", source.name, draw(st.sampled_from(same)).name, name, 0, 0, 1, 2, (PLAIN_STEP,)))
        elif kind == "requantise":
            target = replace(source, name=name)
            layers.append(RequantiseLayer(f"l{number}", source.name, name, (PLAIN_STEP, PLAIN_STEP)))
        else:
            size = draw(st.sampled_from((8, 16, 24, 32, 64)))
            target = activation(name, size, source.features) if kind == "left" else activation(name, source.tokens, size)
            layers.append(dense(f"l{number}", source, target, Side(kind), draw(st.booleans())))
        acts.append(target)
    read = {s for layer in layers for s in layer.sources}
    # Whatever nobody reads leaves the array (even an input); now and then so does something that is also read inside.
    leaving = [a for a in acts if a.name not in read or draw(st.integers(0, 4)) == 0]
    return LayerGraph("random", (view(acts[0]),), tuple(view(a) for a in leaving), tuple(acts), tuple(layers))


@st.composite
def random_devices(draw: st.DrawFn) -> Device:
    """A small array of either generation: PL in some columns, memories and channels now and then scarce."""
    columns = draw(st.integers(2, 8))
    device = small_device(columns, draw(st.integers(1, 4)), draw(st.integers(0, 2)), draw(st.sampled_from(("VEK280", "VEK385"))))
    first = draw(st.integers(0, columns - 1))
    with_pl = tuple(range(first, draw(st.integers(first, columns - 1)) + 1))
    ports = draw(st.sampled_from((2, 8)))
    device = replace(
        device,
        plio=replace(device.plio, columns=with_pl, in_channels=ports, out_channels=min(ports, 6)),
        core=replace(device.core, memory_bytes=draw(st.sampled_from((8192, 65536)))),
        memory_tile=replace(
            device.memory_tile,
            memory_bytes=draw(st.sampled_from((2048, 8192, 524288))),
            dma_in=draw(st.sampled_from((2, 6))),
            dma_out=draw(st.sampled_from((2, 6))),
        ),
    )
    check_device(device)
    return device
