"""Rules about the database as a whole, its copies, and whoever else has it open."""

from __future__ import annotations

import contextlib
import io
import shutil

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

import vdb
from stateful.history import History
from support import strategies
from support.peer import Peer
from vdb.cli.app import run as run_command

READ = (
    "{name: [(r.id, None if r.vector is None else r.vector.tobytes(), repr(r.payload))"
    " for r in db.collection(name).scan()] for name in db.collections()}"
)


class Upkeep(History):
    """Copies hold what was there, other handles see what was committed, and nothing else."""

    peers = ()  # one other process for all histories of a run, if any
    peer = None  # that process, while it has this database open

    def let_go(self):
        super().let_go()
        if self.peer is not None:
            self.peer.ask("db.close()")
            self.peer = None

    @property
    def alone(self):
        """Whether nobody else reads."""
        return not self.held and self.peer is None

    @precondition(lambda self: self.batch is None)
    @rule(verify=st.sampled_from(["auto", "auto", "off", "full"]))
    def reopen(self, verify):
        for snapshot, _ in self.held:
            snapshot.close()
        self.held = []
        self.let_go()
        self.db.close()
        with pytest.raises(vdb.ClosedError):
            self.db.collections()
        self.db = self.open(create=False, verify=verify)

    @rule()
    def info(self):
        info = self.db.info()
        shelves = self.committed
        assert info.collections == {name: len(shelf.rows) for name, shelf in shelves.items()}
        assert (info.path, self.db.path, info.durability) == (self.path, self.path, "relaxed")
        for name, shelf in self.shelves.items():
            told = self.db.collection(name).info()
            assert (told.count, told.dim, told.metric, told.dtype) == (
                len(shelf.rows),
                shelf.known_dim,
                *shelf.kind,
            )
            assert (told.fields, told.index) == (shelf.value_fields, shelf.index)
            lengths = [self.length(vector, shelf.dtype) for vector in shelf.stored()]
            assert told.norms.count == len(lengths) == len(shelf.rows) - told.without_vector
            assert told.optional_vectors == shelf.optional
            if lengths:
                known = (told.norms.min, told.norms.max, told.norms.mean)
                expected = (min(lengths), max(lengths), sum(lengths) / len(lengths))
                assert known == pytest.approx(expected, rel=1e-4)

    @staticmethod
    def length(vector, dtype):
        row = np.unpackbits(vector) if dtype == "bit" else vector
        return float(np.linalg.norm(row.astype(np.float64)))

    # Copies

    @precondition(lambda self: self.batch is None)
    @rule(in_store=st.booleans())
    def backup(self, in_store):
        place = self.place / "copy.vdb"
        if in_store:
            backups = (self.place / "backups").as_uri()
            self.db.backup(backups, keep=2)
            vdb.restore(backups, place)
        else:
            self.db.backup(place)
            with pytest.raises(vdb.InvalidArgumentError):
                self.db.backup(place)
        with vdb.open(place, create=False) as copied:
            assert list(copied.check()) == []
            self.compare_all(copied, self.shelves)
            assert [copied.collection(name).index for name in sorted(self.shelves)] == [
                self.shelves[name].index for name in sorted(self.shelves)
            ]
        shutil.rmtree(place)

    @precondition(lambda self: self.batch is None)
    @rule(repair=st.booleans())
    def compact_or_repair(self, repair):
        if repair:
            report = self.db.repair()
            assert report.complete and report.kept is None and not report.problems
        elif self.alone:
            before = self.db.info().file_bytes
            self.db.compact()
            assert self.db.info().file_bytes <= before
        else:
            with pytest.raises(vdb.BusyError):
                self.db.compact()

    @rule(rows=st.integers(0, 12), part=st.integers(1, 5), metric=st.sampled_from(["l2", "ip"]))
    def import_a_source(self, rows, part, metric):
        vectors = np.arange(rows * 8, dtype="<f4").reshape(rows, 8)
        place = self.place / "other.fbin"
        place.write_bytes(np.array([rows, 8], "<u4").tobytes() + vectors.tobytes())
        options = {"metric": metric, "batch_rows": part}
        if self.batch is not None:
            with pytest.raises(vdb.BusyError):
                self.db.import_source(str(place), "other", **options)
            return
        rehearsal = self.db.import_source(str(place), "other", **options, dry_run=True)
        assert not rehearsal.written and "other" not in self.db
        report = self.db.import_source(str(place), "other", **options, verify=rows)
        assert (rehearsal.added, report.added, report.refused) == (rows, rows, 0)
        assert rows == 0 or report.verification.agrees
        again = self.db.import_source(str(place), "other", **options, resume=True)
        assert (again.added, again.existing) == (0, rows)
        other = self.db.collection("other")
        assert (other.metric, len(other)) == (metric, rows)
        assert [(one.id, one.vector.tolist()) for one in other.scan()] == list(
            enumerate(vectors.tolist())
        )
        self.db.drop_collection("other")

    @precondition(lambda self: self.batch is None and self.shelves)
    @rule(data=st.data())
    def export_and_import(self, data):
        name = data.draw(st.sampled_from(sorted(self.shelves)), label="collection")
        shelf, place = self.shelves[name], self.place / "imported.vdb"
        with contextlib.redirect_stdout(io.StringIO()):
            files = str(self.place / "files")
            if self.batch is None and data.draw(st.booleans(), label="by the command"):
                assert run_command(["export", str(self.path), name, "--out", files]) == 0
            else:
                report = self.db.collection(name).export(files)
                assert (report.records, len(report.files)) == (len(shelf.rows), 3)
            command = ["import", str(place), name, f"{files}.npy", "--create", "--index", "flat"]
            command += ["--metric", shelf.metric, "--dtype", shelf.dtype]
            status = run_command(command) if shelf.rows else None
        if status is not None:
            assert status == 0
            # A payload that is a map without fields becomes none, and JSON has no bytes.
            with vdb.open(place, create=False) as db:
                records = list(db.collection(name).scan())
                assert [record.id for record in records] == shelf.ids()
                assert all(
                    _bytes(record.vector) == _bytes(shelf.rows[record.id][0])
                    and record.payload == shelf.rows[record.id][1]
                    for record in records
                )
                assert db.collection(name).info().optional_vectors == shelf.optional
        for left in self.place.glob("files.*"):
            left.unlink()
        shutil.rmtree(place, ignore_errors=True)

    # Somebody else

    @rule(data=st.data(), read_only=st.booleans())
    def second_handle(self, data, read_only):
        if self.twin is not None and self.twin.read_only != read_only:
            self.twin.close()
            self.twin = None
        if self.twin is None:
            options = {"durability": "relaxed", "lock_timeout": 0.0, "read_only": read_only}
            self.twin = vdb.open(self.path, create=False, **options)
        self.compare_all(self.twin, self.committed)
        if read_only or self.batch is not None:
            with pytest.raises(vdb.ReadOnlyError if read_only else vdb.BusyError):
                self.twin.create_collection("refused", dim=1, metric="l2")
        else:
            self.change(data, self.twin.collection)

    @precondition(lambda self: self.peers)
    @rule(data=st.data())
    def other_process(self, data):
        if self.peer is None:
            self.peer = self.peers[0]
            self.peer.ask(
                f"db = vdb.open({str(self.path)!r}, durability='relaxed', lock_timeout=0)"
            )
        expected = {
            name: [(i, _bytes(shelf.rows[i][0]), repr(shelf.rows[i][1])) for i in shelf.ids()]
            for name, shelf in self.committed.items()
        }
        assert self.peer.ask(READ) == expected
        if self.batch is None:
            self.change(data, lambda name: Remote(self.peer, name))
            name, shelf = next(iter(self.shelves.items()))
            q = shelf.crowd(1, 1, 0)[1][0]
            asked = f"{name!r}).search({_array(q)}, 5, exact=True)"
            ids, values = self.peer.ask(
                f"(lambda hits: (hits.ids.tolist(), hits.values.tolist()))(db.collection({asked})"
            )
            assert values == shelf.near([value for _, value in shelf.ranked(q, shelf.full())[:5]])
            assert values == shelf.near(shelf.values(q, ids).tolist())

    def change(self, data, collection):
        """Somebody else writes a record and removes another."""
        names = sorted(name for name, shelf in self.shelves.items() if not shelf.fields)
        if not names:
            return
        name = data.draw(st.sampled_from(names), label="changed")
        shelf = self.shelves[name]
        ids = strategies.few_str_ids if shelf.text_ids else strategies.few_int_ids
        new, vector = data.draw(ids, label="new"), data.draw(shelf.vectors(), label="vector")
        old = data.draw(ids | st.sampled_from([*shelf.ids(), new]), label="removed")
        docs = collection(name)
        docs.upsert([new], np.array([vector]), [{"i": 1}])
        shelf.put([new], [vector], [{"i": 1}])
        docs.delete([old])
        shelf.rows.pop(old, None)


class Remote:
    """A collection in the other process, for writing."""

    def __init__(self, peer, name):
        self.peer, self.name = peer, name

    def upsert(self, ids, vectors, payloads):
        self.peer.ask(f"db.collection({self.name!r}).upsert({ids}, {_array(vectors)}, {payloads})")

    def delete(self, ids):
        self.peer.ask(f"db.collection({self.name!r}).delete({ids})")


def _bytes(vector):
    return None if vector is None else vector.tobytes()


def _array(array):
    return f"np.frombuffer({array.tobytes()!r}, {str(array.dtype)!r}).reshape({array.shape})"


@contextlib.contextmanager
def peer(place):
    """The other process for `Upkeep.peers`."""
    with Peer(place / "first.vdb") as process:
        process.ask("db.close()")
        yield process
