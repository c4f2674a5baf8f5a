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

    @staticmethod
    def of(split: Split) -> FixedSplit:
        """A split with nothing left to choose."""
        data = split.data
        return FixedSplit(split.contraction, split.channels, data.samples, data.rows, data.columns)

    @property
    def stated(self) -> dict[str, int]:
        """The numbers that are not to be chosen."""
        return {f.name: value for f in fields(self) if (value := getattr(self, f.name)) is not None}

    def allows(self, split: Split) -> bool:
        """Whether a split is cut so."""
        return self.stated.items() <= FixedSplit.of(split).stated.items()

    def __str__(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self.stated.items())


FREE = FixedSplit()


@dataclass(frozen=True)
class FixedLayer:
    """The fixed split of the layer of a name."""

    layer: str
    split: FixedSplit
