"""Damaged files of other systems: records as they stand, or a typed error that names the file."""

from __future__ import annotations

import random
import resource
import shutil
import time
import zipfile
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NamedTuple

import vdb
from tools.torture.shared.campaign import Campaign
from vdb.sources.registry import FORMATS

FILES = Path(__file__).parents[3] / "tests" / "files" / "sources"
DAMAGED = 10  # versions of each source in a round
SECONDS = 10.0  # that reading a few kilobytes may take
MEMORY = 256 << 20  # bytes more than before that it may take
HUGE = (0, 1, 255, 2**15, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**63 - 1, 2**63, 2**64 - 1)


PGVECTOR = "id:bigint,title:text,score:double precision,even:boolean,tags:jsonb,embedding:vector"
OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("annoy/angular.ann", {"dim": 16, "metric": "cosine"}),
    ("annoy/euclidean.ann", {"dim": 16, "metric": "l2"}),
    ("annoy/manhattan.ann", {"dim": 16, "metric": "l1"}),
    ("annoy/dot.ann", {"dim": 16, "metric": "ip"}),
    ("annoy/hamming.ann", {"dim": 64, "metric": "hamming"}),
    ("annoy/hamming-20.ann", {"dim": 20, "metric": "hamming"}),
    ("annoy/one.ann", {"dim": 3, "metric": "l2"}),
    ("chroma/*.zip", {"collection": "docs-cosine"}),
    ("chroma/*.zip", {"collection": "docs-l2"}),
    ("hannoy/four", {"index": 0}),
    ("milvus_lite/*.zip", {"collection": "L2"}),
    ("pgvector/dump.sql", {"table": "items", "vector": "embedding"}),
    ("pgvector/items.txt", {"columns": PGVECTOR}),
    ("pgvector/items.csv", {"columns": "id:bigint,title:text,embedding:vector", "csv": True}),
    ("pgvector/items.copy", {"columns": f"{PGVECTOR},small:halfvec", "vector": "embedding"}),
    ("pgvector/codes.copy", {"columns": "key:text,code:bit", "id": "key"}),
    ("pgvector/sparse.copy", {"columns": "id:int,v:sparsevec"}),
    ("qdrant/*.zip", {"collection": "Cosine"}),
    ("qdrant/*.zip", {"collection": "named", "vector": "image"}),
    ("safetensors/several.safetensors", {"vectors": "half"}),
    ("sqlite_vec/vec0.db", {"table": "docs"}),
    ("sqlite_vec/vec0.db", {"table": "small"}),
)
"""What sources need to be opened with, by their names; several for several parts of one."""


class Small(NamedTuple):
    """A small source: its format, where it is, and what it needs."""

    format: str
    place: Path
    options: dict[str, Any]


class Sources(Campaign):
    """Each small file of each format, damaged ten times at random."""

    accepted = ("refused or read",)
    full = 300

    def __init__(self, place: Path, seed: int) -> None:
        super().__init__(place, seed)
        self.sources = [small for small in sources() if self._opens(small)]
        self.outcomes = {"read": 0, "refused": 0}

    @staticmethod
    def _opens(small: Small) -> bool:
        """Whether it can be read undamaged: some need a library, some are there to be refused."""
        if small.place.suffix == ".zip":
            return True
        try:
            vdb.sources.open(small.place, small.format, **small.options).close()
        except (ImportError, vdb.VdbError):
            return False
        return True

    def round(self, number: int) -> str:
        for which, small in enumerate(self.sources):
            draw = random.Random(f"{self.seed}/{number}/{which}")
            for _ in range(DAMAGED):
                fault = self._case(draw, small)
                if fault is not None:
                    return f"{small.format}, {small.place.name}: {fault}"
        return self.accepted[0]

    def end(self) -> None:
        print(f"{len(self.sources)} sources: {self.outcomes}")

    def _case(self, draw: random.Random, small: Small) -> str | None:
        whole = small.place
        copy = self.place / "damaged" / whole.name
        shutil.rmtree(copy.parent, ignore_errors=True)
        copy.parent.mkdir(parents=True)
        if whole.suffix == ".zip" or whole.is_dir():
            (unpacked if whole.suffix == ".zip" else shutil.copytree)(whole, copy)
            target = draw.choice(sorted(one for one in copy.rglob("*") if one.is_file()))
        else:
            target = Path(shutil.copy(whole, copy))
        target.write_bytes(damaged(draw, target.read_bytes()))
        before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
        try:
            with vdb.sources.open(copy, small.format, **small.options) as source:
                first = source.checksum()
                if source.checksum() != first:
                    return "two readings give different records"
            outcome = "read"
        except (vdb.SourceError, vdb.InvalidArgumentError, vdb.DiskError):
            outcome = "refused"
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
            kept = self.place / f"kept-{small.format}-{time.time_ns()}"
            (shutil.copytree if copy.is_dir() else shutil.copy)(copy, kept)
            return f"{type(error).__name__}: {str(error)[:200]} ({kept})"
        self.outcomes[outcome] += 1
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
        if grown > MEMORY:
            return f"took {grown >> 20:,} MiB"
        if time.monotonic() - start > SECONDS:
            return f"took {time.monotonic() - start:.0f} s"
        return None


def sources() -> Iterator[Small]:
    """Every small source, with the options that it needs."""
    for folder in sorted(FILES.iterdir()):
        format_name = folder.name.replace("_", "-")
        if format_name not in FORMATS:
            continue
        for place in sorted(folder.iterdir()):
            if place.suffix in (".py", ".sh", ".npy", ".json"):
                continue
            name = f"{folder.name}/{place.name}"
            options = [one for pattern, one in OPTIONS if fnmatch(name, pattern)]
            for one in options or [{}]:
                yield Small(format_name, place, one)


def unpacked(archive: Path, place: Path) -> None:
    """A directory that lies in an archive."""
    with zipfile.ZipFile(archive) as files:
        files.extractall(place)


def damaged(draw: random.Random, data: bytes) -> bytes:
    """The bytes with one to four faults."""
    changed = bytearray(data)
    for _ in range(draw.choice((1, 1, 1, 2, 4))):
        if not changed:
            break
        place = draw.randrange(len(changed))
        near_head = draw.randrange(min(len(changed), 256))
        match draw.randrange(7):
            case 0:
                changed[place] ^= 1 << draw.randrange(8)
            case 1:
                changed[near_head] = draw.randrange(256)
            case 2:
                del changed[place:]
            case 3:
                del changed[place : place + draw.choice((1, 2, 4, 8, 64))]
            case 4:
                changed[place:place] = draw.randbytes(draw.choice((1, 2, 4, 8, 64)))
            case 5:
                start = near_head if draw.random() < 0.5 else place
                width = draw.choice((2, 4, 8))
                number = draw.choice(HUGE) % (1 << 8 * width)
                changed[start : start + width] = number.to_bytes(width, "little")
            case _:
                other = draw.randrange(len(changed))
                changed[place : place + 16] = changed[other : other + 16]
    return bytes(changed)
