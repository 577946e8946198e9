"""Drives the page of `vdb atlas` in a real browser; fails where it breaks a promise.

    python tools/drive_atlas.py --browser /usr/bin/chromium --rows 100000 --pictures FOLDER

It makes a database with hostile ids, names of fields and texts, opens the page wide, narrow and
dark, opens a record, and looks at what the page asked for: scripts of payloads that ran, addresses
that are not of this machine, the time until the table is there. Needs playwright, and the extra
atlas in the Python that runs vdb (``--python``).

Software renderers have no 16-bit floats in WebGPU, which the map is drawn with: it may be empty.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from browser import HOSTILE, require, viewed

import vdb


def fill(place: Path, rows: int, dim: int) -> None:
    """A collection in groups, half of whose records have hostile texts."""
    rng = np.random.default_rng(0)
    centers = rng.normal(size=(50, dim)).astype(np.float32) * 2
    with vdb.open(place, durability="relaxed") as db:
        docs = db.create_collection("docs", dim=dim, metric="cosine", index=vdb.HNSW(codes="int8"))
        for start in range(0, rows, 10_000):
            numbers = range(start, min(start + 10_000, rows))
            groups = rng.integers(0, 50, len(numbers))
            vectors = centers[groups] + rng.normal(size=(len(numbers), dim)).astype(np.float32)
            payloads = [
                {
                    "text": f"{HOSTILE[row % len(HOSTILE)] if row % 2 else ''} text {row}",
                    "<img src=x onerror=window.ran=7>": HOSTILE[(row + 3) % len(HOSTILE)],
                    "group": int(group),
                    "maybe": None if row % 3 else row / 7,
                }
                for row, group in zip(numbers, groups, strict=True)
            ]
            ids = [f"<img src=x onerror=window.ran=8>{row:07}" for row in numbers]
            docs.add(ids, vectors, payloads)


def look(page: Any, address: str) -> str:
    """Waits for the table, and opens a record; returns the seconds until the table is there."""
    asked: list[str] = []
    dialogs: list[str] = []
    page.context.on("request", lambda one: asked.append(one.url))
    page.on("websocket", lambda one: asked.append(one.url))
    page.on("dialog", lambda one: (dialogs.append(one.message), one.dismiss()))
    begin = time.perf_counter()
    page.goto(address)
    page.get_by_text("onerror=window.ran=7").first.wait_for(state="attached", timeout=60_000)
    seconds = time.perf_counter() - begin
    rows = page.get_by_text("onerror=window.ran=8")
    if rows.count() and rows.first.is_visible():
        rows.first.click()
    page.wait_for_timeout(3000)
    require(page.evaluate("window.ran") is None, "a script of a payload ran")
    require(not dialogs, f"dialogs: {dialogs}")
    own = (address, f"blob:{address}", "data:", f"ws{address.removeprefix('http')}")
    foreign = sorted({one for one in asked if not one.startswith(own)})
    require(not foreign, f"addresses that are not of this machine: {foreign}")
    return f"table after {seconds:.2f} s"


def main() -> None:
    """Make the database, serve it, and look at it in three sizes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--browser", default="/usr/bin/chromium")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--projection", default="pca")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--pictures", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "look.vdb")
        fill(place, options.rows, options.dim)
        command = [options.python, "-m", "vdb", "atlas", str(place), "docs"]
        command += ["--projection", options.projection]
        viewed(command, look, browser=options.browser, pictures=options.pictures)


if __name__ == "__main__":
    main()
