"""Fixtures that several test files share."""

from __future__ import annotations

import pytest

from tests.command_line import CommandLine


@pytest.fixture
def placer(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    """The real command line, in process."""
    return CommandLine(monkeypatch, capsys)
