"""A layer's split as far as a config fixes it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated

from pydantic import ConfigDict, Field, with_config

from placer.split import Split

Parts = Annotated[int, Field(ge=1)]


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True)
class FixedSplit:
    """Into how many parts each axis of a layer is cut; None: for the solver to choose.

    contraction: the length of a cascade. channels: cascades that share an input, each with its part of the output channels. samples, rows,
    columns: of the data that every channel needs alike (columns only where the weights stand on the left, or there are none).
    """

    contraction: Parts | None = None
    channels: Parts | None = None
    samples: Parts | None = None
    rows: Parts | None = None
    columns: Parts | None = None

    def allows(self, split: Split) -> bool:
        """Whether a split is cut so."""
        cut = (split.contraction, split.channels, split.data.samples, split.data.rows, split.data.columns)
        wanted = (self.contraction, self.channels, self.samples, self.rows, self.columns)
        return all(w is None or w == c for w, c in zip(wanted, cut, strict=True))

    def __str__(self) -> str:
        told = [(f.name, getattr(self, f.name)) for f in fields(self)]
        return ", ".join(f"{name} {value}" for name, value in told if value is not None)


FREE = FixedSplit()


@dataclass(frozen=True)
class FixedLayer:
    """The fixed split of the layer of a name."""

    layer: str
    split: FixedSplit
