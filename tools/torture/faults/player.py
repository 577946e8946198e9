"""Plays chapters of the history in forks, and goes on after errors.

Run as a program it is the process that forks (`forks`). A fork tells "done N" after each step. When
a step is refused with one of vdb's errors, the fork looks at what the database shows, which must be
what was there before the step or after it, and goes on from there: with the same handle, or else
with one that was opened anew.
"""

from __future__ import annotations

import contextlib
import json
import signal
import tempfile
from pathlib import Path
from typing import Any

import vdb
from tools.torture.faults.chapters import CHAPTERS, QUICK
from tools.torture.faults.history import Chapter, Stage, shown
from tools.torture.faults.preload import NO_MEMORY, arm, disarm, heal
from tools.torture.shared.forks import Tell, serve
from vdb.maintenance.rebuild import run


class Player:
    """One chapter, as it is played by one fork."""

    def __init__(self, stage: Stage, chapter: Chapter, states: list[str], tell: Tell) -> None:
        """`states` is what is shown before the first step and after each of them."""
        self._stage = stage
        self._steps = chapter.steps
        self._states = states
        self._tell = tell
        self._reopened = 0
        self._refusals: tuple[type[Exception], ...] = (vdb.VdbError,)

    def starve(self) -> None:
        """From now on a step may also be refused for want of memory."""
        self._refusals = (vdb.VdbError, MemoryError)

    def play(self) -> None:
        """Every step, to the end."""
        for number, step in enumerate(self._steps):
            refusal = ""
            try:
                step(self._stage)
            except self._refusals as error:
                refusal = f"{type(error).__name__}: {error}".replace("\n", " ")
            if refusal:  # and nothing keeps what the error refers to
                self._tell(f"refused {number} {refusal}")
                self._go_on(number, refusal)
            self._tell(f"done {number}")

    def _go_on(self, number: int, refusal: str) -> None:
        """From a step that was refused to its end.

        Only an error that says so may leave it done: and opening, which may have made a database.
        """
        heal()
        self._reopened = 0
        before, after = self._states[number : number + 2]
        while True:
            now = self._look()
            if now not in (before, after):
                raise AssertionError(f"step {number} left what it must not: {now}")
            if now == after != before and number and not refusal.startswith("CommitUnknownError"):
                raise AssertionError(f"step {number} is done, and was refused with {refusal}")
            if now == after and self._is_over(number, changed=before != after):
                return
            refusal = ""
            try:
                self._steps[number](self._stage)
            except vdb.VdbError as error:
                refusal = f"{type(error).__name__}: {error}"
            if not refusal:
                return
            self._reopen(refusal)

    def _is_over(self, number: int, *, changed: bool) -> bool:
        """Whether a step need not be taken again.

        The last one closes; all others, the first among them, leave something open.
        """
        closes = number == len(self._steps) - 1
        return self._stage.open is None if closes else changed and self._stage.open is not None

    def _look(self) -> str:
        try:
            return shown(self._stage)
        except vdb.VdbError as error:
            refusal = f"{type(error).__name__}: {error}"
        self._reopen(refusal)
        return shown(self._stage)

    def _reopen(self, refusal: str) -> None:
        """One reopening heals everything."""
        self._reopened += 1
        if self._reopened > 1:
            raise AssertionError(f"not healed by reopening: {refusal}")
        with contextlib.suppress(vdb.VdbError):
            self._stage.close()
        self._stage.open = None
        self._stage.open = vdb.open(self._stage.path)
        self._tell(f"reopened after {refusal}")


def left_open(place: Path) -> list[str]:
    """Files below a place that this process has open."""
    files = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            target = descriptor.readlink()
            if target.is_relative_to(place):
                files.append(target.name)
    return files


def act(task: dict[str, Any], tell: Tell) -> None:
    """What a fork does.

    The task names the chapter, the place, and the states; "wait" has it wait for SIGUSR1 before it
    begins, "fault" is what `faults.arm` takes.
    """
    if task.get("wait"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
        tell("waiting")
        signal.sigwait({signal.SIGUSR1})
    stage = Stage(Path(task["place"]))
    player = Player(stage, CHAPTERS[task["chapter"]], task["states"], tell)
    if "fault" in task:
        if task["fault"]["name"] == NO_MEMORY:
            player.starve()
        arm(**task["fault"])
    player.play()
    tell(json.dumps(disarm()))
    files = left_open(stage.place)
    if files:
        raise AssertionError(f"left open: {files}")


def warm_up() -> None:
    """Load everything that is loaded late, so that forks make only calls of their own."""
    with tempfile.TemporaryDirectory() as name:
        for chapter in CHAPTERS.values():
            stage = Stage(Path(name) / str(id(chapter)))
            stage.place.mkdir()
            chapter.begin(stage)
            for step in chapter.steps:
                step(stage)
            shown(stage)


if __name__ == "__main__":
    run.SCHEDULE = QUICK
    warm_up()
    serve(act)
