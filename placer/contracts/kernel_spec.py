"""What a kernel is instantiated with: sizes of one tile's share, types, mmul shape, register block, requantisation steps.

The C++ side is the config struct of docs/kernels.md; each check here is a static_assert there.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from placer.arithmetic.fixed_point import MAX_SHIFT
from placer.contracts.attention_spec import MatMulSpec, MoveSpec, SoftmaxSpec
from placer.contracts.spec_check import require
from placer.cubics import SEGMENTS, Cubics
from placer.layers import TABLE_VALUES, NormaliseLayer, Side, Step
from placer.lookup_table import parallel, table_type
from placer.mmul import ACCUMULATORS, MmulShape, mmul_shapes
from placer.network import IntArray, IntType

NO_VALUES: IntArray = np.zeros(0, np.int64)


class Role(Enum):
    """Place in a cascade over the contraction; the value ends the kernel's name."""

    SINGLE = "single"
    FIRST = "first"
    MIDDLE = "middle"
    LAST = "last"

    @property
    def reads(self) -> bool:
        """Whether partial sums come in."""
        return self in {Role.MIDDLE, Role.LAST}

    @property
    def writes(self) -> bool:
        """Whether partial sums go out."""
        return self in {Role.FIRST, Role.MIDDLE}

    @property
    def finishes(self) -> bool:
        """Whether it requantises and stores."""
        return not self.writes


@dataclass(frozen=True, eq=False)
class DenseSpec:
    """One tile's share of a dense layer, padded.

    RIGHT: [rows, inner] by [inner, columns], samples 1. LEFT: per sample, [rows, inner] by [inner, columns] with the weights on the left.
    transposed: the input is stored as its transpose (RIGHT only). steps: at least one.
    """

    generation: str
    role: Role
    side: Side
    samples: int
    rows: int
    inner: int
    columns: int
    input: IntType
    weight: IntType
    output: IntType
    mmul: MmulShape
    register_rows: int
    register_columns: int
    steps: tuple[Step, ...]
    transposed: bool = False

    @property
    def left_type(self) -> IntType:
        return self.weight if self.side is Side.LEFT else self.input

    @property
    def right_type(self) -> IntType:
        return self.input if self.side is Side.LEFT else self.weight

    @property
    def groups(self) -> int:
        """Independent products: one a sample for weights on the left."""
        return self.samples if self.side is Side.LEFT else 1

    @property
    def row_blocks(self) -> int:
        return self.rows // self.mmul.m

    @property
    def inner_blocks(self) -> int:
        return self.inner // 8

    @property
    def column_blocks(self) -> int:
        return self.columns // 8

    @property
    def input_elements(self) -> int:
        return self.groups * self.inner * (self.columns if self.side is Side.LEFT else self.rows)

    @property
    def weight_elements(self) -> int:
        return self.inner * self.channels

    @property
    def channels(self) -> int:
        """Output channels: the axis that the bias varies along."""
        return self.rows if self.side is Side.LEFT else self.columns

    @property
    def output_elements(self) -> int:
        return self.groups * self.rows * self.columns

    @property
    def bias_elements(self) -> int:
        """int32 channel values that a tile of this role holds: a bias that sums start at where they do, all others where they end."""
        started, planes = int(self.steps[0].starts), sum(s.planes for s in self.steps)
        held = {Role.SINGLE: planes, Role.FIRST: started, Role.MIDDLE: 0, Role.LAST: planes - started}
        return self.channels * held[self.role]

    @property
    def load_bytes(self) -> int:
        """Bytes of one access of a load unit."""
        return 32 if self.generation == "aie-ml" else 64

    def check(self) -> None:
        """Raise ValueError, in words, unless the kernel template takes this."""
        offered = mmul_shapes(self.generation, self.left_type, self.right_type)
        m, k, n = self.mmul.size
        names = ", ".join(f"{s.m}x{s.k}x{s.n}" for s in offered) or "none"
        require(self.mmul in offered, f"no {m}x{k}x{n} product of {self.left_type.value} by {self.right_type.value}: there are {names}")
        require(self.rows > 0 and self.rows % m == 0, f"rows must be a multiple of {m}, not {self.rows}")
        require(self.inner > 0 and self.inner % 8 == 0, f"the contraction must be a multiple of 8, not {self.inner}")
        require(self.columns > 0 and self.columns % 8 == 0, f"columns must be a multiple of 8, not {self.columns}")
        require(self.samples == 1 or self.side is Side.LEFT, "samples are kept apart only with weights on the left")
        bits = self.register_rows * self.register_columns * m * n * self.mmul.lane_bits
        room = ACCUMULATORS[self.generation]
        require(
            0 < bits <= room * 1024,
            f"a register block of {self.register_rows} x {self.register_columns} needs {bits // 1024} accumulators of {room}",
        )
        require(bool(self.steps), "a kernel ends in at least one requantisation step")
        if self.transposed:
            require(self.side is Side.RIGHT, "weights on the left read a transposed input already")
            require(self.rows % 8 == 0, f"a transposed input has its rows padded to 8, not {self.rows}")
            require((self.register_rows * m) % 8 == 0, f"a transposed input is read 8 rows at a time: {self.register_rows} x {m} are not")


