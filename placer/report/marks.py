"""How a layer is told from the others: a letter, a colour and a name each, the same in every picture of a mapping."""

from __future__ import annotations

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
# Paul Tol's "light" scheme (SRON/EPS/TN/09-002): fills of labelled cells, distinct for colour-blind readers, under black text.
FILLS = ("#77aadd", "#ee8866", "#eedd88", "#ffaabb", "#99ddff", "#44bb99", "#bbcc33", "#aaaa00", "#dddddd")
LABEL_LENGTH = 18
# Names come from files and may be of any length; a picture or page shows this much.
NAME_LENGTH = 200


def letter(number: int) -> str:
    """The letter of layer `number`; letter and fill together repeat after 558 layers."""
    return LETTERS[number % len(LETTERS)]


def fill(number: int) -> str:
    """The colour of layer `number`, as CSS."""
    return FILLS[number % len(FILLS)]


def clean(name: str, length: int = NAME_LENGTH) -> str:
    """A name on one line, shortened, without characters that XML forbids or that turn the writing direction."""
    shown = name if len(name) <= length else f"{name[: length - 1]}…"
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in shown)


def label(name: str) -> str:
    """A layer's name without the suffixes that an operation and the node that quantises it have, in 18 characters."""
    return clean(name.removesuffix(".op").removesuffix("_QuantizeLinear"), LABEL_LENGTH)
