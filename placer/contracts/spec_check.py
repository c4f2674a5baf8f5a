"""Checks of kernel specs, in words."""

from __future__ import annotations


def require(holds: bool, sentence: str) -> None:
    """Raise ValueError with this sentence unless the condition holds."""
    if not holds:
        raise ValueError(sentence)
