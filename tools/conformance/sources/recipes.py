"""The recipes of files, and how they are run in an environment that has the libraries."""

from __future__ import annotations

import subprocess
from pathlib import Path

RECIPES = Path(__file__).parents[3] / "tests" / "files" / "sources"
TIMEOUT = 600  # seconds for one recipe


class MissingError(Exception):
    """A library that the recipe needs is not installed; the text names it."""


class RecipeError(Exception):
    """The recipe failed; the text is the last line that it printed."""


def names() -> list[str]:
    """The folders that have a recipe."""
    return sorted(path.parent.name for path in RECIPES.glob("*/make.py"))


def format_of(name: str) -> str:
    """The format whose files a folder holds."""
    return name.replace("_", "-")


def make(name: str, python: str, folder: Path, seed: int, count: int) -> None:
    """Make files of random records in a folder, with what was given.

    Raises:
        MissingError, RecipeError: They cannot be made.
    """
    _run(name, python, str(folder), "--seed", str(seed), "--count", str(count))


def refresh(name: str, python: str) -> None:
    """Make the small files beside the recipe again; raises as `make`."""
    _run(name, python)


def _run(name: str, python: str, *arguments: str) -> None:
    command = [python, str(RECIPES / name / "make.py"), *arguments]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        raise RecipeError(f"not made within {TIMEOUT} s") from None
    if ran.returncode == 0:
        return
    last = [line for line in ran.stderr.splitlines() if line.strip()][-1:]
    text = last[0] if last else f"exit status {ran.returncode}"
    if text.startswith("ModuleNotFoundError: No module named "):
        raise MissingError(text.removeprefix("ModuleNotFoundError: No module named ").strip("'"))
    raise RecipeError(text[:200])
