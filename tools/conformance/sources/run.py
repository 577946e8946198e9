"""All formats: their files are made, read and compared, each in processes of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tools import environments

from . import recipes, table
from .result import Result

_TIMEOUT = 600  # seconds for reading one format


def compare(
    names: list[str], python: str, seed: int, count: int, *, quiet: bool
) -> tuple[list[Result], dict[str, str]]:
    """What came of each source, printed as it comes, and which formats could not be made."""
    results: list[Result] = []
    absent: dict[str, str] = {}
    packages = _packages(python)
    if not quiet:
        print(f"{count:,} records, seed {seed}, libraries of {python}\n\n{table.heading()}")
    for name in names:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            try:
                recipes.make(name, python, Path(folder), seed, count)
            except recipes.MissingError as error:
                absent[name] = f"no {error} in that environment"
                continue
            except recipes.RecipeError as error:
                own = [Result(recipes.format_of(name), "", "", faults=[f"not made: {error}"])]
            else:
                own = _read(name, folder, packages)
        results += own
        for result in own if not quiet else ():
            print(table.line(result), flush=True)
    return results, absent


def refresh(names: list[str], python: str) -> int:
    """Make the small files in the tree again; the number of folders that could not be."""
    failed = 0
    for name in names:
        try:
            recipes.refresh(name, python)
            print(f"{name}: made again")
        except (recipes.MissingError, recipes.RecipeError) as error:
            failed += 1
            print(f"{name}: not made: {error}")
    return failed


def _packages(python: str) -> str:
    """Where an environment has its libraries."""
    statement = "import sysconfig; print(sysconfig.get_path('platlib'))"
    ran = subprocess.run([python, "-c", statement], capture_output=True, text=True, check=True)
    return ran.stdout.strip()


def _read(name: str, folder: str, packages: str) -> list[Result]:
    command = environments.command(
        sys.executable, "tools.conformance.sources.reading", name, folder, packages
    )
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        return [Result(name, "", "", faults=[f"not read within {_TIMEOUT} s"])]
    marked = [line for line in ran.stdout.splitlines() if line.startswith("result ")]
    results = [Result(**json.loads(line.removeprefix("result "))) for line in marked]
    if ran.returncode:
        last = [line for line in ran.stderr.splitlines() if line.strip()][-1:]
        results.append(Result(name, "", "", faults=[f"reading ended: {' '.join(last)}"[:300]]))
    return results
