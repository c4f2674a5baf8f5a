"""A published kernel of vectors, modelled: int16 elements times a scalar (mlir-aie, programming guide, section 4c; scale.cc)."""

from __future__ import annotations

from placer.cycles.operations import Unit
from scripts.performance.itineraries import LOAD, PRODUCT, ROUND_STORE
from scripts.performance.pieces import Piece

# Elements of a product, and bytes of an access.
LANES, ACCESS = 32, 32


def scale_cycles(elements: int) -> int:
    """Modelled cycles of its loop, which lies between the two events that were traced."""
    code = Piece()
    with code.loop(elements // LANES):
        accesses = 2 * LANES // ACCESS
        product = code.issue(PRODUCT, *(code.issue(LOAD, bank=Unit.BANK_INPUT) for _ in range(accesses)))
        for _ in range(accesses):
            code.issue(ROUND_STORE, product)
    return code.cycles()
