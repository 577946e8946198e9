"""A page of vdb in a real browser: hostile texts to fill it with, and sizes to look at it in."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

__all__ = ["HOSTILE", "require", "viewed"]

HOSTILE = (
    "<script>window.ran = 1</script>",
    '"><img src=x onerror="window.ran = 2">',
    "<svg onload=window.ran=3>",
    "javascript:window.ran=4",
    "<iframe src='javascript:parent.ran=5'>",
    "https://elsewhere.example/a.png",
    "data:text/html,<script>window.ran=6</script>",
    "![x](https://elsewhere.example/b.png)",
    "\u202egnp.exe",
    "x" * 5000,
)
"""Texts of which each may run, or ask for something foreign, where it is not shown as text."""

_SIZES = {"wide": (1280, 900, "light"), "narrow": (390, 800, "light"), "dark": (1280, 900, "dark")}


def viewed(
    command: Sequence[str],
    look: Callable[[Any, str], str],
    *,
    browser: str,
    pictures: Path | None,
) -> None:
    """Serves a page, and looks at it wide, narrow and dark; prints what each look says.

    Args:
        command: Starts the server; the first line that it prints ends with the page's address.
        look: Called with a new page of playwright and the address.
        browser: The executable.
        pictures: A folder for a picture of each; None for none.
    """
    with sync_playwright() as player:
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        driven = player.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        try:
            address = next(iter(server.stdout or ())).split()[-1]
            for name, (width, height, scheme) in _SIZES.items():
                size = {"width": width, "height": height}
                page = driven.new_context(viewport=size, color_scheme=scheme).new_page()
                print(name, look(page, address))
                if pictures is not None:
                    page.screenshot(path=pictures / f"{name}.png", full_page=True)
                page.context.close()
        finally:
            driven.close()
            server.terminate()
            server.wait()


def require(truth: object, text: str) -> None:
    """Ends the run with that text if it is not so."""
    if not truth:
        sys.exit(f"FAILED: {text}")
