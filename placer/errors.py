"""The errors that a user can cause, and the exit code of each.

Every message is one clear sentence: what is wrong, where, what is allowed, and the nearest known name if a name was mistyped.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class PlacerError(Exception):
    """Something the user can put right; the command line prints the message alone and exits with `exit_code`.

    Names from a file may hold anything: what cannot be printed becomes a space, so that the message stays one line.
    """

    exit_code = 2

    def __init__(self, message: str) -> None:
        super().__init__("".join(c if c.isprintable() else " " for c in message))


class InputError(PlacerError):
    """A file, option or value given by the user cannot be used."""


class MissingExtraError(InputError):
    """What was asked for needs a package that is not installed; the message names the extra that brings it."""


class UnsupportedModelError(InputError):
    """The model is readable but holds something that cannot be mapped exactly."""


class InfeasibleError(PlacerError):
    """No legal mapping exists; the message states demand against supply."""

    exit_code = 1


class UndecidedError(InfeasibleError):
    """No mapping was found within the limits, and none is known not to exist."""


def nearest_name(name: str, known: Iterable[str]) -> str:
    """Return " (did you mean 'x'?)" for the known name closest to `name`, or an empty string when none is close."""
    close = get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" (did you mean {close[0]!r}?)" if close else ""
