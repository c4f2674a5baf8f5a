"""How long a report takes to open, and to answer pointer and toggles, in Chromium; and the picture of the README.

python scripts/bench_report.py out/mlpmixer/report.html [--png docs/report.png]

A large one: python -m placer solve configs/mlp7x512.yaml --columns 100 --rows 40 --batch 512 --work 2 --stop-after verify --out out/large
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

WIDTHS = (1280, 400)
MOVES = 60
# Runs in the page: milliseconds until the frame after an action is painted.
PAINTED = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now()), 0)))"


def main(report: Path, png: Path | None) -> None:
    """Measure at each width, and keep the picture of the widest."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        for width in WIDTHS:
            page = browser.new_page(viewport={"width": width, "height": 900})
            started = time.perf_counter()
            page.goto(report.resolve().as_uri())
            page.wait_for_selector("html[data-ready]")
            page.evaluate(PAINTED)
            opened = time.perf_counter() - started
            if png and width == WIDTHS[0]:
                page.screenshot(path=png, clip=picture(page), full_page=True)
            moves, toggles = hover(page), toggle(page)
            print(
                f"{report.stat().st_size / 1e6:.2f} MB at {width} pixels: open {opened:.2f} s, pointer to paint median "
                f"{1000 * statistics.median(moves):.0f} ms, worst {1000 * max(moves):.0f} ms, worst toggle {1000 * max(toggles):.0f} ms"
            )
        browser.close()


def hover(page: Page) -> list[float]:
    """Seconds from a move of the pointer to the painted answer, over the array from corner to corner."""
    box = page.locator("#array").bounding_box()
    assert box, "the array is there"
    page.locator("#array").scroll_into_view_if_needed()
    box = page.locator("#array").bounding_box() or box
    seconds = []
    for i in range(MOVES):
        part = (i + 0.5) / MOVES
        started = time.perf_counter()
        page.mouse.move(box["x"] + box["width"] * part, box["y"] + min(box["height"], 600) * (0.1 + 0.6 * part))
        page.evaluate(PAINTED)
        seconds.append(time.perf_counter() - started)
    return seconds


def toggle(page: Page) -> list[float]:
    """Seconds from a toggle to the painted answer, for each."""
    seconds = []
    for name in ("memory", "channels", "busy", "critical", "layers"):
        started = time.perf_counter()
        page.locator(f'input[name="view"][value="{name}"]').check()
        page.evaluate(PAINTED)
        seconds.append(time.perf_counter() - started)
    return seconds


def picture(page: Page) -> dict[str, float]:
    """From the top of the page to the end of the floorplan's section."""
    box = page.locator("section[aria-labelledby=h-floorplan]").bounding_box()
    assert box, "the section is there"
    top = page.evaluate("window.scrollY")
    return {"x": 0, "y": 0, "width": float(WIDTHS[0]), "height": box["y"] + box["height"] + top}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("report", type=Path)
    parser.add_argument("--png", type=Path)
    arguments = parser.parse_args()
    main(arguments.report, arguments.png)
