"""The network while it grows: tensors, operations, fresh names, and which tensors are functions of one other tensor."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from placer.arithmetic.fixed_point import FloatArray, single
from placer.errors import UnsupportedModelError
from placer.frontend.values import Mapped, Movement, NewShape, Permutation, Scaled, Selection
from placer.network import IntArray, Network, Operation, QuantType, Requantise, Reshape, Rounding, Table, Take, Tensor, Transpose
from placer.reference import rounded

# Functions of wider elements are not tabulated; of wider than IMAGE_BITS only approximately, so they are not composed.
TABLE_BITS = 16
IMAGE_BITS = 8
# Elements of one sample of a tensor: two buffers of more fill the memory of any array.
MAX_SAMPLE = 1 << 25


def as_evaluated(values: npt.NDArray[np.floating]) -> FloatArray:
    """Results of a function for each value of its source: of 8 bits as float32 holds them, which a table follows; of more as they are.

    Cubics stand for a function itself, and float32's 24 bits are few beside the 16 of its results.
    """
    return single(values) if of_few_values(values) else np.asarray(values, np.float64)


def of_few_values(values: npt.NDArray[np.number]) -> bool:
    """Whether these are results of a function of an 8-bit element."""
    return len(values) <= 1 << IMAGE_BITS


@dataclass(frozen=True, eq=False)
class Image:
    """A tensor as a function of another: its integer for each integer of `source`, ascending; tabulated when a Table took part."""

    source: str
    integers: IntArray
    tabulated: bool = False


def check_size(where: str, shape: tuple[int, ...]) -> None:
    """Raise UnsupportedModelError for a sample too large for any array."""
    if math.prod(shape) > MAX_SAMPLE:
        raise UnsupportedModelError(f"{where}: one sample of {list(shape)} has more than {MAX_SAMPLE} elements; it would not stay on chip")


class Graph:
    """The tensors and operations so far."""

    def __init__(self, taken: set[str]) -> None:
        self.taken = taken
        self.tensors: dict[str, Tensor] = {}
        # The model's own fixed batch.
        self.batch: int | None = None
        self.inputs: list[str] = []
        self.operations: list[Operation] = []
        self.images: dict[str, Image] = {}
        self.inserted: list[tuple[str, str]] = []
        # Tensors less the means of their rows (moments.py), by tensor.
        self.deviations: dict[str, str] = {}

    def fresh(self, name: str) -> str:
        """`name`, or with a number where the model or an earlier operation already uses it."""
        unique, number = name, 1
        while unique in self.taken:
            number += 1
            unique = f"{name}_{number}"
        self.taken.add(unique)
        return unique

    def type(self, tensor: str) -> QuantType:
        """The type of a tensor."""
        return self.tensors[tensor].type

    def emit(self, op: Operation, shape: tuple[int, ...], kind: QuantType) -> None:
        """Append an operation, which gives a tensor of this shape and type."""
        check_size(op.name, shape)
        self.operations.append(op)
        self.tensors[op.target] = Tensor(op.target, shape, kind)
        if isinstance(op, Requantise | Table) and shape == self.tensors[op.source].shape:
            self._remember(op)

    def add_input(self, name: str, shape: tuple[int, ...], kind: QuantType) -> None:
        """Add a tensor that no operation writes."""
        check_size(f"input {name}", shape)
        self.tensors[name] = Tensor(name, shape, kind)
        self.inputs.append(name)

    def narrowed(self, where: str, source: str, limits: tuple[int, int]) -> str:
        """`source` between integer limits; the new tensor's name."""
        kind, name = self.type(source), self.fresh(f"{where}.clipped")
        zero = np.zeros(1, np.int64)
        ends = Rounding(0, zero - kind.zero_point, zero + 1, 0, 0, *limits, wide=False)
        self.emit(Requantise(self.fresh(f"{where}.op"), source, name, ends), self.tensors[source].shape, replace(kind, limits=limits))
        return name

    def move(self, where: str, source: str, moves: tuple[Movement, ...], name: str) -> None:
        """Append the movements that turn `source` into `name`, called after the node `where`."""
        kind = self.type(source)
        for number, move in enumerate(moves):
            target = name if number == len(moves) - 1 else self.fresh(f"{name}.moved{number}")
            op_name = self.fresh(f"{where}.move{number}")
            match move:
                case Permutation():
                    self.emit(Transpose(op_name, source, target, move.perm), move.shape, kind)
                case NewShape():
                    self.emit(Reshape(op_name, source, target), move.shape, kind)
                case Selection():
                    self.emit(Take(op_name, source, target, move.axis, move.indices), move.shape, kind)
            source = target

    def reals(self, tensor: str) -> FloatArray:
        """The real numbers that a tensor of at most 16 bits may hold, ascending."""
        kind = self.type(tensor)
        return as_evaluated((np.arange(kind.dtype.min, kind.dtype.max + 1) - kind.zero_point) * kind.scale)

    def function_of(self, value: Scaled) -> Mapped | None:
        """A scaled tensor as a function of one element, where its channels are alike and its elements have few enough values."""
        if len(value.gain) != 1 or len(value.offset) != 1 or not self.enumerable(value.source):
            return None
        image, kind = self.image(value.source), self.type(value.source)
        reals = as_evaluated(as_evaluated((image.integers - kind.zero_point) * kind.scale) * value.gain[0])
        return Mapped(image.source, as_evaluated(reals + value.offset[0]), value.shape, value.limits, value.moves)

    def enumerable(self, tensor: str) -> bool:
        """Whether functions of one element of `tensor` can be tabulated."""
        return self.type(tensor).dtype.bits <= TABLE_BITS

    def tabulated(self, tensor: str) -> bool:
        """Whether `tensor` already is a table of another one."""
        return self.enumerable(tensor) and self.image(tensor).tabulated

    def image(self, tensor: str) -> Image:
        """`tensor`, of at most 16 bits, as a function of the tensor furthest back that determines it, at least of itself."""
        kind = self.type(tensor).dtype
        return self.images.get(tensor) or Image(tensor, np.arange(kind.min, kind.max + 1))

    def network(self, name: str, batch: int | None, inputs: tuple[str, ...], outputs: tuple[str, ...]) -> Network:
        """The finished network."""
        return Network(name, batch, inputs, outputs, tuple(self.tensors.values()), tuple(self.operations), tuple(self.inserted))

    def _remember(self, op: Requantise | Table) -> None:
        if self.type(op.source).dtype.bits > IMAGE_BITS or self.type(op.target).dtype.bits > TABLE_BITS:
            return
        source = self.image(op.source)
        if isinstance(op, Table):
            integers = op.values[source.integers - self.type(op.source).dtype.min]
            self.images[op.target] = Image(source.source, integers, tabulated=True)
        elif len(op.rounding.bias) == len(op.rounding.multiplier) == 1:
            integers = rounded(source.integers, op.rounding, self.type(op.target))
            self.images[op.target] = Image(source.source, integers, source.tabulated)
