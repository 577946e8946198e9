"""Damaged files of other systems: records as they stand, or a typed error that names the file."""

from __future__ import annotations

import random
import resource
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import vdb
from tools.torture.shared.campaign import Campaign
from vdb.sources.registry import FORMATS

FILES = Path(__file__).parents[3] / "tests" / "files" / "sources"
DAMAGED = 10  # versions of each source in a round
SECONDS = 10.0  # that reading a few kilobytes may take
MEMORY = 256 << 20  # bytes more than before that it may take
HUGE = (0, 1, 255, 2**15, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**63 - 1, 2**63, 2**64 - 1)


class Sources(Campaign):
    """Each small file of each format, damaged ten times at random."""

    accepted = ("refused or read",)
    full = 300

    def __init__(self, place: Path, seed: int) -> None:
        super().__init__(place, seed)
        self.sources = list(sources())
        self.outcomes = {"read": 0, "refused": 0}

    def round(self, number: int) -> str:
        for format_name, whole, name in self.sources:
            draw = random.Random(f"{self.seed}/{number}/{format_name}/{name}")
            for _ in range(DAMAGED):
                fault = self._case(draw, format_name, whole)
                if fault is not None:
                    return f"{format_name}, {name}: {fault}"
        return self.accepted[0]

    def end(self) -> None:
        print(f"{len(self.sources)} sources: {self.outcomes}")

    def _case(self, draw: random.Random, format_name: str, whole: Path) -> str | None:
        copy = self.place / "damaged" / whole.name
        shutil.rmtree(copy.parent, ignore_errors=True)
        copy.parent.mkdir(parents=True)
        if whole.is_dir():
            shutil.copytree(whole, copy)
            target = draw.choice(sorted(one for one in copy.rglob("*") if one.is_file()))
        else:
            target = Path(shutil.copy(whole, copy))
        target.write_bytes(damaged(draw, target.read_bytes()))
        before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
        try:
            with vdb.sources.open(copy, format_name, **options(format_name)) as source:
                first = source.checksum()
                if source.checksum() != first:
                    return "two readings give different records"
            outcome = "read"
        except (vdb.SourceError, vdb.InvalidArgumentError):
            outcome = "refused"
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
            kept = self.place / f"kept-{format_name}-{time.time_ns()}"
            (shutil.copytree if copy.is_dir() else shutil.copy)(copy, kept)
            return f"{type(error).__name__}: {str(error)[:200]} ({kept})"
        self.outcomes[outcome] += 1
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
        if grown > MEMORY:
            return f"took {grown >> 20:,} MiB"
        if time.monotonic() - start > SECONDS:
            return f"took {time.monotonic() - start:.0f} s"
        return None


def sources() -> Iterator[tuple[str, Path, str]]:
    """Format, place and name of every small source."""
    for folder in sorted(FILES.iterdir()):
        for place in sorted(folder.iterdir()) if folder.is_dir() else []:
            if folder.name in FORMATS and place.suffix not in (".py", ".npy", ".json"):
                yield folder.name, place, place.name


def options(format_name: str) -> dict[str, object]:
    """Options without which a format cannot be opened."""
    needed: dict[str, dict[str, object]] = {"annoy": {"dim": 16, "metric": "l2"}}
    return needed.get(format_name, {})


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
