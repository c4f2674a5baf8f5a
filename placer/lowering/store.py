"""The activations and layers of a graph while a network is lowered: what is stored, who writes it, and data moved where no view serves."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from placer.layers import (
    Activation,
    AddLayer,
    DenseLayer,
    FunctionLayer,
    Layer,
    MatMulLayer,
    MoveLayer,
    MultiplyLayer,
    NormaliseLayer,
    RequantiseLayer,
    Side,
    SoftmaxLayer,
    Step,
    copying,
)
from placer.layout import BLOCK_COLUMNS
from placer.lowering.views import View, plain
from placer.network import IntArray, QuantType

# Layers whose results have the columns of their sources.
ALIKE = (AddLayer, MultiplyLayer, RequantiseLayer, FunctionLayer)


@dataclass
class Store:
    """Activations and layers in the order in which they came; views that were moved once are not moved again."""

    activations: list[Activation] = field(default_factory=list)
    layers: list[Layer] = field(default_factory=list)
    moved: dict[tuple[View, View, int], View] = field(default_factory=dict)

    def activation(self, name: str) -> Activation:
        """The activation of a name; StopIteration when there is none."""
        return next(a for a in self.activations if a.name == name)

    def add(self, name: str, tokens: int, features: int, kind: QuantType, groups: int = 1) -> Activation:
        """A new activation, its columns in `groups` runs."""
        made = Activation(name, tokens, features, kind, padded_groups(features, groups))
        self.activations.append(made)
        return made

    def whole(self, view: View) -> bool:
        """Whether a view holds its activation's elements, each once."""
        stored = self.activation(view.activation)
        return view.whole(stored.tokens, stored.features)

    def writer(self, name: str) -> Layer | None:
        """The layer that writes an activation; None for an input."""
        return next((layer for layer in self.layers if layer.target == name), None)

    # -- groups of columns ------------------------------------------------------------------------------------------------------

    def regroup(self, name: str, groups: int) -> bool:
        """Store an activation, and all that must be stored alike, in `groups` runs of columns; False where another layer forbids it."""
        stored = self.activation(name)
        if stored.groups == padded_groups(stored.features, groups):
            return True
        if stored.groups != 1:
            return False
        alike = self._alike(name)
        for layer in self.layers:
            fixed = isinstance(layer, NormaliseLayer | SoftmaxLayer | MatMulLayer)
            if fixed and alike & {*layer.sources, layer.target}:
                return False
        self.activations = [replace(a, groups=groups) if a.name in alike else a for a in self.activations]
        return True

    def _alike(self, name: str) -> set[str]:
        """The activations whose columns lie as those of `name` do."""
        found, before = {name}, 0
        while len(found) > before:
            before = len(found)
            for layer in self.layers:
                linked = isinstance(layer, ALIKE) or (isinstance(layer, DenseLayer) and layer.side is Side.LEFT)
                ends = {*layer.sources, layer.target}
                if linked and ends & found:
                    found |= ends
        return found

    # -- movement ---------------------------------------------------------------------------------------------------------------

    def laid_plain(self, name: str, view: View) -> View:
        """`view` with its last axis along the columns and all others along the rows; moved by a layer called `name` where it is not."""
        shape = view.shape
        if self._is_plain(view):
            return view
        tokens, features = math.prod(shape[:-1]), math.prod(shape[-1:])
        return self.moved_to(name, view, tokens, features, plain("", shape))

    def _is_plain(self, view: View) -> bool:
        stored = self.activation(view.activation)
        return self.whole(view) and stored.groups == 1 and view == plain(view.activation, view.shape)

    def moved_to(self, name: str, view: View, tokens: int, features: int, wanted: View, groups: int = 1) -> View:
        """`view` moved into an activation of this size, where it lies as `wanted`, whose activation's name does not matter."""
        stored = self.activation(view.activation)
        rows, columns = view.places()
        at_row, at_column = wanted.places()
        index = np.zeros((tokens, features), np.int64)
        index[at_row, at_column] = rows * stored.features + columns
        key = (view, replace(wanted, activation=""), groups)
        if key not in self.moved:
            target = self._narrowed(name, stored, index, groups) or self.move(name, (stored,), index, groups)
            self.moved[key] = replace(wanted, activation=target)
        return self.moved[key]

    def copied(self, view: View) -> View:
        """`view` of a copy of its activation, which a kernel writes."""
        stored, name = self.activation(view.activation), f"{view.activation}.copy"
        if not any(a.name == name for a in self.activations):
            self.activations.append(replace(stored, name=name))
            self.layers.append(copying(stored.name, name))
        return replace(view, activation=name)

    def narrowed(self, name: str, view: View) -> View:
        """A view of neighbouring channels of a dense layer, as a view of an activation of these alone; any other view itself."""
        stored, writer = self.activation(view.activation), self.writer(view.activation)
        if not isinstance(writer, DenseLayer) or self.whole(view):
            return view
        left = writer.side is Side.LEFT
        rows, columns = view.places()
        channels, kept = (rows, columns) if left else (columns, rows)
        first, last = int(channels.min()), int(channels.max())
        if len(np.unique(channels)) != last - first + 1 or len(np.unique(kept)) != (stored.features if left else stored.tokens):
            return view
        index = np.arange(stored.tokens * stored.features).reshape(stored.tokens, stored.features)
        groups = stored.groups if left else 1
        target = self._narrowed(name, stored, index[first : last + 1] if left else index[:, first : last + 1], groups)
        assert target is not None, "whole channels of a dense layer"
        return replace(view, activation=target, row=view.row - first * left, column=view.column - first * (not left))

    def move(self, name: str, parts: tuple[Activation, ...], index: IntArray, groups: int = 1) -> str:
        """A move layer, and the name of the activation that it writes."""
        tokens, features = index.shape
        target = self.add(f"{name}.moved", tokens, features, parts[0].type, groups)
        sizes = tuple((p.tokens, p.features) for p in parts)
        same = _by_token(index, parts)
        chosen, names = index if same is None else same, tuple(p.name for p in parts)
        self.layers.append(MoveLayer(name, names, target.name, chosen, same is not None, sizes))
        return target.name

    def _narrowed(self, name: str, stored: Activation, index: IntArray, groups: int) -> str | None:
        """The activation of some channels of a dense layer, written by a layer with their weights alone; None where that is not it.

        Weights on the left leave the columns as they lie in the source, which may forbid `groups` runs of them.
        """
        writer = self.writer(stored.name)
        if not isinstance(writer, DenseLayer):
            return None
        rows, columns = np.divmod(index, stored.features)
        left = writer.side is Side.LEFT
        channels, kept = (rows[:, :1], columns) if left else (columns[:1], rows)
        straight = np.arange(stored.features)[None, :] if left else np.arange(stored.tokens)[:, None]
        if kept.shape[left] != straight.shape[left] or np.any(kept != straight) or np.any((rows if left else columns) != channels):
            return None
        if left and not self.regroup(stored.name, groups):
            return None
        chosen = channels.reshape(-1)
        tokens, features = index.shape
        target = self.add(f"{name}.moved", tokens, features, stored.type, groups)
        steps = tuple(_step_of(step, chosen) for step in writer.steps)
        self.layers.append(replace(writer, name=name, target=target.name, weight=writer.weight[:, chosen], steps=steps))
        return target.name


def padded_groups(features: int, groups: int) -> int:
    """`groups`, or 1 where runs of whole blocks leave no padding between them."""
    return 1 if features // groups % BLOCK_COLUMNS == 0 else groups


def _step_of(step: Step, channels: IntArray) -> Step:
    """A step for some of its channels."""

    def some(values: IntArray | None) -> IntArray | None:
        return values if values is None or len(values) == 1 else values[channels]

    return replace(step, bias=None if step.bias is None else step.bias[channels], multiplier=some(step.multiplier))


def _by_token(index: IntArray, parts: tuple[Activation, ...]) -> IntArray | None:
    """[1, features] where every token takes the same features of the same token of the parts, else None."""
    tokens = len(index)
    if any(p.tokens != tokens for p in parts):
        return None
    first, rest = parts[0], parts[1:]
    size = first.tokens * first.features
    second = index >= size
    features = rest[0].features if rest else 1
    rows = np.where(second, (index - size) // features, index // first.features)
    columns = np.where(second, first.features + (index - size) % features, index % first.features)
    if np.any(rows != np.arange(tokens)[:, None]) or np.any(columns != columns[:1]):
        return None
    return columns[:1]
