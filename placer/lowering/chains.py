"""Roundings of the network as steps of kernels, their channel values where a view puts them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from placer.layers import Activation, Step
from placer.lowering.views import View
from placer.network import Dense, IntArray, IntType, QuantType, Rounding

# A product whose columns are groups takes its weights once a group while they stay below this.
MOST_WEIGHTS = 1 << 20


def step_of(rounding: Rounding, target: QuantType, channels: int) -> Step:
    """A rounding as the step of a kernel with so many output channels."""
    relu = rounding.low == target.zero_point == 0
    plain = len(rounding.multiplier) == 1 and rounding.multiplier[0] == 1
    return Step(
        up=rounding.up,
        shift=rounding.shift,
        relu=relu,
        bias=np.broadcast_to(rounding.bias, (channels,)) if np.any(rounding.bias) else None,
        low=None if relu or rounding.low == target.dtype.min else rounding.low,
        high=None if rounding.high == target.dtype.max else rounding.high,
        multiplier=None if plain else rounding.multiplier,
        zero_point=target.zero_point,
        guard=rounding.guard,
        wide=rounding.wide,
    )


def typed(steps: tuple[Step, ...], made: IntType, target: IntType) -> tuple[Step, ...]:
    """Steps that ended a layer of `made` elements, now that others follow: those without a type of their own get it where it differs."""
    return steps if made is target else tuple(replace(s, dtype=s.dtype or made) for s in steps)


def along(rounding: Rounding, view: View, stored: Activation, by_row: bool) -> Rounding | None:
    """A rounding whose values vary along a view's last axis, with values along all rows (or columns) of its activation, or None."""
    if max(len(rounding.bias), len(rounding.multiplier)) == 1:
        return rounding
    if any(atom.by_row is not by_row for atom in view.axes[-1]):
        return None
    last = np.broadcast_to(np.arange(view.shape[-1]), view.shape)
    channel = np.zeros(stored.tokens if by_row else stored.features, np.int64)
    channel[view.places()[0 if by_row else 1]] = last

    def spread_along(values: IntArray) -> IntArray:
        return values if len(values) == 1 else values[channel]

    return replace(rounding, bias=spread_along(rounding.bias), multiplier=spread_along(rounding.multiplier))


def by_group(op: Dense, view: View, stored: Activation) -> tuple[IntArray, Rounding, View] | None:
    """Weights, rounding and the result's view of a product over some columns of each token, once for each group of them.

    None where the view is none of this kind or reads a column twice in a product, or the weights would grow too large.
    """
    inner, channels = op.weight.shape
    outer = [a for axis in view.axes[:-1] for a in axis if not a.by_row]
    groups = math.prod(a.size for a in outer)
    rows = View("", tuple(tuple(a for a in axis if a.by_row) for axis in view.axes[:-1]), view.row)
    straight = rows.whole(stored.tokens, 1) and not any(a.by_row for a in view.axes[-1])
    if not straight or groups * stored.features * channels > MOST_WEIGHTS or any(a.stride == 0 for a in (*outer, *view.axes[-1])):
        return None
    _, places = View("", (tuple(outer), view.axes[-1]), column=view.column).places()
    weight = np.zeros((stored.features, groups * channels), np.int64)
    for number, columns in enumerate(places.reshape(groups, inner)):
        weight[columns, number * channels : (number + 1) * channels] = op.weight
    axes, stride = [], groups * channels
    for axis in view.axes[:-1]:
        atoms = []
        for atom in axis:
            if not atom.by_row:
                stride //= atom.size
            atoms.append(atom if atom.by_row else replace(atom, stride=stride))
        axes.append(tuple(atoms))
    tiled = replace(op.rounding, bias=_tiled(op.rounding.bias, groups), multiplier=_tiled(op.rounding.multiplier, groups))
    return weight, tiled, View(view.activation, (*axes, ()))


def _tiled(values: IntArray, times: int) -> IntArray:
    """Channel values once a group."""
    return values if len(values) == 1 else np.tile(values, times)
