"""How a build divides its time between linking, following other writers, and checkpoints."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Schedule"]


@dataclass(frozen=True, slots=True)
class Schedule:
    """How a build divides its time.

    Attributes:
        step_rows: Vectors linked between two looks at the clock, at most.
        snapshot_seconds: Seconds for which a snapshot is linked from, about, while others write:
            the pages that their commits replace stay in use for that long.
        checkpoint_seconds: Time between two checkpoints, at least.
        checkpoint_share: Largest share of the time that checkpoints may take, 0..1.
        dirty_bytes: Bytes of linked blocks that are not stored yet, at most.
        commit_blocks: Small blocks in one commit, at most: 16 MiB. A big one counts for as many as
            fill it.
        copy_rows: Vectors converted between two looks at the size of the converted blocks.
        swap_rows: Changed slots that are caught up with under the writer lock, at most.
        rounds: After so many rounds of catching up the rest is done under the writer lock, however
            much it is.
        lock_timeout: Seconds to wait for another writer, once a build has begun.
    """

    step_rows: int = 1024
    snapshot_seconds: float = 0.05
    checkpoint_seconds: float = 10.0
    checkpoint_share: float = 0.05
    dirty_bytes: int = 1 << 30
    commit_blocks: int = 4096
    copy_rows: int = 4096
    swap_rows: int = 128
    rounds: int = 20
    lock_timeout: float = 600.0

    def next_step(self, rows: int, *, seconds: float) -> int:
        """Vectors of the next step, where the last one linked `rows` in so many seconds."""
        in_time = int(rows * self.snapshot_seconds / max(seconds, 1e-6))
        return max(1, min(self.step_rows, in_time, 2 * rows))
