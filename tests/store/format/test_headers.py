"""Headers and generation records: exact fields, exact types, exact ranges."""

import dataclasses

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vdb.errors import CorruptedError
from vdb.store.format.generation import Build, GenerationRecord
from vdb.store.format.headers import CollectionHeader, DatabaseHeader
from vdb.store.format.limits import NO_SLOT

HNSW = {"type": "hnsw", "M": 16, "ef_construction": 200, "seed": 0, "codes": None}
LINE = {
    "generation": 1,
    "metric": "l2",
    "dtype": "float32",
    "index": HNSW,
    "when": 1.5,
    "version": "0.1.0",
    "reason": "created",
    "seconds": None,
    "recall": None,
}
BUILD = Build(1.5, "0.1.0", "why", "native", slots=7, nodes=5, epoch=2, seconds=2.5)


def database(**changes):
    header = DatabaseHeader(b"u" * 16, 4096, 4080, 65520, 1.5, "0.1.0", 3, 2)
    return dataclasses.replace(header, **changes)


def collection(**changes):
    header = CollectionHeader(
        name="docs",
        number=1,
        dim=384,
        metric="cosine",
        dtype="float32",
        scores="native",
        model=None,
        created=1.5,
        version="0.1.0",
        id_kind="str",
        slots=10,
        count=8,
        free_head=3,
        free_count=2,
        history=[LINE],
    )
    return dataclasses.replace(header, **changes)


def generation(**changes):
    return dataclasses.replace(GenerationRecord(1, "l2", "float32", 1, HNSW, 0, [4, 7]), **changes)


TUNING = {
    "ef": 40,
    "target": 0.95,
    "k": 10,
    "queries": 500,
    "source": "stored",
    "records": 8,
    "when": 1.7e9,
    "version": "0.1.0",
    "curve": [[20, 0.9, 0.85, 0.93], [40, 0.96, 0.93, 1.0]],
}

RECORDS = [
    (database(), DatabaseHeader.decode),
    (collection(), lambda body: CollectionHeader.decode(body, 1)),
    (
        collection(
            model="m", id_kind=None, slots=0, count=0, free_head=NO_SLOT, free_count=0, history=[]
        ),
        lambda body: CollectionHeader.decode(body, 1),
    ),
    (
        collection(dim=512_000, dtype="bit", metric="hamming"),
        lambda body: CollectionHeader.decode(body, 1),
    ),
    (collection(dim=64_000, dtype="int8"), lambda body: CollectionHeader.decode(body, 1)),
    (generation(), lambda body: GenerationRecord.decode(body, 1, 1)),
    (generation(tuning=TUNING), lambda body: GenerationRecord.decode(body, 1, 1)),
    (
        collection(next_generation=9, building=8, kept=7, leaving=[2, 5]),
        lambda body: CollectionHeader.decode(body, 1),
    ),
    (
        collection(history=[LINE | {"seconds": 1.5, "recall": 0.95}]),
        lambda body: CollectionHeader.decode(body, 1),
    ),
    (generation(build=BUILD), lambda body: GenerationRecord.decode(body, 1, 1)),
    (generation(index={"type": "flat"}), lambda body: GenerationRecord.decode(body, 1, 1)),
]


@pytest.mark.parametrize(("record", "decode"), RECORDS)
def test_a_record_comes_back(record, decode):
    assert decode(record.encode()) == record


@pytest.mark.parametrize(("record", "decode"), RECORDS)
def test_a_missing_or_added_field_is_named(record, decode):
    fields = msgpack.unpackb(record.encode())
    for name in fields:
        with pytest.raises(CorruptedError, match=f"{name} is missing"):
            decode(msgpack.packb({k: v for k, v in fields.items() if k != name}))
    with pytest.raises(CorruptedError, match="unknown field 'more'"):
        decode(msgpack.packb(fields | {"more": 1}))


