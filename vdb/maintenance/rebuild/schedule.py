"""How a build divides its time, and what it tells of where it is."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Pace", "RebuildProgress"]


@dataclass(frozen=True, slots=True)
class RebuildProgress:
    """Where a rebuild is.

    Attributes:
        phase: "copying" (to another dtype), "building", "catching up", "validating", or "removing"
            what is no longer needed.
        done: Records (of "copying": slots, of "removing": blocks) dealt with in this phase.
        total: Of how many; 0 where that is not known.
    """

    phase: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Pace:
    """How a build divides its time.

    Attributes:
        rows: Vectors linked between two looks at the clock, at most.
        moment: Seconds that linking goes on over one moment, about, while others write: what their
            commits replace meanwhile cannot be used again.
        seconds: Time between two checkpoints, at least.
        share: Largest share of the time that checkpoints may take.
        memory: Bytes of linked and not yet stored blocks, at most.
        blocks: Small blocks in one commit, at most: 16 MiB. A big one counts for as many as fill
            it.
        copied: Vectors converted between two looks at what that made.
        last: Changed slots that are caught up with under the writer lock.
        rounds: After so many rounds of catching up the rest is done under the writer lock, however
            much it is.
        patience: Seconds to wait for another writer, once a build has begun.
    """

    rows: int = 1024
    moment: float = 0.05
    seconds: float = 10.0
    share: float = 0.05
    memory: int = 1 << 30
    blocks: int = 4096
    copied: int = 4096
    last: int = 128
    rounds: int = 20
    patience: float = 600.0

    def rows_in(self, seconds: float, *, of: int, took: float) -> int:
        """How many vectors are linked in so many seconds, where `of` of them took `took`."""
        return max(1, min(self.rows, int(of * seconds / max(took, 1e-6)), 2 * of))
