"""Environments: each engine has one of its own below .conformance, into which vdb is put too."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from tools import environments

FOLDER = environments.ROOT / ".conformance"


def build_wheel() -> Path:
    """Vdb as a wheel, built from this checkout unless no source file has changed since.

    Raises:
        InstallError: It cannot be built on this machine.
    """
    wheels, mark = FOLDER / "wheels", FOLDER / "wheels" / "state"
    state = environments.state_of_sources()
    if not mark.is_file() or mark.read_text(encoding="utf-8") != state:
        shutil.rmtree(wheels, ignore_errors=True)
        wheels.mkdir(parents=True)
        folders = ("--wheel-dir", str(wheels), f"--config-settings=build-dir={FOLDER / 'build'}")
        environments.run_pip(sys.executable, "wheel", "--no-deps", *folders, ".")
        mark.write_text(state, encoding="utf-8")
    (wheel,) = wheels.glob("vdb-*.whl")
    return wheel


def install(name: str, requires: str, wheel: Path) -> environments.Environment:
    """Make the environment of an engine, or complete it.

    Args:
        name: The environment's name; engines of one library share it.
        requires: Requirements of the engine, with spaces between.
        wheel: vdb.

    Raises:
        InstallError: Something cannot be installed on this machine.
    """
    environment = environments.Environment(FOLDER / name)
    environment.install(
        f"{requires}\n{wheel.name} {wheel.stat().st_mtime_ns}\n",
        ("numpy", *requires.split()),
        ("--force-reinstall", "--no-deps", str(wheel)),
        (str(wheel),),  # with what vdb itself needs
    )
    return environment