@pytest.mark.parametrize(("record", "decode"), RECORDS)
@pytest.mark.parametrize(
    "wrong", [True, -1, 2**64 - 1, 1.5, "?", b"?", [None], {"a": 1}, "x" * 5000]
)
def test_a_field_of_another_type_or_range_is_named(record, decode, wrong):
    fields = msgpack.unpackb(record.encode())
    for name, value in fields.items():
        if type(value) is type(wrong) and type(wrong) in (str, float):
            continue  # could be meant, and so could what follows
        if value is None and isinstance(wrong, str):
            continue
        if name == "commit" and wrong == 2**64 - 1:
            continue
        with pytest.raises(CorruptedError, match=name):
            decode(msgpack.packb(fields | {name: wrong}))


@pytest.mark.parametrize(("record", "decode"), RECORDS)
@given(data=st.data())
def test_damaged_records_are_decoded_or_called_damaged(record, decode, data):
    body = bytearray(record.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        decode(bytes(body))
    except CorruptedError as error:
        assert error.where.startswith("key ")


@pytest.mark.parametrize(("record", "decode"), RECORDS)
@given(body=st.binary(max_size=200))
def test_arbitrary_bytes_are_called_damaged(record, decode, body):
    with pytest.raises(CorruptedError):
        decode(body)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"slots": 11}, "slots"),
        ({"free_head": NO_SLOT}, "free_head"),
        ({"free_head": 10}, "free_head"),
        ({"count": 10, "free_count": 0}, "free_head"),
        ({"generation": 2}, "next_generation"),
        ({"building": 2}, "next_generation"),
        ({"kept": 2}, "next_generation"),
        ({"leaving": [2]}, "next_generation"),
        ({"leaving": ["1"]}, "leaving"),
        ({"building": 1}, "generation"),
        ({"next_generation": 3, "building": 2, "kept": 2}, "generation"),
        ({"next_generation": 3, "leaving": [2, 2]}, "generation"),
        ({"leaving": [0]}, "leaving"),
        ({"id_kind": "bytes"}, "id_kind"),
        ({"metric": "l7"}, "metric"),
        ({"dtype": "int4"}, "dtype"),
        ({"metric": "hamming"}, "dtype"),
        ({"dtype": "bit"}, "dtype"),
        ({"dim": 16_001}, "dim"),
        ({"dim": 32_001, "dtype": "float16"}, "dim"),
        ({"dim": 64_001, "dtype": "int8"}, "dim"),
        ({"dim": 512_008, "dtype": "bit", "metric": "hamming"}, "dim"),
        ({"dim": 12, "dtype": "bit", "metric": "hamming"}, "dim"),
        ({"number": 2}, "number"),
        ({"history": [LINE | {"index": {"type": "ivf"}}]}, "type"),
        ({"history": [LINE | {"index": HNSW | {"seed": 2**63}}]}, "seed"),
        ({"history": [LINE | {"when": 1e300}]}, "when"),
        ({"history": [LINE | {"recall": 1.5}]}, "recall"),
        ({"history": [LINE | {"seconds": -1.0}]}, "seconds"),
        ({"history": [LINE] * 4097}, "history"),
        ({"created": 1e300}, "created"),
        ({"created": -1e18}, "created"),
        ({"created": float("nan")}, "created"),
        ({"name": "a b"}, "name"),
        ({"name": ""}, "name"),
        ({"name": "\x1b[31m"}, "name"),
        ({"name": "x" * 129}, "name"),
        ({"scores": "nat\x1b[31mive"}, "scores"),
        ({"version": "0.1\n0"}, "version"),
        ({"version": ""}, "version"),
        ({"next_generation": 2**32 - 1}, "next_generation"),
        ({"next_field": 2**32 - 1}, "next_field"),
        ({"id_kind": None}, "id_kind"),
    ],
)
def test_fields_of_a_collection_that_contradict_each_other_are_refused(changes, field):
    with pytest.raises(CorruptedError, match=field):
        CollectionHeader.decode(collection(**changes).encode(), 1)


