"""Reporting where a build is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from vdb.maintenance.rebuild.context import ProgressCallback
from vdb.maintenance.rebuild.report import RebuildProgress

__all__ = ["ProgressReporter"]


class ProgressReporter:
    """The phase of a build, and the callback that is told of it.

    Attributes:
        phase: As `RebuildProgress.phase`.
    """

    def __init__(self, callback: ProgressCallback | None) -> None:
        self.phase = "building"
        self._callback = callback

    def report(self, done: int, total: int) -> None:
        """Call the callback, if there is one; what it raises stops the build."""
        if self._callback is not None:
            self._callback(RebuildProgress(self.phase, done, total))

    @contextmanager
    def during(self, phase: str) -> Iterator[None]:
        """Another phase for a block; where it raises, the phase stays."""
        before, self.phase = self.phase, phase
        yield
        self.phase = before
