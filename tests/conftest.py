"""Fixtures that several test files share, and what holds for all of them."""

from __future__ import annotations

import pytest
from hypothesis import settings

from tests.command_line import CommandLine

# A loaded machine is no failure: tests time nothing. The same examples every time, so that a change is judged by what it changed;
# `pytest --hypothesis-profile explore` looks for new ones.
settings.register_profile("placer", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None)
settings.load_profile("placer")


@pytest.fixture
def placer(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    """The real command line, in process."""
    return CommandLine(monkeypatch, capsys)
