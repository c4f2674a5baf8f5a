"""A function of one element as cubics, each over a run of its values: what arithmetic.interpolated evaluates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# Segments of equal width that the values of a source are cut into: as many as a byte counts.
SEGMENTS = 256
# Coefficients of a cubic.
TERMS = 4


@dataclass(frozen=True, eq=False)
class Cubics:
    """SEGMENTS cubics over 2^bits positions each, and further ones that replace a segment's from a position on to its end.

    A position is a source value less the least of its type. coefficients: [SEGMENTS + breaks, TERMS], int32, of 1, u, u^2, u^3, where u
    runs from -1 to 1 over the whole segment, also in a cubic for its end; in 2^-fraction of a target step, those of u and its powers in
    2^-extra of that. starts: [breaks], the positions, ascending. error: how far, in target steps, a cubic is off the function at most.
    """

    coefficients: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    bits: int
    fraction: int
    extra: int
    error: float

    @property
    def least(self) -> int:
        """The source value at position 0, where source values are signed."""
        return -(SEGMENTS // 2) << self.bits

    @property
    def ends(self) -> npt.NDArray[np.int64]:
        """[breaks]: the position at which the segment of each further cubic ends."""
        return np.asarray(((self.starts >> self.bits) + 1) << self.bits)
