"""Virtual environments of the tools' own, beside the one for development.

Needs the standard library alone, because it runs before anything is installed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PIP = ("-m", "pip", "--quiet", "--disable-pip-version-check")
BUILD_TOOLS = ("scikit-build-core>=0.11", "nanobind>=2.4", "cmake>=3.26", "ninja>=1.11")

# The checkout stands behind what is installed: `tools` comes from it, an installed vdb does not.
_LAUNCH = (
    "import runpy, sys; sys.path.append(sys.argv.pop(1)); "
    "runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
)


class InstallError(Exception):
    """Something cannot be installed on this machine; the text is the reason pip gives."""


class Environment:
    """A virtual environment in a folder, which is made when something is installed into it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def python(self) -> Path:
        """Its interpreter."""
        windows = sys.platform == "win32"
        return self.folder / ("Scripts/python.exe" if windows else "bin/python")

    def holds(self, state: str, mark: str = "installed") -> bool:
        """Whether the last installation under this mark was of this state."""
        file = self.folder / mark
        return file.is_file() and file.read_text(encoding="utf-8") == state

    def install(
        self,
        state: str,
        *arguments: tuple[str, ...],
        mark: str = "installed",
        variables: dict[str, str] | None = None,
    ) -> None:
        """Run `pip install` once with each tuple of arguments, unless `holds` says it is done.

        Args:
            state: All that the installation depends on: requirements, or a state of sources.
            arguments: Arguments of each `pip install`, in order.
            mark: Name of the file in the folder that remembers the state.
            variables: Variables of pip's process, besides those of this one.

        Raises:
            InstallError: A `pip install` failed; the state is then not remembered.
        """
        if self.holds(state, mark):
            return
        if not self.python.is_file():
            base = os.environ.get("PYTHON", sys.executable)
            subprocess.run([base, "-m", "venv", str(self.folder)], check=True)
        for one in arguments:
            run_pip(self.python, "install", *one, variables=variables)
        (self.folder / mark).write_text(state, encoding="utf-8")


def run_pip(python: Path | str, *arguments: str, variables: dict[str, str] | None = None) -> None:
    """Run pip of an interpreter, quietly.

    Raises:
        InstallError: It failed.
    """
    ran = subprocess.run(
        [str(python), *PIP, *arguments],
        cwd=ROOT,
        env=os.environ | (variables or {}),
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode != 0:
        lines = [line for line in ran.stderr.splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith("ERROR")]
        raise InstallError((errors or lines or ["pip failed"])[-1])


def state_of_sources() -> str:
    """Changes when a source file of vdb is added, removed or written."""
    return _state([*(ROOT / "vdb").rglob("*"), ROOT / "pyproject.toml"])


def state_of_kernel() -> str:
    """Changes when the kernel's sources change, or a module of vdb is added or removed.

    Other changes need no new editable installation.
    """
    kernel = [path for path in (ROOT / "vdb/kernel").rglob("*") if path.suffix != ".py"]
    modules = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "vdb").rglob("*.py"))
    files = [*kernel, ROOT / "vdb/model/version.py", ROOT / "pyproject.toml"]
    return "\n".join([*modules, _state(files)])


def _state(paths: list[Path]) -> str:
    files = [path for path in paths if path.is_file() and path.suffix not in {".pyc", ".pyi"}]
    newest = max(path.stat().st_mtime_ns for path in files)
    return f"{len(files)} files, the newest of {newest}"


def command(python: Path | str, module: str, *arguments: object) -> list[str]:
    """The command that runs a module of `tools` with the vdb that an interpreter has installed."""
    return [str(python), "-P", "-c", _LAUNCH, str(ROOT), module, *map(str, arguments)]
