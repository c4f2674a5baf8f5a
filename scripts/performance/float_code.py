"""Float arithmetic of AIE-ML, which has none for 32 bits: what the AIE API's functions of sixteen lanes issue (aie_api, elementary.hpp).

A product of floats is six of parts of sixteen bits each, each of which adds to the one before: `fast`, what aiecompiler does unless told
otherwise (UG1603, Floating-Point Operations and Floating-Point Accuracy; llvm-aie, aiev2_vmult_emulated.h).
"""

from __future__ import annotations

from dataclasses import dataclass

from scripts.performance.itineraries import (
    ADD,
    CONVERT,
    COPY_IN,
    COPY_OUT,
    FLOAT_ADD,
    FLOAT_PRODUCT,
    NEGATE,
    ROUND,
    SHIFT_UP,
    VECTOR,
)
from scripts.performance.pieces import GIVEN, Made, Piece

# Which parts of either operand are multiplied, the largest first, in the order in which they are added up.
PAIRS = ((0, 2), (1, 1), (2, 0), (1, 0), (0, 1), (0, 0))

Parts = tuple[Made, Made, Made]
# Of a constant.
KNOWN = (GIVEN, GIVEN, GIVEN)


@dataclass(frozen=True)
class FloatCode:
    """Float arithmetic in a piece of code."""

    code: Piece

    def inverse(self, lanes: Made) -> Made:
        """aie::inv of integers, as fixed point: a guess from the bits, two corrections."""
        x = self.from_integers(lanes)
        y = self.parts(self._from_bits(self.code.issue(VECTOR, self.code.issue(COPY_OUT, x))))
        xs = self.parts(x)
        guess = self.code.issue(FLOAT_ADD, start=(self.product(xs, y),))
        y = self.parts(self.product(self.parts(self.product(self.parts(guess), y)), KNOWN))
        miss = self.product(y, xs)
        return self.to_integers(self.product(y, self.parts(miss)))

    def inverse_root(self, lanes: Made) -> Made:
        """aie::invsqrt of integers, as fixed point: a guess from the bits, one correction."""
        x = self.from_integers(lanes)
        half = self.product(self.parts(x), KNOWN)
        bits = self.code.issue(ROUND, self.code.issue(SHIFT_UP, self.code.issue(COPY_OUT, x)))
        y = self.parts(self._from_bits(self.code.issue(VECTOR, bits)))
        miss = self.product(self.parts(half), self.parts(self.product(y, y)))
        return self.to_integers(self.product(y, self.parts(miss)))

    def from_integers(self, lanes: Made) -> Made:
        """aie::to_float of 32 bits: halves of each lane, added to constants whose bits they continue, less these."""
        halves = []
        for _ in range(2):
            up = self.code.issue(SHIFT_UP, self.code.issue(VECTOR, lanes))
            halves.append(self.code.issue(FLOAT_ADD, start=(self.code.issue(ADD, start=(up,)),)))
        return self.code.issue(FLOAT_ADD, start=tuple(halves))

    def to_integers(self, value: Made) -> Made:
        """aie::to_fixed to 32 bits: the upper half of the result, then what is left, positive and negative."""
        code = self.code
        upper = code.issue(ROUND, code.issue(ADD, start=(code.issue(FLOAT_ADD, start=(value,)),)))
        again = code.issue(FLOAT_ADD, start=(code.issue(ADD, start=(code.issue(SHIFT_UP, upper),)),))
        rest = code.issue(FLOAT_ADD, start=(value, again))
        lower = code.issue(ADD, start=(code.issue(FLOAT_ADD, start=(rest,)),))
        positive = code.issue(SHIFT_UP, code.issue(ROUND, lower))
        negative = code.issue(SHIFT_UP, code.issue(ROUND, code.issue(NEGATE, start=(lower,))))
        whole = code.issue(ADD, start=(code.issue(SHIFT_UP, upper), positive))
        return code.issue(ROUND, code.issue(ADD, start=(whole, negative)))

    def parts(self, value: Made) -> Parts:
        """A float as three numbers of sixteen bits that add up to it."""
        first = self.code.issue(CONVERT, value)
        rest = self.code.issue(FLOAT_PRODUCT, first, start=(value,))
        second = self.code.issue(CONVERT, rest)
        return first, second, self.code.issue(CONVERT, self.code.issue(FLOAT_PRODUCT, second, start=(rest,)))

    def product(self, left: Parts, right: Parts) -> Made:
        """Products of floats, lane by lane; adding to them takes no longer."""
        start: tuple[Made, ...] = ()
        for one, other in PAIRS:
            start = (self.code.issue(FLOAT_PRODUCT, left[one], right[other], start=start),)
        return start[0]

    def _from_bits(self, bits: Made) -> Made:
        return self.code.issue(COPY_IN, bits)
