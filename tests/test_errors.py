"""Messages and exit codes."""

from __future__ import annotations

from placer.errors import InfeasibleError, InputError, PlacerError, UnsupportedModelError, nearest_name


def test_exit_codes() -> None:
    """2 for what the user gave, 1 when no mapping exists."""
    assert (InputError.exit_code, UnsupportedModelError.exit_code, InfeasibleError.exit_code) == (2, 2, 1)
    assert issubclass(InputError, PlacerError)
    assert issubclass(InfeasibleError, PlacerError)


def test_nearest_name() -> None:
    """The closest name, or nothing when none is close."""
    assert nearest_name("bacth", ("batch", "rows")) == " (did you mean 'batch'?)"
    assert nearest_name("xyzzy", ("batch", "rows")) == ""
