"""Environments: each engine has one of its own below .conformance, into which vdb is put too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HERE = ROOT / ".conformance"
_PIP = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")


def python(name: str) -> Path:
    """The interpreter of an environment."""
    return HERE / name / "bin" / "python"


def installed(name: str, requires: str, wheel: Path) -> str:
    """Make an environment, or complete it; the words of pip where that fails, else ""."""
    mark = HERE / name / "installed"
    wanted = f"{requires}\n{wheel.name} {wheel.stat().st_mtime_ns}\n"
    if mark.is_file() and mark.read_text(encoding="utf-8") == wanted:
        return ""
    if not python(name).is_file():
        command = [os.environ.get("PYTHON", sys.executable), "-m", "venv", str(HERE / name)]
        subprocess.run(command, check=True)
    for given in (["numpy", *requires.split()], ["--force-reinstall", "--no-deps", str(wheel)]):
        complaint = _pip(name, given)
        if complaint:
            return complaint
    complaint = _pip(name, [str(wheel)])  # what vdb itself needs
    if not complaint:
        mark.write_text(wanted, encoding="utf-8")
    return complaint


def _pip(name: str, given: list[str]) -> str:
    command = [str(python(name)), *_PIP, *given]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line for line in ran.stderr.splitlines() if line.startswith("ERROR")]
    return "" if ran.returncode == 0 else (lines or ["pip failed"])[-1]
