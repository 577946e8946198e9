"""An environment a library, so that no two of them meet: `.bench/peers/NAME`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tools.environments import Environment, InstallError

from .contestants import REQUIRES, Contestant
from .process import PeerError, Worker

NUMPY = "numpy<3"


class Environments:
    """Where interpreters are, and whether what they need is there.

    vdb is measured as it is installed beside this program, which `python -m tools.bench` does.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._facts: dict[str, dict[str, Any]] = {}

    def python(self, module: str) -> Path:
        """Interpreter that a driver runs in."""
        if not REQUIRES.get(module):
            return Path(sys.executable)
        return Environment(self._folder / module).python

    def installed(self, module: str) -> bool:
        """Whether what the driver needs has been installed, in this very version."""
        requirements = REQUIRES.get(module)
        return not requirements or Environment(self._folder / module).holds(requirements)

    def install(self, module: str) -> None:
        """Make the environment.

        Raises:
            PeerError: it cannot be installed on this machine; the text is pip's last line.
        """
        if self.installed(module):
            return
        requirements = REQUIRES[module]
        try:
            Environment(self._folder / module).install(requirements, (NUMPY, *requirements.split()))
        except InstallError as error:
            raise PeerError(str(error), refused=True) from None

    def facts(self, contestant: Contestant, folder: Path) -> dict[str, Any]:
        """Version and instructions of a contestant, asked of its own process, once.

        Raises:
            PeerError: it is not installed, or cannot do what its options say.
        """
        if contestant.name not in self._facts:
            with self.start(contestant, folder) as worker:
                self._facts[contestant.name] = begin(worker, contestant, "l2", 8, folder)
        return self._facts[contestant.name]

    def start(self, contestant: Contestant, folder: Path, **how: Any) -> Worker:
        """Start a contestant's process, its log in `folder`; `how` as `Worker` has it.

        Raises:
            PeerError: it is not installed.
        """
        if not self.installed(contestant.module):
            raise PeerError(
                f"not installed: python -m tools.bench peers --install {contestant.module}",
                refused=True,
            )
        folder.mkdir(parents=True, exist_ok=True)
        return Worker(self.python(contestant.module), folder / "log.txt", **how)


def begin(
    worker: Worker, contestant: Contestant, metric: str, dim: int, folder: Path
) -> dict[str, Any]:
    """Have a worker import its library and say what it is."""
    return worker.ask(
        "start",
        module=f"{contestant.package}.{contestant.module}".lstrip("."),
        metric=metric,
        dim=dim,
        folder=str(folder),
        options=dict(contestant.options),
    )


def modules(contestants: Iterable[Contestant]) -> list[str]:
    """The drivers of contestants, each once."""
    return list(dict.fromkeys(one.module for one in contestants))
