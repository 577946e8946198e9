"""What is in the files that are left after a round, whatever they are called by then."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import vdb
from tools.torture.file_moves.writer import NAME

MAGIC_FROM = 8192


@dataclass(frozen=True)
class RemainingFile:
    """One data file.

    Attributes:
        path: Where it lies.
        ids: Ids of the records in it.
        error: What is wrong with it; "" for nothing.
    """

    path: Path
    ids: frozenset[int]
    error: str


def remaining_files(root: Path) -> list[RemainingFile]:
    """All data files below a directory, each opened in a place of its own and checked whole."""
    files = [file for file in sorted(root.rglob("*")) if _is_data(file)]
    return [_look(file, root.parent / "look") for file in files]


def _is_data(file: Path) -> bool:
    named = file.name.startswith("data.mdb") or file.name in ("new", "between")
    return named and file.is_file() and file.stat().st_size >= MAGIC_FROM


def _look(file: Path, place: Path) -> RemainingFile:
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    try:
        shutil.copy(file, place / "data.mdb")
        with vdb.open(place, create=False, verify="full") as db:
            return RemainingFile(file, frozenset(db.collection(NAME).ids()), "")
    except vdb.VdbError as error:
        return RemainingFile(file, frozenset(), f"{type(error).__name__}: {error}")
    finally:
        shutil.rmtree(place, ignore_errors=True)
