"""A copy of the source that can be changed, compiled and run beside the checkout."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools.torture.shared.campaign import UnavailableError

ROOT = Path(__file__).parents[3]
PAGES = ("CHANGELOG.md", "CONTRIBUTING.md", "README.md", "SECURITY.md")
PARTS = ("docs", "tests", "tools", "vdb", "pyproject.toml", *PAGES)
# The copy is to be imported, and not the checkout that an editable installation leads to.
SITE = """import sys
sys.meta_path[:] = [one for one in sys.meta_path if "editable" not in type(one).__module__]
"""


class ChangedError(Exception):
    """A text that was to be replaced does not stand in its file, or more than once."""


class ScratchCopy:
    """The tree of a checkout in a directory of its own, with the kernel that is installed.

    Attributes:
        tree: Where the copy lies.
        module: Its compiled kernel.
    """

    def __init__(self, place: Path) -> None:
        """Make the copy; what was compiled in `place` before is used again.

        Raises:
            UnavailableError: There is no kernel to begin with.
        """
        self.tree, self._build = place / "tree", place / "build"
        kernel = importlib.util.find_spec("vdb.kernel._kernel")
        if kernel is None or kernel.origin is None:
            raise UnavailableError("the kernel is not compiled")
        shutil.rmtree(self.tree, ignore_errors=True)
        for part in PARTS:
            source, target = ROOT / part, self.tree / part
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            elif source.exists():
                shutil.copy2(source, target)
        (self.tree / "site").mkdir()
        (self.tree / "site" / "sitecustomize.py").write_text(SITE)
        self._whole = Path(kernel.origin)
        self.module = self.tree / "vdb" / "kernel" / self._whole.name
        self.restore_kernel()

    @property
    def environment(self) -> dict[str, str]:
        """Variables for a process that is to run the copy."""
        path = f"{self.tree / 'site'}{os.pathsep}{self.tree}"
        return os.environ | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}

    def replace(self, name: str, old: str, new: str) -> str:
        """Put one text in the place of another in a file; returns the whole as it was.

        Raises:
            ChangedError: The old one does not stand there exactly once.
        """
        file = self.tree / name
        whole = file.read_text("utf-8")
        if whole.count(old) != 1:
            raise ChangedError(
                f"{name} has changed; what is to be replaced in it is to be found anew"
            )
        file.write_text(whole.replace(old, new), "utf-8")
        return whole

    def restore(self, name: str, whole: str) -> None:
        """Give a file back what `replace` returned."""
        (self.tree / name).write_text(whole, "utf-8")

    def restore_kernel(self) -> None:
        """The kernel that is installed, in the place of one that was compiled here."""
        shutil.copy2(self._whole, self.module)

    def compile(self) -> str | None:
        """Build the kernel of the copy and put it in place; what went wrong, if anything did."""
        source = self.tree / "vdb" / "kernel"
        configure = ["cmake", "-S", source, "-B", self._build, "-G", "Ninja"]
        configure += ["-DCMAKE_BUILD_TYPE=Release", f"-DPython_EXECUTABLE={sys.executable}"]
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        for command in (configure, ["cmake", "--build", self._build]):
            try:
                completed = subprocess.run(
                    list(map(str, command)),
                    env=os.environ | {"PATH": path},
                    capture_output=True,
                    text=True,
                    check=False,
                )
            except FileNotFoundError:
                return "cannot be compiled without cmake"
            if completed.returncode:
                return f"does not compile: {(completed.stdout + completed.stderr)[-2000:]}"
        (built,) = self._build.glob("_kernel*.so")
        shutil.copy2(built, self.module)
        return None
