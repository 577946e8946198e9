"""Work on a disk that is nearly full: what the campaigns `full-ext4` and `full-tmpfs` disturb.

Run as a program it is the process that forks (`forks`): a full disk under a memory map can end a
process. A fork leaves some bytes of the disk free and works until it has been refused, again and
again, each time in another way; then it makes room and does what was refused. It tells "did WORK
LOAD" and "full WORK LOAD". What a load is, `ids_of` and the functions beside it say alone.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import vdb
from tools.torture.shared.forks import Tell, serve
from vdb.cli import app

DIM = 48
METRICS = ("l2", "cosine")
MOST = 6
"""Loads that are kept."""
FREE = (0, 4096, 30_000, 150_000, 600_000, 1_500_000)
"""Bytes that are left free on the disk."""
_NO_ROOM = ("no space left on the disk", "bytes free on the disk")
"""What the command line says of a DiskFullError."""


def ids_of(load: int) -> range:
    """Ids of the records of a load."""
    return range(load * 1000, load * 1000 + 60 + load * 37 % 150)


def vectors_of(load: int) -> NDArray[np.float32]:
    """Their vectors."""
    drawn = np.random.default_rng(load).normal(size=(len(ids_of(load)), DIM))
    return drawn.astype(np.float32)


def payloads_of(load: int) -> list[dict[str, Any]]:
    """Their payloads."""
    return [{"load": load, "text": "x" * (i * 41 % 3000)} for i in ids_of(load)]


def make(path: Path) -> None:
    """A new database, with nothing in it."""
    with vdb.open(path) as db:
        if "docs" not in db:
            index = vdb.HNSW(M=6, ef_construction=24, codes="int8")
            db.create_collection("docs", dim=DIM, metric="l2", index=index, fields={"load": "int"})


class Filler:
    """One fork's work on one disk; `loads` are those that are there."""

    def __init__(self, disk: Path, spare: Path, loads: list[int], tell: Tell) -> None:
        """`spare` is a directory on another disk."""
        self._disk = disk
        self._spare = spare
        self._loads = loads
        self._tell = tell
        self._next = max(loads, default=0) + 1
        self._ballast = disk / "ballast"
        self._db = vdb.open(disk / "full.vdb")

    @property
    def _docs(self) -> vdb.Collection:
        return self._db.collection("docs")

    def work(self, draw: random.Random) -> None:
        """Several kinds of work on a full disk, and again when it is not."""
        kinds = [self._add, self._import, self._rebuild, self._back_up, self._compact]
        draw.shuffle(kinds)
        for kind in [*kinds[:3], self._add]:
            with self._filled(draw.choice(FREE)):
                refused = self._until_refused(kind)
            if refused is not None:
                self._do(kind, refused)  # there is room now
        while len(self._loads) > MOST:
            self._do(self._delete, self._loads[0])
        self._db.close()

    def _until_refused(self, kind: Callable[[int], None]) -> int | None:
        """Do it until there is no room; the load that was refused, None if none was."""
        for _ in range(20 if kind in (self._add, self._import) else 1):
            load = self._next
            self._next += 1
            try:
                self._do(kind, load)
            except vdb.DiskFullError:
                self._tell(f"full {kind.__name__[1:]} {load}")
                self._still_reads()
                return load
        return None

    def _do(self, kind: Callable[[int], None], load: int) -> None:
        kind(load)
        self._tell(f"did {kind.__name__[1:]} {load}")

    def _still_reads(self) -> None:
        """Whoever was refused can read on."""
        for load in self._loads[-2:]:
            row, first = vectors_of(load)[0], ids_of(load)[0]
            if self._docs.search(row, 1, exact=True)[0].id != first or first not in self._docs:
                raise AssertionError(f"load {load} cannot be found on the full disk")
        with contextlib.ExitStack() as held:
            for _ in range(80):  # readers are listed in a file too
                held.enter_context(self._db.snapshot())

    # Kinds of work

    def _add(self, load: int) -> None:
        self._docs.add(ids_of(load), vectors_of(load), payloads_of(load), threads=1)
        self._loads.append(load)

    def _import(self, load: int) -> None:
        """In several commits, by the command line."""
        vectors = self._spare / "load.npy"
        np.save(vectors, vectors_of(load))
        lines = zip(ids_of(load), payloads_of(load), strict=True)
        text = "".join(json.dumps({"id": i, **payload}) + "\n" for i, payload in lines)
        vectors.with_suffix(".jsonl").write_text(text)
        place = str(self._db.path)
        command = ["import", place, "docs", str(vectors), "--upsert", "--batch-rows", "20"]
        with (
            contextlib.redirect_stderr(io.StringIO()) as output,
            contextlib.redirect_stdout(output),
        ):
            status = app.run([*command, "--threads", "1", "--json"])
        if status == 1 and any(words in output.getvalue() for words in _NO_ROOM):
            raise vdb.DiskFullError(output.getvalue())
        if status != 0:
            raise AssertionError(f"import: {status}: {output.getvalue()}")
        self._loads.append(load)

    def _rebuild(self, _: int) -> None:
        metric = METRICS[1 - METRICS.index(self._docs.metric)]
        self._db.collection("docs").rebuild(metric, threads=1)

    def _back_up(self, _: int) -> None:
        copy = self._disk / "copy.vdb"
        try:
            self._db.backup(copy)
            with vdb.open(copy, create=False) as db:
                if len(db.collection("docs")) != len(self._docs):
                    raise AssertionError("the backup is another database")
        finally:
            shutil.rmtree(copy, ignore_errors=True)

    def _compact(self, _: int) -> None:
        self._db.compact()

    def _delete(self, load: int) -> None:
        self._docs.delete(where={"load": load})
        self._loads.remove(load)

    # The disk

    @contextlib.contextmanager
    def _filled(self, free: int) -> Iterator[None]:
        """So many bytes are free inside, and no more than a little less."""
        try:
            fill(self._ballast, free)
            yield
        finally:
            self._ballast.unlink(missing_ok=True)
            os.sync()  # only then ext4 counts the room as free


def fill(ballast: Path, free: int) -> None:
    """Make a file that leaves so many bytes free, or hardly more."""
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 16, 1 << 12):
            with contextlib.suppress(OSError):
                while True:
                    status = os.statvfs(ballast.parent)
                    if status.f_bavail * status.f_frsize < free + size:
                        break
                    file.write(bytes(size))


def act(task: dict[str, Any], tell: Tell) -> None:
    """What a fork does."""
    disk, draw = Path(task["disk"]), random.Random(task["seed"])
    path = disk / "full.vdb"
    if not path.exists():
        fill(disk / "ballast", draw.choice(FREE[:3]))
        try:
            make(path)
        except vdb.DiskFullError:
            tell("full create 0")
        (disk / "ballast").unlink()
        os.sync()
        make(path)
    Filler(disk, Path(task["spare"]), task["loads"], tell).work(draw)


if __name__ == "__main__":
    serve(act)
