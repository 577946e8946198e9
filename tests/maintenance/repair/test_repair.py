"""Repair: what can be made anew is, what cannot has a name, and the damaged file is kept."""

from pathlib import Path

import lmdb
import msgpack
import numpy as np
import pytest

import vdb
from support.store_tools import child
from vdb.store.format import blocks, keys, records
from vdb.store.format.checksums import UNSALTED, Seal
from vdb.store.format.headers import CollectionHeader, DatabaseHeader

pytestmark = pytest.mark.damages

COUNT = 600


@pytest.fixture
def place(path, crowd):
    """A closed database: records with holes, a declared field, long payloads; another one."""
    with vdb.open(path) as db:
        docs = db.create_collection(
            "docs", dim=16, metric="l2", index=vdb.HNSW(M=4), fields={"n": "int"}, model="a model"
        )
        docs.add(range(COUNT), crowd[:COUNT], [{"n": i % 7, "t": "x" * 60} for i in range(COUNT)])
        docs.delete(range(0, 100, 3))
        texts = db.create_collection("texts", dim=2, metric="cosine", index=vdb.Flat())
        texts.add(["a", "b", "c"], [[1, 0], [0, 1], [1, 1]], [None, "x" * 10_000, "short"])
    return path


def harm(place: Path, *damage) -> None:
    """Calls each with a raw transaction."""
    with (
        lmdb.open(str(place), lock=False, map_size=1 << 30, lib_version=0) as env,
        env.begin(write=True) as txn,
    ):
        for one in damage:
            one(txn)


def flip(key):
    def damage(txn):
        value = bytearray(txn.get(key))
        value[-1] ^= 0x40
        txn.put(key, bytes(value))

    return damage


def flip_all(prefix):
    def damage(txn):
        with txn.cursor() as cursor:
            found = cursor.set_range(prefix)
            while found and cursor.key().startswith(prefix):
                flip(cursor.key())(txn)
                found = cursor.next()

    return damage


def contents(place):
    with vdb.open(place, create=False, read_only=True) as db:
        return {
            name: [(r.id, r.vector.tolist(), r.payload) for r in db.collection(name).scan()]
            for name in db.collections()
        }


def repaired(place):
    with vdb.open(place, create=False) as db:
        report = db.repair()
        assert list(db.check()) == []
        assert db.collection("texts").get("b").payload == "x" * 10_000
    with vdb.open(place, create=False, verify="full"):
        pass
    return report


LINKS = keys.blocks_of_kind(1, 1, blocks.LINKS)
ANEW = {
    "links": flip_all(LINKS),
    "a block of links that is missing": lambda txn: txn.delete(
        keys.block(1, 1, blocks.LINKS, 0, 1)
    ),
    "postings": flip_all(keys.field(1, 1)),
    "keys from ids to slots": lambda txn: txn.delete(keys.slot_of(1, 77)),
    "a key that leads elsewhere": lambda txn: txn.put(keys.slot_of(1, 77), b"\x05\0\0\0"),
    "a name": lambda txn: txn.delete(keys.name("docs")),
    "a key of nobody's": lambda txn: txn.put(keys.record(9, 9), b"stray"),
}


def test_a_sound_database_is_left_alone(place):
    before = (place / "data.mdb").read_bytes()
    with vdb.open(place) as db:
        report = db.repair()
    assert (report.problems, report.collections, report.kept) == ((), (), None)
    assert report.complete
    assert (place / "data.mdb").read_bytes() == before


@pytest.mark.parametrize("what", ANEW)
def test_what_follows_from_records_and_vectors_is_made_anew(place, what, crowd):
    before = contents(place)
    harm(place, ANEW[what])
    damaged = (place / "data.mdb").read_bytes()
    report = repaired(place)
    assert report.problems and report.complete
    assert contents(place) == before
    assert Path(report.kept).read_bytes() == damaged
    with vdb.open(place) as db:
        docs = db.collection("docs")
        assert docs.search(crowd[301], 1).ids.tolist() == [301]
        assert docs.count({"n": 3}) == sum(1 for r in before["docs"] if r[2]["n"] == 3)
        info = docs.info()
        assert (info.model, info.index) == ("a model", vdb.HNSW(M=4))
        assert [line.reason for line in info.history] == ["created", "repaired"]
        docs.add([9999], crowd[:1], [{"n": 1}])
        assert list(db.check()) == []


