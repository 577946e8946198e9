"""Seeded bugs: the tests must notice every one that is put into a copy of the source."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tools.torture.mutation.mutations import MUTATIONS, Mutation
from tools.torture.mutation.scratch_copy import ChangedError, ScratchCopy
from tools.torture.shared.campaign import Campaign

SECONDS = 900
PYTEST = ("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider")


class Mutants(Campaign):
    """A bug is put into a copy of our own source: the tests of its place fail."""

    accepted = ("caught",)
    full = len(MUTATIONS)

    def __init__(self, place: Path, seed: int) -> None:
        super().__init__(place, seed)
        self._copy = ScratchCopy(place)

    def round(self, number: int) -> str:
        mutation, copy = MUTATIONS[number % len(MUTATIONS)], self._copy
        try:
            whole = copy.replace(mutation.file, mutation.old, mutation.new)
        except ChangedError as error:
            return f"{mutation.name}: {error}"
        try:
            outcome = (copy.compile() if mutation.compiled else None) or self._test(mutation)
        finally:
            copy.restore(mutation.file, whole)
            if mutation.compiled:
                copy.restore_kernel()
        return outcome if outcome in self.accepted else f"{mutation.name}: {outcome}"

    def _test(self, mutation: Mutation) -> str:
        try:
            completed = subprocess.run(
                [sys.executable, *PYTEST, *mutation.tests.split()],
                cwd=self._copy.tree,
                env=self._copy.environment,
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return "caught"  # a test that never ends fails in the suite, by its time limit
        # 1: a test failed; below 0: the process died of it.
        if completed.returncode == 1 or completed.returncode < 0:
            return "caught"
        verdict = (
            "nobody noticed"
            if completed.returncode == 0
            else f"pytest exits with {completed.returncode}"
        )
        return f"{verdict}: {completed.stdout[-500:]}"
