"""Network tensors as views of stored activations: axes made of strides over rows and columns, so that most data movements move nothing.

A stored activation is a matrix of tokens by features. A view gives each axis of a tensor as a nest of atoms, outermost first; an atom steps
along the rows or the columns. Transposes exchange axes, reshapes cut and merge them, slices move the origin and shorten an atom, and what
repeats has stride 0. Where no view exists, the caller moves the data.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace

import numpy as np

from placer.network import IntArray


@dataclass(frozen=True)
class Atom:
    """`size` places, `stride` rows (or columns) apart."""

    by_row: bool
    size: int
    stride: int


Axis = tuple[Atom, ...]


@dataclass(frozen=True)
class View:
    """A tensor in an activation: its axes, from the element at (row, column) on. Atoms of an axis are merged as far as they merge."""

    activation: str
    axes: tuple[Axis, ...]
    row: int = 0
    column: int = 0

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(math.prod(a.size for a in axis) for axis in self.axes)

    @property
    def atoms(self) -> Axis:
        """All atoms, in order."""
        return tuple(atom for axis in self.axes for atom in axis)

    def places(self) -> tuple[IntArray, IntArray]:
        """Row and column of every element, in the tensor's shape."""
        row, column = np.full((), self.row, np.int64), np.full((), self.column, np.int64)
        for atom in self.atoms:
            steps = np.arange(atom.size) * atom.stride
            row = row[..., None] + (steps if atom.by_row else 0 * steps)
            column = column[..., None] + (0 * steps if atom.by_row else steps)
        return row.reshape(self.shape), column.reshape(self.shape)

    def whole(self, tokens: int, features: int) -> bool:
        """Whether it holds each element of an activation of this size exactly once."""
        if math.prod(self.shape) != tokens * features or self.row or self.column:
            return False
        return _ordered(self.atoms, True) == tokens and _ordered(self.atoms, False) == features


def plain(activation: str, shape: tuple[int, ...]) -> View:
    """A tensor stored with its last axis along the columns and all others along the rows."""
    axes, stride = [], math.prod(shape[:-1])
    for size in shape[:-1]:
        stride //= size
        axes.append(_merged((Atom(True, size, stride),)))
    return View(activation, (*axes, *(_merged((Atom(False, size, 1),)) for size in shape[-1:])))


def heads(activation: str, batch: tuple[int, ...], rows: int, columns: int) -> View:
    """A tensor [*batch, rows, columns] whose leading axes are groups of columns."""
    axes, stride = [], math.prod(batch) * columns
    for size in batch:
        stride //= size
        axes.append(_merged((Atom(False, size, stride),)))
    return View(activation, (*axes, line(True, rows), line(False, columns)))


def line(by_row: bool, size: int) -> Axis:
    """All rows or columns, in order."""
    return _merged((Atom(by_row, size, 1),))


def merged(axes: tuple[Axis, ...]) -> Axis:
    """Several axes as one, outermost first."""
    return _merged(tuple(atom for axis in axes for atom in axis))


def permuted(view: View, perm: tuple[int, ...]) -> View:
    """With axis i of the result axis perm[i] of `view`."""
    return replace(view, axes=tuple(view.axes[p] for p in perm))


def reshaped(view: View, shape: tuple[int, ...]) -> View | None:
    """The same elements in the same order under another shape, or None where an axis would cut an atom unevenly."""
    rest = list(reversed(view.atoms))
    axes: list[Axis] = []
    for size in shape:
        axis: list[Atom] = []
        missing = size
        while missing > 1:
            atom = rest.pop()
            taken = math.gcd(atom.size, missing) if atom.size > missing else atom.size
            if missing % taken or taken == 1 < atom.size:
                return None
            axis.append(Atom(atom.by_row, taken, atom.stride * (atom.size // taken)))
            if taken < atom.size:
                rest.append(Atom(atom.by_row, atom.size // taken, atom.stride))
            missing //= taken
        axes.append(_merged(tuple(axis)))
    return replace(view, axes=tuple(axes))


def taken(view: View, axis: int, indices: tuple[int, ...]) -> View | None:
    """The positions `indices` along an axis, or None where they are not evenly spaced along one atom."""
    atoms = view.axes[axis]
    step = indices[1] - indices[0] if len(indices) > 1 else 0
    if any(b - a != step for a, b in itertools.pairwise(indices)):
        return None
    if len(atoms) > 1 and len(indices) > 1 and step:
        return None
    row, column, first = view.row, view.column, indices[0]
    for atom in reversed(atoms):
        first, place = divmod(first, atom.size)
        row, column = (row + place * atom.stride, column) if atom.by_row else (row, column + place * atom.stride)
    unit = atoms[0] if atoms else Atom(True, 1, 0)
    chosen = _merged((Atom(unit.by_row, len(indices), unit.stride * step),))
    return View(view.activation, (*view.axes[:axis], chosen, *view.axes[axis + 1 :]), row, column)


def _merged(atoms: Axis) -> Axis:
    """Without atoms of one place, and with neighbours that step evenly as one."""
    result: list[Atom] = []
    for atom in atoms:
        if atom.size == 1:
            continue
        last = result[-1] if result else None
        if last and last.by_row == atom.by_row and last.stride == atom.stride * atom.size:
            result[-1] = Atom(atom.by_row, last.size * atom.size, atom.stride)
        else:
            result.append(atom)
    return tuple(result)


def _ordered(atoms: Axis, by_row: bool) -> int:
    """The rows (or columns) that atoms reach when they cover them all, each once; 0 when they do not."""
    reach = 1
    for atom in sorted((a for a in atoms if a.by_row is by_row), key=lambda a: a.stride):
        if atom.stride != reach:
            return 0
        reach *= atom.size
    return reach