def test_aliases_are_carried_over_and_lost_ones_are_named(place):
    with vdb.open(place) as db:
        db.set_alias("current", "docs")
        db.set_alias("damaged", "texts")

    def harm_both(txn):
        txn.delete(keys.name("docs"))
        txn.put(keys.alias("damaged"), b"\1\0\0\0\0\0\0\0")

    harm(place, harm_both)
    report = repaired(place)
    assert [name for name, _ in report.lost] == ["alias damaged"]
    with vdb.open(place) as db:
        assert db.aliases() == {"current": "docs"}
        assert db.info().format_version == 2


def test_a_record_that_cannot_be_read_is_named_and_the_rest_stays(place):
    before = contents(place)["docs"]
    slots = {}
    harm(
        place,
        lambda txn: slots.update(
            {i: int.from_bytes(txn.get(keys.slot_of(1, i)), "little") for i in (50, 200, 301)}
        ),
    )
    harm(
        place,
        flip(keys.record(1, slots[200])),
        lambda txn: txn.delete(keys.record(1, slots[301])),
    )
    report = repaired(place)
    docs = next(one for one in report.collections if one.name == "docs")
    assert not report.complete
    assert {(one.id, one.part) for one in docs.lost} == {(200, "payload"), (301, "record")}
    assert docs.records == len(before) - 1
    assert contents(place)["docs"] == [
        (r[0], r[1], None if r[0] == 200 else r[2]) for r in before if r[0] != 301
    ]


