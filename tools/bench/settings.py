"""What a run was asked to do."""

from dataclasses import dataclass
from pathlib import Path

from .timing import Clock


@dataclass(frozen=True)
class Settings:
    """Options of one run; `python -m tools.bench own --help` explains them.

    Attributes:
        folder: where truth, databases and results are kept.
        data: folder with the real vectors.
        peers: libraries to measure beside vdb, hnswlib first.
        with_vdb: whether vdb itself can be imported.
        rounds: interleaved rounds behind every median.
        quick: smaller data and fewer rounds, to see that everything runs.
        clock: "wall", or "cpu" on a machine that others are using.
        sets: data sets that recall, speed and build are measured on.
        metrics: their metrics.
    """

    folder: Path
    data: Path
    peers: tuple[str, ...]
    with_vdb: bool
    rounds: int
    quick: bool
    clock: Clock
    sets: tuple[str, ...]
    metrics: tuple[str, ...]
    k: int = 10
    M: int = 16
    ef_construction: int = 200
    threads: int = 2

    @property
    def cache(self) -> Path:
        """Ground truth, kept from run to run."""
        return self.folder / "truth"

    @property
    def scratch(self) -> Path:
        """Databases of this run, deleted as it goes; on the disk that is measured."""
        return self.folder / "scratch"

    @property
    def synthetic_size(self) -> int:
        """Vectors in the synthetic set."""
        return 10_000 if self.quick else 100_000
