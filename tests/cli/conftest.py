"""The command line in this process, a small database, and the check after every test."""

import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from vdb.api import database
from vdb.cli.app import run as run_app

DIM = 8


@dataclass(frozen=True)
class Ran:
    """What a command left: its exit status and what it printed."""

    status: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)

    def failed_with(self, *parts):
        """Whether it is an error of one line on standard error that holds these parts."""
        assert self.status == 1, self
        assert self.out == ""
        assert self.err.startswith("vdb: ")
        assert self.err.count("\n") == 1, self.err
        for part in parts:
            assert part in self.err
        return True


@pytest.fixture
def run(capsys, monkeypatch):
    """Runs ``vdb ARGUMENTS`` in this process."""

    def run(*arguments, stdin=""):
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        capsys.readouterr()
        status = run_app([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Ran(status, printed.out, printed.err)

    return run


@pytest.fixture
def vectors():
    """Float32, shape (30, DIM), seeded."""
    return np.random.default_rng(7).normal(size=(30, DIM)).astype(np.float32)


@pytest.fixture
def place(path):
    """Where a database may be made; it is checked after the test."""
    return path


@pytest.fixture
def filled(place, vectors):
    """A database with the collections "notes" (str ids) and "numbers" (int ids, inner product)."""
    with database.open(place) as db:
        notes = db.create_collection("notes", dim=DIM, metric="cosine")
        notes.add(
            [f"note-{i}" for i in range(len(vectors))],
            vectors,
            [{"text": f"the text of note {i}", "i": i} for i in range(len(vectors))],
        )
        db.create_collection("numbers", dim=DIM, metric="ip").add(range(30), vectors)
    return place


@pytest.fixture
def untouched(filled):
    """The database of ``filled``; not one byte of its data may have changed at the end."""
    before = stored(filled)
    yield filled
    assert stored(filled) == before


def stored(path: Path):
    """The bytes of the data file, which no handle of this process may have open."""
    return (path / "data.mdb").read_bytes()


@pytest.fixture
def files(tmp_path, vectors):
    """Writes ``name``.npy and, unless ``records`` is None, ``name``.jsonl; returns the first."""

    def write(name="docs", array=vectors, records=()):
        np.save(tmp_path / f"{name}.npy", array)
        if records == ():
            records = [{"id": f"d{i}", "text": f"text {i}", "n": i} for i in range(len(array))]
        if records is not None:
            lines = [text if isinstance(text, str) else json.dumps(text) for text in records]
            path = tmp_path / f"{name}.jsonl"
            path.write_text("".join(f"{text}\n" for text in lines), encoding="utf-8")
        return tmp_path / f"{name}.npy"

    return write
