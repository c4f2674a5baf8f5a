"""Folding after import: only what nobody can tell apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from placer.frontend.fold import drop_unread, fold_clamps
from placer.network import Add, IntType, Network, Operation, QuantType, Requantise, Rounding, Table, Tensor, Transpose

INT8 = QuantType(IntType.INT8, 0.5)
COARSE = QuantType(IntType.INT8, 1.0)


def network(outputs: tuple[str, ...], *operations: Operation, coarse: tuple[str, ...] = ()) -> Network:
    """Operations on [2, 2] tensors; those named in `coarse` have twice the scale."""
    names = dict.fromkeys(("x", "z", *(op.target for op in operations)))
    tensors = tuple(Tensor(n, (2, 2), COARSE if n in coarse else INT8) for n in names)
    return Network("net", None, ("x", "z"), outputs, tensors, operations)


ZERO, ONE = np.zeros(1, np.int64), np.ones(1, np.int64)
PLAIN = Rounding(0, ZERO, ONE, 0, 0, -128, 127, wide=False)
POSITIVE = replace(PLAIN, low=0)
ADD = Add("add", "x", "x", "a", 1, 1, PLAIN)
RELU = Requantise("relu", "a", "b", POSITIVE)


def folded(*names: str, operations: tuple[Operation, ...], coarse: tuple[str, ...] = ()) -> tuple[Operation, ...]:
    """The operations that are left."""
    return fold_clamps(network(names, *operations, coarse=coarse)).operations


def test_relu_joins_what_it_follows() -> None:
    """Same scale, nobody else reads: one operation."""
    (found,) = folded("b", operations=(ADD, RELU))
    assert isinstance(found, Add)
    assert (found.target, found.rounding.low, found.rounding.high) == ("b", 0, 127)


def test_a_chain_of_clamps() -> None:
    """All of them fold into the first operation; the tighter bounds stay."""
    second = Requantise("clip", "b", "c", replace(PLAIN, low=-5, high=6))
    (found,) = folded("c", operations=(ADD, RELU, second))
    assert isinstance(found, Add)
    assert (found.target, found.rounding.low, found.rounding.high) == ("c", 0, 6)


def test_a_clamped_table_is_a_table() -> None:
    """Its values are clamped."""
    table = Table("t", "x", "a", np.arange(-128, 128))
    (found,) = folded("b", operations=(table, RELU))
    assert isinstance(found, Table)
    np.testing.assert_array_equal(found.values, np.arange(-128, 128).clip(0))


def test_a_clamped_input_is_a_narrower_input() -> None:
    """The host clips: fewer values come in."""
    clip = Requantise("clip", "x", "a", replace(PLAIN, low=-32, high=31))
    found = fold_clamps(network(("a",), clip))
    assert found.operations == ()
    assert found.inputs[0] == "a"
    assert found.tensor("a").type.limits == (-32, 31)


def test_relu_of_another_scale_stays() -> None:
    """It rounds."""
    assert folded("b", operations=(ADD, RELU), coarse=("b",)) == (ADD, RELU)


def test_change_of_values_stays() -> None:
    """A bias, a multiplier or a shift is no clamp."""
    for changed in (replace(PLAIN, bias=ONE), replace(PLAIN, multiplier=ONE * 3), replace(PLAIN, shift=1), replace(PLAIN, up=1)):
        operations = (ADD, Requantise("other", "a", "b", changed))
        assert folded("b", operations=operations) == operations


def test_relu_stays_when_the_unrectified_result_is_seen() -> None:
    """By an output, or by another operation."""
    assert folded("a", "b", operations=(ADD, RELU)) == (ADD, RELU)
    reader = Add("other", "a", "b", "c", 1, 1, PLAIN)
    assert folded("c", operations=(ADD, RELU, reader)) == (ADD, RELU, reader)


def test_relu_after_a_movement_stays() -> None:
    """A Transpose computes nothing that could rectify."""
    turn = Transpose("turn", "x", "a", (1, 0))
    assert folded("b", operations=(turn, RELU)) == (turn, RELU)


def test_unread_operations_inputs_tensors_and_notes_go() -> None:
    """Whatever no output depends on."""
    dead = Add("dead", "a", "z", "d", 1, 1, PLAIN)
    whole = replace(network(("b",), ADD, dead, RELU), inserted=(("a", "why"), ("d", "why")))
    kept = drop_unread(whole)
    assert kept.operations == (ADD, RELU)
    assert kept.inputs == ("x",)
    assert [t.name for t in kept.tensors] == ["x", "a", "b"]
    assert kept.inserted == (("a", "why"),)
