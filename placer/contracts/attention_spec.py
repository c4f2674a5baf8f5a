"""What the kernels of attention and data movement are instantiated with: products of two activations, Softmax, moves (kernel_spec.py)."""

from __future__ import annotations

from dataclasses import dataclass

from placer.contracts.spec_check import require
from placer.layers import TABLE_VALUES, SoftmaxLayer, Step
from placer.lookup_table import parallel
from placer.mmul import ACCUMULATORS, MmulShape, mmul_shapes
from placer.moves import TURNED_BYTES, MoveForm, MoveKind
from placer.network import IntArray, IntType


@dataclass(frozen=True, eq=False)
class MatMulSpec:
    """Products of two activations, `groups` a sample: left [rows, inner] by right [inner, columns], rows and columns padded, inner real.

    turned: right is stored as [columns, inner].
    """

    generation: str
    samples: int
    groups: int
    rows: int
    inner: int
    columns: int
    left: IntType
    right: IntType
    output: IntType
    left_zero: int
    right_zero: int
    turned: bool
    mmul: MmulShape
    register_rows: int
    register_columns: int
    steps: tuple[Step, ...]

    @property
    def inner_blocks(self) -> int:
        return -(-self.inner // 8)

    @property
    def left_elements(self) -> int:
        return self.samples * self.groups * self.rows * self.inner_blocks * 8

    @property
    def right_elements(self) -> int:
        return self.samples * self.groups * self.columns * self.inner_blocks * 8

    @property
    def output_elements(self) -> int:
        return self.samples * self.groups * self.rows * self.columns

    @property
    def bias_elements(self) -> int:
        """int32 channel values: biases and multipliers of all steps."""
        return self.groups * self.columns * sum(s.planes for s in self.steps)

    @property
    def accumulators(self) -> int:
        """Blocks of sums that a register block holds: products, and the sums of either operand that the other's zero point needs."""
        rows, columns = self.register_rows, self.register_columns
        return rows * columns + (rows if self.right_zero else 0) + (columns if self.left_zero else 0)

    def check(self) -> None:
        """Raise ValueError, in words, unless the kernel template takes this."""
        offered = mmul_shapes(self.generation, self.left, self.right)
        m, k, n = self.mmul.size
        names = ", ".join(f"{s.m}x{s.k}x{s.n}" for s in offered) or "none"
        require(self.mmul in offered, f"no {m}x{k}x{n} product of {self.left.value} by {self.right.value}: there are {names}")
        require(self.rows > 0 and self.rows % m == 0, f"rows must be a multiple of {m}, not {self.rows}")
        require(self.columns > 0 and self.columns % 8 == 0, f"columns must be a multiple of 8, not {self.columns}")
        bits, room = self.accumulators * m * n * self.mmul.lane_bits, ACCUMULATORS[self.generation]
        require(0 < bits <= room * 1024, f"a register block with its sums needs {bits // 1024} accumulators of {room}")
        require(bool(self.steps), "a kernel ends in at least one requantisation step")


@dataclass(frozen=True, eq=False)
class SoftmaxSpec:
    """Softmax over each of `groups` runs of columns, padded, of rows x columns elements (layers.SoftmaxLayer)."""

    generation: str
    rows: int
    columns: int
    groups: int
    input: IntType
    output: IntType
    layer: SoftmaxLayer

    @property
    def elements(self) -> int:
        return self.rows * self.columns

    @property
    def bias_elements(self) -> int:
        return 0

    @property
    def table(self) -> IntArray:
        """The tables that a tile holds."""
        return parallel(self.layer.exponentials, IntType.INT32, self.generation)

    def check(self) -> None:
        """Raise ValueError, in words, unless the kernel template takes this."""
        require(self.rows > 0 and self.rows % 4 == 0, f"rows must be a multiple of 4, not {self.rows}")
        require(self.columns % (8 * self.groups) == 0, f"columns must be {self.groups} multiples of 8, not {self.columns}")
        require(0 <= self.columns // self.groups - self.layer.width < 8, f"{self.layer.width} features do not fill a group of columns")
        known = {IntType.INT8: TABLE_VALUES, IntType.INT16: 2 * TABLE_VALUES}
        require(self.input in known and self.output in known, "Softmax takes and gives int8 or int16")
        count = len(self.layer.exponentials)
        require(count == known[self.input], f"Softmax of {self.input.value} has {known[self.input]} exponentials, not {count}")


@dataclass(frozen=True, eq=False)
class MoveSpec:
    """samples x rows x columns elements, from the places that the table names (moves.tables).

    left_sample, right_sample: elements from one sample's to the next one's in a block of columns of each source; right_elements: 0
    without a second source. form: what is carried at once; for COLUMNS, samples are rows.
    """

    generation: str
    samples: int
    rows: int
    columns: int
    type: IntType
    left_elements: int
    right_elements: int
    left_sample: int
    right_sample: int
    form: MoveForm

    @property
    def places(self) -> int:
        """Numbers of the table."""
        return self.form.places(self.rows, self.columns)

    @property
    def elements(self) -> int:
        return self.samples * self.rows * self.columns

    @property
    def bias_elements(self) -> int:
        return 0

    @property
    def index(self) -> IntType:
        """The type of a place."""
        return IntType.INT16 if max(self.left_elements, self.right_elements) <= 1 << 15 else IntType.INT32

    def check(self) -> None:
        """Raise ValueError, in words, unless the kernel template takes this."""
        require(self.columns > 0 and self.columns % 8 == 0, f"columns must be a multiple of 8, not {self.columns}")
        require(self.rows > 0 and self.rows % 4 == 0, f"rows must be a multiple of 4, not {self.rows}")
        require(self.form.kind is not MoveKind.COLUMNS or self.samples == 1, "where tokens stay, samples are rows")
        require(self.form.kind is not MoveKind.TURNED or self.type.bytes <= TURNED_BYTES, "blocks of 32-bit elements are not turned")
