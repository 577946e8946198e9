"""Keys: their exact bytes, and that their order is the order of what they mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vdb.errors import CorruptedError
from vdb.store.format import keys
from vdb.store.format.keys import Key, KeyKind

U8 = st.integers(0, 2**8 - 1)
U16 = st.integers(0, 2**16 - 1)
U32 = st.integers(0, 2**32 - 1)
U64 = st.integers(0, 2**64 - 1)
INT_IDS = st.integers(-(2**63), 2**63 - 1)
STR_IDS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=100
)
ALL_KEYS = st.one_of(
    st.just(keys.IDENTITY),
    st.just(keys.DATABASE),
    U64.map(keys.journal),
    st.from_regex(r"[A-Za-z0-9_.-]{1,128}", fullmatch=True).map(keys.name),
    U32.map(keys.collection),
    st.builds(keys.generation, U32, U32),
    st.builds(keys.change, U32, U32, U32, U32),
    st.builds(keys.block, U32, U32, U8, U8, U32),
    st.builds(keys.slot_of, U32, INT_IDS | STR_IDS),
    st.builds(keys.record, U32, U32),
    st.builds(keys.part, U32, U32, U16),
)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (keys.IDENTITY, "00"),
        (keys.DATABASE, "01"),
        (keys.journal(258), "020000000000000102"),
        (keys.name("a.b"), "03612e62"),
        (keys.collection(1), "1000000001"),
        (keys.generation(1, 2), "110000000100000002"),
        (keys.change(1, 2, 3, 4), "1200000001000000020000000300000004"),
        (keys.changes_of(1, 2), "120000000100000002"),
        (keys.changes_in(1, 2, 3), "12000000010000000200000003"),
        (keys.blocks_of(1, 2), "200000000100000002"),
        (keys.block_prefix(1, 2, 2, 3), "2000000001000000020203"),
        (keys.block(1, 2, 2, 3, 4), "200000000100000002020300000004"),
        (keys.slot_of(1, 0), "30000000018000000000000000"),
        (keys.slot_of(1, -1), "30000000017fffffffffffffff"),
        (keys.slot_of(1, "é"), "3000000001c3a9"),
        (keys.record(1, 5), "310000000100000005"),
        (keys.part(1, 5, 6), "3200000001000000050006"),
    ],
)
def test_the_bytes_of_every_kind_of_key_are_fixed(key, expected):
    assert key.hex() == expected


@given(ALL_KEYS)
def test_every_key_comes_apart_again(key):
    decoded = keys.decode(key)
    assert decoded.kind == key[0]
    assert str(decoded).startswith(decoded.kind.name.lower())


@given(U32, U32, U8, U8, U32)
def test_the_numbers_of_a_block_key_come_back(collection, generation, kind, level, number):
    key = keys.block(collection, generation, kind, level, number)
    assert key.startswith(keys.block_prefix(collection, generation, kind, level))
    assert keys.decode(key) == Key(
        KeyKind.BLOCK,
        collection=collection,
        generation=generation,
        block_kind=kind,
        level=level,
        number=number,
    )


@given(U64, U64)
def test_journals_sort_by_commit(a, b):
    assert (keys.journal(a) < keys.journal(b)) == (a < b)


@given(INT_IDS, INT_IDS)
def test_int_ids_sort_by_value(a, b):
    assert (keys.slot_of(1, a) < keys.slot_of(1, b)) == (a < b)


@given(STR_IDS, STR_IDS)
def test_str_ids_sort_by_code_point(a, b):
    assert (keys.slot_of(1, a) < keys.slot_of(1, b)) == (a < b)


@given(U32, U32, U32, U32)
def test_blocks_sort_by_number_inside_their_table_and_by_collection_outside(c, d, m, n):
    assert (keys.block(c, 1, 2, 0, m) < keys.block(d, 1, 2, 0, n)) == ((c, m) < (d, n))


@given(U32, U32, U16, U16)
def test_parts_sort_by_part_and_share_the_prefix_of_their_record(collection, slot, a, b):
    assert (keys.part(collection, slot, a) < keys.part(collection, slot, b)) == (a < b)
    assert keys.part(collection, slot, a).startswith(keys.parts_prefix(collection, slot))


@given(INT_IDS | STR_IDS)
def test_an_id_comes_back_with_its_kind(record_id):
    kind = "str" if isinstance(record_id, str) else "int"
    decoded = keys.decode_id(keys.encode_id(record_id), kind, where="here")
    assert (type(decoded), decoded) == (type(record_id), record_id)


@given(st.binary(max_size=600))
def test_arbitrary_bytes_are_decoded_or_called_damaged(key):
    try:
        decoded = keys.decode(key)
    except CorruptedError as error:
        assert error.where == f"key {key.hex()}"
    else:
        assert decoded.kind == key[0]


@given(st.binary(max_size=450), st.sampled_from(["int", "str"]))
def test_arbitrary_bytes_are_an_id_or_called_damaged(stored, kind):
    try:
        decoded = keys.decode_id(stored, kind, where="there")
    except CorruptedError as error:
        assert error.where == "there"
    else:
        assert keys.encode_id(decoded) == stored


def test_the_longest_keys_are_within_what_lmdb_takes():
    assert len(keys.slot_of(1, "x" * keys.LONGEST_ID)) <= 511
    assert len(keys.name("x" * keys.LONGEST_NAME)) <= 511
