"""Running the real command line inside this process."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import pytest

from placer.cli import main


@dataclass(frozen=True)
class Ran:
    """Exit code and what was printed."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class CommandLine:
    """`placer ARGUMENTS`, in process."""

    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *arguments: object) -> Ran:
        """Run and return; any exception but SystemExit is a defect and passes through."""
        self.monkeypatch.setattr(sys, "argv", ["placer", *map(str, arguments)])
        self.monkeypatch.setenv("COLUMNS", "200")
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as caught:
            main()
        printed = self.capsys.readouterr()
        code = caught.value.code
        return Ran(code if isinstance(code, int) else int(code is not None), printed.out, printed.err)