@dataclass(frozen=True, eq=False)
class _ElementwiseSpec:
    """Blocks of m x 8 elements: rows by columns of one tile, padded."""

    generation: str
    m: int
    rows: int
    columns: int
    output: IntType
    steps: tuple[Step, ...]

    @property
    def elements(self) -> int:
        return self.rows * self.columns

    @property
    def bias_elements(self) -> int:
        """int32 channel values: biases and multipliers of all steps."""
        return self.columns * sum(s.planes for s in self.steps)

    @property
    def load_bytes(self) -> int:
        """Bytes of one access of a load unit."""
        return 32 if self.generation == "aie-ml" else 64

    def _check_blocks(self, inputs: tuple[IntType, ...]) -> None:
        require(self.m in {2, 4, 8}, f"blocks have 2, 4 or 8 rows, not {self.m}")
        require(self.rows > 0 and self.rows % self.m == 0, f"rows must be a multiple of {self.m}, not {self.rows}")
        require(self.columns > 0 and self.columns % 8 == 0, f"columns must be a multiple of 8, not {self.columns}")
        require(bool(self.steps), "a kernel ends in at least one requantisation step")
        require(all(t.signed for t in inputs), "elementwise kernels read signed elements")


@dataclass(frozen=True, eq=False)
class AddSpec(_ElementwiseSpec):
    """(left - left_zero) * left_factor + (right - right_zero) * right_factor, then the steps."""

    left: IntType
    right: IntType
    left_factor: int
    right_factor: int
    left_zero: int = 0
    right_zero: int = 0

    @property
    def inputs(self) -> tuple[IntType, ...]:
        return (self.left, self.right)

    def check(self) -> None:
        """Raise ValueError, in words, unless the kernel template takes this."""
        self._check_blocks(self.inputs)
        largest = max(abs(self.left_factor), abs(self.right_factor))
        require(largest <= IntType.INT32.max, f"operands are aligned by 32-bit factors, not {largest}")


@dataclass(frozen=True, eq=False)
class MultiplySpec(_ElementwiseSpec):
    """(left - left_zero) * (right - right_zero), element by element, then the steps."""

    left: IntType
    right: IntType
    left_zero: int = 0
    right_zero: int = 0

    @property
    def inputs(self) -> tuple[IntType, ...]:
        return (self.left, self.right)

    def check(self) -> None:
        """Raise ValueError, in words, unless the kernel template takes this."""
        self._check_blocks(self.inputs)


@dataclass(frozen=True, eq=False)
class RequantiseSpec(_ElementwiseSpec):
    """The chain of steps alone."""

    input: IntType

    @property
    def inputs(self) -> tuple[IntType, ...]:
        return (self.input,)

    def check(self) -> None:
        """Raise ValueError, in words, unless the kernel template takes this."""
        self._check_blocks(self.inputs)


@dataclass(frozen=True, eq=False)
class FunctionSpec:
    """A function of one element of `elements`: a table over int8; or cubics over int16 or int32, then zero_point, low, high."""

    generation: str
    rows: int
    columns: int
    input: IntType
    output: IntType
    values: IntArray
    cubics: Cubics | None = None
    zero_point: int = 0
    low: int = 0
    high: int = 0

    @property
    def elements(self) -> int:
        return self.rows * self.columns

    @property
    def bias_elements(self) -> int:
        return 0

    @property
    def stored(self) -> IntType:
        """The type of what a tile holds."""
        return IntType.INT32 if self.cubics else table_type(self.output)

    @property
    def table(self) -> IntArray:
        """What a tile holds: tables as a core reads them, of values or of each coefficient; then what there is of further cubics."""
        if self.cubics is None:
            return parallel(self.values, self.stored, self.generation)
        tables, further = np.split(self.cubics.coefficients, [SEGMENTS])
        limits = np.stack([self.cubics.starts, self.cubics.ends], axis=1) + self.cubics.least
        return np.concatenate([parallel(tables.T.reshape(-1), IntType.INT32, self.generation), np.hstack([limits, further]).reshape(-1)])

    def check(self) -> None:
        """Raise ValueError, in words, unless the kernel template takes this."""
        if self.cubics is None:
            require(self.input is IntType.INT8, f"tables are of int8, not {self.input.value}")
            require(len(self.values) == TABLE_VALUES, f"a table has {TABLE_VALUES} values, not {len(self.values)}")
            return
        require(self.input in {IntType.INT16, IntType.INT32}, f"cubics are over int16 or int32, not {self.input.value}")
        widest = self.input.bits - SEGMENTS.bit_length() + 1
        require(0 < self.cubics.bits <= widest, f"a segment of {self.input.value} has 2^1 to 2^{widest} values, not 2^{self.cubics.bits}")
        shift = self.cubics.fraction + self.cubics.extra + self.cubics.bits - 1
        require(shift <= MAX_SHIFT, f"a result is shifted by at most {MAX_SHIFT}, not {shift}")


@dataclass(frozen=True, eq=False)
class NormaliseSpec:
    """LayerNorm over the features of rows x columns elements, columns padded (layers.NormaliseLayer)."""

    generation: str
    rows: int
    columns: int
    input: IntType
    output: IntType
    layer: NormaliseLayer

    @property
    def elements(self) -> int:
        return self.rows * self.columns

    @property
    def bias_elements(self) -> int:
        """Gain and offset of every column."""
        return 2 * self.columns

    def check(self) -> None:
        """Raise ValueError, in words, unless the kernel template takes this."""
        require(self.rows > 0 and self.rows % 4 == 0, f"rows must be a multiple of 4, not {self.rows}")
        require(self.columns % 8 == 0, f"columns must be a multiple of 8, not {self.columns}")
        features = len(self.layer.gain)
        require(0 <= self.columns - features < 8, f"{features} features do not fill {self.columns} columns")


SteppedSpec = AddSpec | MultiplySpec | RequantiseSpec
KernelSpec = DenseSpec | SteppedSpec | MatMulSpec | FunctionSpec | NormaliseSpec | SoftmaxSpec | MoveSpec
