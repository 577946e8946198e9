"""Programs in C++ that drive the kernel without Python, built with sanitizers on first use."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tools.torture.shared.campaign import UnavailableError
from tools.torture.shared.lines import answer_of

ROOT = Path(__file__).parents[3]
CANNOT = 3
"""Exit code of tools/torture/harness/build where no compiler can do it."""
SECONDS = 300.0


def build(sanitizer: str) -> Path:
    """Where the programs of tools/torture/harness lie, built with a sanitizer."""
    if not (ROOT / "tools/torture/harness/build").exists():
        raise UnavailableError("tools/torture/harness is not here")
    built = subprocess.run(
        ["bash", "tools/torture/harness/build", sanitizer],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode == CANNOT:
        raise UnavailableError(built.stderr.strip())
    if built.returncode != 0:
        raise RuntimeError(built.stderr)
    return Path(built.stdout.strip())


class Program:
    """A program that answers each line with one, and is started again when it dies or hangs."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._child: subprocess.Popen[str] | None = None

    def ask(self, line: str) -> str:
        """Its answer; or the end of what it said on its way out."""
        if self._child is None:
            self._child = subprocess.Popen(
                [self._path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env={"ASAN_OPTIONS": "detect_leaks=0", "UBSAN_OPTIONS": "print_stacktrace=1"},
            )
        return answer_of(self._child, line, SECONDS) or self.end()

    def end(self) -> str:
        """Let the child go; what it said last."""
        if self._child is None:
            return ""
        child, self._child = self._child, None
        try:
            output = child.communicate(timeout=5)[1]
        except subprocess.TimeoutExpired:
            child.kill()
            output = child.communicate()[1] + "hang"
        return output[-3000:].strip()