UNREADABLE = {
    "nested too deep": b"\x91" * 900 + b"\xc0",
    "more items than there are": b"\xdd\x7f\xff\xff\xff",
    "no number": b"\xcb\x7f\xf8\0\0\0\0\0\0",
    "no text": b"\xa2\xff\xff",
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_a_record_whose_payload_cannot_be_read_keeps_its_id_and_vector(place, what):
    """Under a right checksum, as whoever makes a file can have it."""
    before = contents(place)["docs"]

    def spoil(txn):
        uuid = DatabaseHeader.decode(UNSALTED.unwrap(keys.DATABASE, txn.get(keys.DATABASE))).uuid
        key = keys.record(1, int.from_bytes(txn.get(keys.slot_of(1, 200)), "little"))
        txn.put(key, Seal(uuid).wrap(key, records.encode(200, UNREADABLE[what])))

    harm(place, spoil)
    with vdb.open(place) as db:
        assert [problem.severity for problem in db.check()] == ["error"]
        with pytest.raises(vdb.CorruptedError, match="payload"):
            db.collection("docs").get(200)
    report = repaired(place)
    docs = next(one for one in report.collections if one.name == "docs")
    assert [(one.id, one.part) for one in docs.lost] == [(200, "payload")]
    assert not report.complete
    assert contents(place)["docs"] == [(r[0], r[1], None if r[0] == 200 else r[2]) for r in before]


def test_a_part_that_is_missing_costs_the_payload_only(place):
    harm(place, lambda txn: txn.delete(keys.part(2, 1, 1)))
    with vdb.open(place) as db:
        report = db.repair()
        assert list(db.check()) == []
        texts = db.collection("texts")
        assert (len(texts), texts.get("b").payload, texts.get("b").vector.tolist()) == (
            3,
            None,
            [0, 1],
        )
    assert [(one.id, one.part) for one in report.collections[1].lost] == [("b", "payload")]


HEADERS = {
    "created": {"created": 1e300},
    "history": {"history": [{"generation": 1}]},
    "scores": {"scores": "no such engine"},
    "a name that cannot be one": {"name": "\x1b[31m"},
    "a model of another type": {"model": 5},
    "version": {"version": ""},
    "numbers of generations": {"next_generation": 2**32 - 1},
    "roles": {"building": 1, "kept": 1},
    "slots": {"slots": -1},
    "counts": {"count": 5, "free_count": 2**31},
    "a field too many": {"more": 1},
}


@pytest.mark.parametrize("what", HEADERS)
def test_a_header_that_says_what_cannot_be_keeps_its_records(place, what):
    before = contents(place)

    def lie(txn):
        uuid = DatabaseHeader.decode(UNSALTED.unwrap(keys.DATABASE, txn.get(keys.DATABASE))).uuid
        seal, key = Seal(uuid), keys.collection(1)
        header = msgpack.unpackb(seal.unwrap(key, txn.get(key)))
        txn.put(key, seal.wrap(key, msgpack.packb(header | HEADERS[what])))

    harm(place, lie)
    with pytest.raises(vdb.CorruptedError):
        vdb.open(place, verify="full")
    report = repaired(place)
    assert report.complete
    assert contents(place) == before
    with vdb.open(place) as db:
        docs = db.collection("docs")
        assert docs.search(docs.get(301).vector, 1).ids.tolist() == [301]
        assert docs.info().fields == {"n": "int"}
        assert docs.info().scores == "native"


def test_a_convention_that_is_not_known_is_damage_where_it_would_be_used(place, crowd):
    def lie(txn):
        uuid = DatabaseHeader.decode(UNSALTED.unwrap(keys.DATABASE, txn.get(keys.DATABASE))).uuid
        seal, key = Seal(uuid), keys.collection(1)
        header = CollectionHeader.decode(seal.unwrap(key, txn.get(key)), 1)
        header.scores = "no such engine"
        txn.put(key, seal.wrap(key, header.encode()))

    harm(place, lie)
    with vdb.open(place) as db:
        docs = db.collection("docs")
        for call in (
            lambda: docs.search(crowd[0], 3),
            lambda: docs.search_many(crowd[:2], 3),
            lambda: docs.explain(crowd[0], 301),
            lambda: vdb.calibrate_threshold(docs, crowd[:9], threshold=1.0, to_metric="ip"),
        ):
            with pytest.raises(vdb.CorruptedError, match="no such engine"):
                call()
        assert docs.search(crowd[301], 1, scores="faiss").ids.tolist() == [301]
        assert [problem.what for problem in db.check() if "no such engine" in problem.what]


@pytest.mark.parametrize("slots", [2**31 - 2, 1_000_000])
def test_a_header_that_counts_too_many_costs_nothing(place, slots):
    before = contents(place)

    def lie(txn):
        uuid = DatabaseHeader.decode(UNSALTED.unwrap(keys.DATABASE, txn.get(keys.DATABASE))).uuid
        seal, key = Seal(uuid), keys.collection(1)
        header = CollectionHeader.decode(seal.unwrap(key, txn.get(key)), 1)
        header.count, header.slots = slots - header.free_count, slots
        txn.put(key, seal.wrap(key, header.encode()))

    harm(place, lie)
    assert repaired(place).complete
    assert contents(place) == before


def test_of_two_records_of_one_id_the_one_stays_that_the_id_leads_to(place):
    before = contents(place)["docs"]

    def impostor(txn):
        """In the lower slot of 50 lies a record that says it is 301."""
        uuid = DatabaseHeader.decode(UNSALTED.unwrap(keys.DATABASE, txn.get(keys.DATABASE))).uuid
        seal = Seal(uuid)
        here, there = (
            keys.record(1, int.from_bytes(txn.get(keys.slot_of(1, i)), "little")) for i in (50, 301)
        )
        assert here < there
        txn.put(here, seal.wrap(here, seal.unwrap(there, txn.get(there))))

    harm(place, impostor)
    report = repaired(place)
    docs = next(one for one in report.collections if one.name == "docs")
    assert [(one.id, one.part) for one in docs.lost] == [(50, "record")]
    assert contents(place)["docs"] == [r for r in before if r[0] != 50]


def test_vectors_of_a_damaged_block_are_named(place):
    before = contents(place)["docs"]
    with vdb.open(place) as db:
        generation = db.collection("docs").info().generation
    assert generation == 1
    with lmdb.open(str(place), lock=False, readonly=True, lib_version=0) as env, env.begin() as txn:
        prefix = next(
            key[:11]
            for number in (0, 1)
            for key in [keys.block(1, number, blocks.VECTORS, 0, 0)]
            if txn.get(key) is not None
        )
    harm(place, flip(prefix + bytes(4)))
    report = repaired(place)
    docs = next(one for one in report.collections if one.name == "docs")
    assert {one.part for one in docs.lost} == {"vector"}
    lost = {one.id for one in docs.lost}
    assert lost and None not in lost
    assert contents(place)["docs"] == [r for r in before if r[0] not in lost]


def test_a_collection_without_a_header_is_lost_and_the_others_stay(place):
    harm(place, flip(keys.collection(1)))
    with vdb.open(place) as db:
        report = db.repair()
        assert [name for name, _ in report.lost] == ["docs"]
        assert list(db.collections()) == ["texts"]
        assert list(db.check()) == []
    assert not report.complete


def test_nobody_else_may_have_it_open(place, tmp_path):
    harm(place, flip_all(LINKS))
    script = f"import vdb\ndb = vdb.open({str(place)!r})\nsay('open')\nhear()\ndb.close()"
    with child(script, tmp_path) as process:
        assert process.hear() == "open"
        with vdb.open(place) as db, pytest.raises(vdb.BusyError, match="another process"):
            db.repair()
        process.say("end")
        process.end()
    assert repaired(place).complete


def test_a_reader_may_not_repair(place):
    with vdb.open(place, read_only=True) as db, pytest.raises(vdb.ReadOnlyError):
        db.repair()


def test_progress_is_told_and_may_stop_it(place):
    harm(place, flip_all(LINKS))
    before = (place / "data.mdb").read_bytes()
    with vdb.open(place) as db:
        with pytest.raises(ZeroDivisionError):
            db.repair(progress=lambda *_: 1 // 0)
        seen = []
        db.repair(progress=lambda *step: seen.append(step))
    assert seen == [("docs", COUNT, COUNT), ("texts", 3, 3)]
    assert (place / "data.mdb").read_bytes() != before
    left = sorted(one.name for one in place.iterdir())
    assert [name for name in left if name.startswith(".")] == []


def test_damaged_pages_leave_what_can_be_read(place):
    """Pages of the engine itself: everything that is read after a repair is what was written."""
    before = contents(place)
    rows = {(name, r[0]): r for name, some in before.items() for r in some}
    whole = (place / "data.mdb").read_bytes()
    random = np.random.default_rng(23)
    outcomes = []
    for _ in range(12):
        data, page = bytearray(whole), int(random.integers(2, len(whole) // 4096))
        at = page * 4096 + int(random.integers(16, 4096))
        data[at : at + 8] = random.bytes(8)
        (place / "data.mdb").write_bytes(data)
        try:
            with vdb.open(place, verify="auto") as db:
                report = db.repair()
        except vdb.VdbError as error:
            outcomes.append(type(error).__name__)
            continue
        outcomes.append("complete" if report.complete else "part")
        for name, some in contents(place).items():
            bare = {
                one.id
                for part in report.collections
                if part.name == name
                for one in part.lost
                if one.part == "payload"
            }
            for r in some:
                columns = 2 if r[0] in bare else 3
                assert rows[name, r[0]][:columns] == r[:columns]
                assert r[0] not in bare or r[2] is None
    assert set(outcomes) <= {"complete", "part", "CorruptedError"}


class TestOptionalVectors:
    """Records without a vector, and records that have lost theirs."""

    @pytest.fixture
    def place(self, path, crowd):
        with vdb.open(path) as db:
            docs = db.create_collection(
                "docs", dim=16, metric="l2", index=vdb.HNSW(M=4), optional_vectors=True
            )
            rows = [None if i % 4 == 0 else crowd[i] for i in range(COUNT)]
            docs.add(range(COUNT), rows, [{"n": i} for i in range(COUNT)])
        return path

    def repaired(self, place, *damage):
        harm(place, *damage)
        with vdb.open(place, verify="off") as db:
            report = db.repair()
            assert report.kept is not None
            assert list(db.check()) == []
            docs = db.collection("docs")
            assert docs.info().optional_vectors
            return report, {record.id: record for record in docs.scan()}

    def test_they_are_saved(self, place, crowd):
        report, there = self.repaired(place, flip(keys.record(1, 5)))
        assert len(there) == COUNT
        ((lost, part),) = [(lost.id, lost.part) for lost in report.collections[0].lost]
        assert part == "payload"
        for i, record in there.items():
            assert record.payload == (None if i == lost else {"n": i})
            assert (record.vector is None) == (i % 4 == 0)
            assert record.vector is None or np.array_equal(record.vector, crowd[i])

    def test_where_the_header_has_lost_that_they_are_saved_too(self, place):
        def forget(txn):
            key = keys.collection(1)
            seal = Seal(DatabaseHeader.decode(txn.get(keys.DATABASE)[4:]).uuid)
            header = CollectionHeader.decode(seal.unwrap(key, txn.get(key)), 1)
            header.bare = None
            txn.put(key, seal.wrap(key, header.encode()))

        _, there = self.repaired(place, forget)
        assert len(there) == COUNT
        assert [i for i, record in there.items() if record.vector is None] == [*range(0, COUNT, 4)]

    def test_records_whose_vectors_are_lost_keep_the_rest(self, place):
        report, there = self.repaired(place, flip(keys.block(1, 1, blocks.VECTORS, 0, 0)))
        assert len(there) == COUNT
        lost = report.collections[0].lost
        assert lost and {one.part for one in lost} == {"vector"}
        gone = {one.id for one in lost}
        assert all(there[i].vector is None and there[i].payload == {"n": i} for i in gone)
