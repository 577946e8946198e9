"""Drives the page of `vdb explore` in a real browser; fails where it breaks a promise.

    python tools/drive_explorer.py --browser /usr/bin/chromium --rows 100000 --pictures FOLDER

It makes a database with hostile texts, opens the page wide, narrow and dark, walks through it with
the keyboard alone, writes to the database meanwhile, and looks at what the page asked for: scripts
of payloads that ran, addresses that are not of the page, the time to the first view and to a new
answer. Needs playwright.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from browser import HOSTILE, require, viewed

import vdb


def fill(place: Path, rows: int, dim: int) -> None:
    """A collection of that many records, whose first ones have hostile ids and payloads."""
    rng = np.random.default_rng(0)
    with vdb.open(place, durability="relaxed") as db:
        docs = db.create_collection("docs", dim=dim, metric="cosine", index=vdb.HNSW(codes="int8"))
        for start in range(0, rows, 10_000):
            count = min(10_000, rows - start)
            ids = [f"record {start + row:07}" for row in range(count)]
            texts = [f"text {start + row}" for row in range(count)]
            for row, text in enumerate(HOSTILE if not start else ()):
                ids[row], texts[row] = f"!{row} {text[:380]}", text
            vectors = rng.normal(size=(count, dim)).astype(np.float32)
            docs.add(ids, vectors, [{"text": text, "number": 2**63 - 1} for text in texts])
        bare = db.create_collection("without", dim=2, metric="l2", optional_vectors=True)
        bare.add([1], None, [{"text": "no vector"}])


def look(page: Any, address: str, place: Path) -> str:
    """Walks through the page; returns the seconds that it took, in words."""
    problems: list[str] = []
    asked: list[str] = []
    page.on("console", lambda one: problems.append(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda one: problems.append(str(one)))
    page.on("request", lambda one: asked.append(one.url))
    page.on("dialog", lambda one: problems.append(f"a dialog: {one.message}"))
    begin = time.perf_counter()
    page.goto(address)
    page.wait_for_selector(".hits li")
    first = time.perf_counter() - begin

    drawn = []
    page.focus("#records")
    for _ in range(12):  # by keyboard
        before = page.input_value("#like")
        page.keyboard.press("ArrowDown")
        page.wait_for_function("old => document.querySelector('#like').value !== old", arg=before)
        page.wait_for_function(
            "() => /until drawn/.test(document.querySelector('#status').innerText)"
        )
        page.wait_for_timeout(150)
        drawn.append(float(page.inner_text("#status").split(", ")[1].split()[0]))
    walk_by_keyboard(page)
    page.click("#tab-record")
    page.click("#tab-about")
    with vdb.open(place) as db:
        db.collection("docs").delete([next(iter(db.collection("docs").ids()))])
    page.click("#find button")
    page.wait_for_timeout(300)
    page.fill("#filter", "{")
    page.press("#filter", "Enter")
    page.wait_for_selector("#status.wrong")
    for _ in range(20):
        if page.is_visible("#more"):
            page.fill("#filter", "")
            page.click("#more")
            page.wait_for_timeout(50)
    rows = page.evaluate("document.querySelectorAll('#records li').length")
    require(rows <= 550, f"{rows} records stay in the page")
    width = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    require(width <= 0, f"the page is {width} pixels wider than the window")
    require(page.evaluate("window.ran") is None, "a script of a payload ran")
    require(not problems, f"the browser complains: {problems}")
    look_without_vectors(page)
    foreign = [one for one in asked if not one.startswith(address)]
    require(not foreign, f"addresses that are not of the page: {foreign}")
    return f"first view {first:.3f} s, new answer {statistics.median(drawn) / 1000:.3f} s"


def walk_by_keyboard(page: Any) -> None:
    """From a hit to its explanation, and from tab to tab to the slider."""
    page.keyboard.press("Tab")
    page.focus(".hits button")
    page.keyboard.press("Enter")
    page.wait_for_selector("#explanation:not([hidden]) dl")
    page.focus("#tab-neighbors")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("#chart svg")
    page.focus("#slider")
    before = page.inner_text("#passing")
    page.keyboard.press("ArrowRight")
    require(page.inner_text("#passing") != before, "the slider does not move by keyboard")


def look_without_vectors(page: Any) -> None:
    """A record without a vector is shown, under no neighbours; and an int as it is."""
    require(str(2**63 - 1) in page.text_content("#record pre"), "an int is shown as another")
    page.select_option("#collection", "without")
    page.wait_for_function("() => /no vector/.test(document.querySelector('#record').textContent)")
    require(page.locator(".hits li").count() == 0, "neighbours of another question stay")


def main() -> None:
    """Make the database, serve it, and look at it in three sizes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--browser", default="/usr/bin/chromium")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--pictures", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "look.vdb")
        fill(place, options.rows, options.dim)
        viewed(
            [sys.executable, "-m", "vdb", "explore", str(place)],
            lambda page, address: look(page, address, place),
            browser=options.browser,
            pictures=options.pictures,
        )


if __name__ == "__main__":
    main()