@pytest.mark.parametrize("slots", [[-1], [2**31], ["1"], [None], [True], [3, 3]])
def test_seeds_are_slots(slots):
    with pytest.raises(CorruptedError, match="longest"):
        GenerationRecord.decode(generation(longest=slots).encode(), 1, 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"ef": 0},
        {"k": "10"},
        {"target": float("nan")},
        {"source": "dreamt"},
        {"curve": []},
        {"curve": [[20, 0.9, 0.85]]},
        {"curve": [[20, 0.9, 0.85, 1.5]]},
        {"curve": [[20, float("nan"), 0.85, 1.0]]},
        {"curve": [[0, 0.9, 0.85, 1.0]]},
        {"curve": [20]},
        {"curve": [[20, 0.9, 0.85, 0.93], [20, 0.9, 0.85, 0.93]]},
        {"when": 1e300},
        {"version": "\x07"},
        {"curve": [[20, 0.9, 0.85, 0.93]] * 257},
        {"more": 1},
    ],
)
def test_a_curve_is_one_that_could_have_been_measured(changes):
    with pytest.raises(CorruptedError, match="tuning"):
        GenerationRecord.decode(generation(tuning=TUNING | changes).encode(), 1, 1)


def test_a_page_size_is_a_power_of_two():
    with pytest.raises(CorruptedError, match="page_size"):
        DatabaseHeader.decode(database(page_size=5000).encode())


@pytest.mark.parametrize("changes", [{"commit": 2**63}, {"next_collection": 2**32 - 1}])
def test_numbers_leave_room_for_the_next_one(changes):
    with pytest.raises(CorruptedError, match=next(iter(changes))):
        DatabaseHeader.decode(database(**changes).encode())


def test_codes_are_of_what_has_them():
    for changes in ({"metric": "l1"}, {"dtype": "int8"}):
        record = generation(index=HNSW | {"codes": "int8"}, **changes)
        with pytest.raises(CorruptedError, match="codes"):
            GenerationRecord.decode(record.encode(), 1, 1)


def test_infinite_times_are_refused():
    with pytest.raises(CorruptedError, match="created"):
        DatabaseHeader.decode(database(created=float("inf")).encode())


@pytest.mark.parametrize(
    "hostile",
    [
        b"\xdf\xff\xff\xff\xff",  # a map of four milliards
        b"\xdd\xff\xff\xff\xff",  # a list of four milliards
        b"\x91" * 100_000 + b"\xc0",  # nested
        b"\x81\xa1a\xd6\xff\x00\x00\x00\x00",  # a timestamp
        b"\x81\xa1a\xc7\x01\x05x",  # an extension
        b"\x81\x01\x01",  # an int key
        b"\xa1\xff",  # not UTF-8
        b"",
        b"\x80\x80",
        b"\xc1",
    ],
)
def test_hostile_msgpack_is_called_damaged(hostile):
    with pytest.raises(CorruptedError):
        DatabaseHeader.decode(hostile)


def test_a_copy_shares_nothing_that_can_be_changed():
    header, record = collection(), generation()
    header.leaving = []
    record.build = dataclasses.replace(BUILD)
    copy, other = header.copy(), record.copy()
    copy.leaving.append(1)
    other.build.epoch += 1
    copy.history[0]["reason"] = "changed"
    copy.history[0]["index"]["M"] = 3
    other.longest.append(1)
    other.index["M"] = 3
    assert header == collection()
    assert record == generation(build=BUILD)
    assert HNSW["M"] == 16


def test_a_header_with_a_long_history_stays_within_a_page():
    assert len(collection(model="m" * 200, history=[LINE] * 20).encode()) < 4076


class TestHeldAgainstWhatWasBefore:
    """What a commit encodes is held to what decoding asks, as far as it is new."""

    @pytest.mark.parametrize(
        ("name", "value"),
        [("slots", 4), ("count", -1), ("free_head", 10), ("free_count", 3), ("id_kind", "float")],
    )
    def test_a_count_that_cannot_be_read_again_is_not_written(self, name, value):
        before = collection()
        wrong = before.copy()
        wrong.verify_encoded(wrong.encode(), before)
        setattr(wrong, name, value)
        with pytest.raises(CorruptedError):
            wrong.verify_encoded(wrong.encode(), before)

    def test_any_other_field_is_decoded_again(self):
        before = collection()
        wrong = before.copy()
        wrong.dim = 0
        with pytest.raises(CorruptedError, match="dim"):
            wrong.verify_encoded(wrong.encode(), before)
        with pytest.raises(CorruptedError, match="dim"):
            wrong.verify_encoded(wrong.encode(), None)
