"""Folding after import: only what nobody can tell apart."""

from __future__ import annotations

from dataclasses import replace

from placer.frontend.fold import drop_unread, fold_relu
from placer.network import Add, IntType, Network, Operation, QuantType, Requantise, Tensor, Transpose

INT8 = QuantType(IntType.INT8, 0.5)
COARSE = QuantType(IntType.INT8, 1.0)


def network(outputs: tuple[str, ...], *operations: Operation, coarse: tuple[str, ...] = ()) -> Network:
    """Operations on [2, 2] tensors; those named in `coarse` have twice the scale."""
    names = dict.fromkeys(("x", "z", *(op.target for op in operations)))
    tensors = tuple(Tensor(n, (2, 2), COARSE if n in coarse else INT8) for n in names)
    return Network("net", None, ("x", "z"), outputs, tensors, operations)


ADD = Add("add", "x", "x", "a", relu=False)
RELU = Requantise("relu", "a", "b", relu=True)


def test_relu_joins_what_it_follows() -> None:
    """Same scale, nobody else reads: one operation."""
    assert fold_relu(network(("b",), ADD, RELU)).operations == (replace(ADD, target="b", relu=True),)


def test_a_chain_of_relus() -> None:
    """All of them fold into the first operation."""
    second = Requantise("relu2", "b", "c", relu=True)
    assert fold_relu(network(("c",), ADD, RELU, second)).operations == (replace(ADD, target="c", relu=True),)


def test_relu_of_another_scale_stays() -> None:
    """It rounds."""
    folded = fold_relu(network(("b",), ADD, RELU, coarse=("b",)))
    assert folded.operations == (ADD, RELU)


def test_change_of_scale_stays() -> None:
    """Without a Relu there is nothing to fold."""
    plain = replace(RELU, relu=False)
    assert fold_relu(network(("b",), ADD, plain)).operations == (ADD, plain)


def test_relu_stays_when_the_unrectified_result_is_seen() -> None:
    """By an output, or by another operation."""
    assert fold_relu(network(("a", "b"), ADD, RELU)).operations == (ADD, RELU)
    reader = Add("other", "a", "b", "c", relu=False)
    assert fold_relu(network(("c",), ADD, RELU, reader)).operations == (ADD, RELU, reader)


def test_relu_after_a_movement_stays() -> None:
    """A Transpose computes nothing that could rectify."""
    turn = Transpose("turn", "x", "a", (1, 0))
    assert fold_relu(network(("b",), turn, RELU)).operations == (turn, RELU)


def test_unread_operations_inputs_and_tensors_go() -> None:
    """Whatever no output depends on."""
    dead = Add("dead", "a", "z", "d", relu=False)
    kept = drop_unread(network(("b",), ADD, dead, RELU))
    assert kept.operations == (ADD, RELU)
    assert kept.inputs == ("x",)
    assert [t.name for t in kept.tensors] == ["x", "a", "b"]
