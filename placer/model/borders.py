"""PLIO: as many ports in and out as the shim columns with programmable logic offer."""

from __future__ import annotations

from placer.model.variables import Variables
from placer.problem import BlockKind


def add_borders(v: Variables) -> None:
    """Bound the ports of all inputs together, and of all outputs."""
    plio = v.problem.device.plio
    for kind, channels in ((BlockKind.INPUT, plio.in_channels), (BlockKind.OUTPUT, plio.out_channels)):
        ports = [
            (o.output or o.inputs[0]).pieces * literal
            for b in v.blocks
            if b.block.kind is kind
            for o, literal in zip(b.block.options, b.options, strict=True)
        ]
        v.model.add(sum(ports) <= channels * len(plio.columns))
