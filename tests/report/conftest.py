"""A real browser for the tests of the report."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
# CI sets this: there, a missing browser is an error and not a reason to skip.
REQUIRED = "PLACER_REQUIRE_BROWSER"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The Chromium of this machine."""
    path = next((p for name in NAMES if (p := shutil.which(name))), None)
    if path is None:
        reason = f"no Chromium on PATH (looked for {', '.join(NAMES)}; on Debian: apt-get install chromium)"
        pytest.fail(reason) if os.environ.get(REQUIRED) else pytest.skip(reason)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path)
        yield chromium
        chromium.close()
