"""Tables of 256 values as a core reads several of one at once (kernels/include/placer/lookup_table.hpp, aie::parallel_lookup)."""

from __future__ import annotations

import numpy as np

from placer.network import IntArray, IntType

TABLE = 256
# Times that a table lies in each of two buffers, which other banks may hold: every run of its bytes twice in a row.
TABLE_COPIES = 2


def table_type(value: IntType) -> IntType:
    """How elements of a table are stored: none in 8 bits."""
    return IntType.INT16 if value is IntType.INT8 else value


def parallel(tables: IntArray, element: IntType, generation: str) -> IntArray:
    """Tables, one after the other, as each of two buffers holds them (UG1603, Lookup Tables and Linear Approximation): runs of 16 bytes, on
    AIE-MLv2 of 32, twice in a row.
    """
    run = (16 if generation == "aie-ml" else 32) // element.bytes
    runs = tables.reshape(-1, TABLE // run, 1, run)
    return np.repeat(runs, TABLE_COPIES, axis=2).reshape(-1)


def table_accesses(generation: str) -> int:
    """Lanes that read a table at once. ASSUMPTION: eight on AIE-MLv2 (UG1603, 2026.1)."""
    return 4 if generation == "aie-ml" else 8


def table_loads(elements: int, generation: str) -> int:
    """Accesses to a table for so many elements: of both its copies, each for half of the lanes that read at once."""
    return 2 * -(-elements // table_accesses(generation))
