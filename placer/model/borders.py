"""PLIO: as many ports in and out as the shim columns with programmable logic offer."""

from __future__ import annotations

from placer.model.linear import total
from placer.model.variables import Variables
from placer.problem.problem import BlockKind, Option


def add_borders(v: Variables) -> None:
    """Bound the ports of all inputs together, and of all outputs."""
    plio = v.problem.device.plio
    for kind, channels in ((BlockKind.INPUT, plio.in_channels), (BlockKind.OUTPUT, plio.out_channels)):
        ports = total(b.chosen(_ports(o) for o in b.block.options) for b in v.blocks if b.block.kind is kind)
        v.model.add(ports <= channels * len(plio.columns))


def _ports(option: Option) -> int:
    """One port a window."""
    return (option.output or option.inputs[0]).pieces
