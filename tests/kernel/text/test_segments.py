"""Segments hold what they were built from, and merges give the bytes of a build."""

import random

import numpy as np
import pytest

from support import text_oracle
from support.text_oracle import Tokens
from vdb.errors import CorruptedError
from vdb.kernel import (
    TextIndex,
    TextSegment,
    build_text_segment,
    crc32c,
    merge_text_segments,
    text_byte_length,
    text_length_byte,
)

PART = 65_516


def random_documents(seed: int, count: int, words: int = 3000) -> dict[int, Tokens]:
    """Zipf words of many lengths in several scripts, some repeated often, and gaps."""
    choice = random.Random(seed)
    vocabulary = [
        choice.choice(["", "x" * 20, "größe", "語", "\U0001f600"]) + format(number * 7919, "x")
        for number in range(words)
    ]
    weights = [1 / (1 + place) for place in range(words)]
    slots = sorted(choice.sample(range(2 * count), count))
    documents: dict[int, Tokens] = {}
    for slot in slots:
        tokens: list[str | None] = list(
            choice.choices(vocabulary, weights, k=choice.randint(0, 40))
        )
        if choice.random() < 0.1:
            tokens += [choice.choice(vocabulary)] * choice.randint(1, 400)
        if choice.random() < 0.2:
            tokens.insert(choice.randint(0, len(tokens)), None)
        documents[slot] = tokens
    return documents


def contents(segment: TextSegment) -> dict[int, list[str | None]]:
    slots = segment.slots().tolist()
    return {slot: segment.tokens_of(ordinal) for ordinal, slot in enumerate(slots)}


@pytest.mark.parametrize("count", [0, 1, 2, 127, 128, 129, 3000])
def test_a_segment_holds_its_documents(count: int) -> None:
    documents = random_documents(count, count)
    segment = text_oracle.segment(documents)
    assert contents(segment) == {slot: list(tokens) for slot, tokens in documents.items()}
    lengths = [text_oracle.length(tokens) for tokens in documents.values()]
    assert segment.lengths().tolist() == lengths
    assert segment.length_sum == sum(lengths)
    different = [{token for token in tokens if token} for tokens in documents.values()]
    assert segment.postings == sum(map(len, different))
    assert segment.terms == len(set().union(*different))
    assert segment.documents == count and segment.positions
    for ordinal, slot in enumerate(documents):
        assert segment.ordinal_of(slot) == ordinal
    assert segment.ordinal_of(2 * count + 1) is None
    segment.verify()
    index = TextIndex([segment], [None])
    words = sorted(set().union(*different), key=lambda word: word.encode())
    df = [sum(word in some for some in different) for word in words[:500]]
    assert index.statistics(words[:500]).tolist() == df
    assert index.prefix("", 10**6) == words


def test_parts_are_as_large_as_a_big_block_but_the_last() -> None:
    parts = text_oracle.parts(random_documents(1, 6000))
    assert len(parts) > 3
    assert {len(part) for part in parts[:-1]} == {PART}
    assert 0 < len(parts[-1]) <= PART


def test_one_document_is_a_few_hundred_bytes() -> None:
    tokens = [f"word{number}" for number in range(30)]
    assert len(b"".join(text_oracle.parts({7: tokens}))) < 600


def test_without_positions_there_are_no_rows() -> None:
    documents = random_documents(2, 500)
    segment = text_oracle.segment(documents, positions=False)
    segment.verify()
    assert not segment.positions
    with pytest.raises(ValueError, match="without positions"):
        segment.tokens_of(0)
    whole = b"".join(text_oracle.parts(documents))
    assert len(b"".join(text_oracle.parts(documents, False))) < len(whole)


@pytest.mark.parametrize("positions", [True, False])
def test_a_merge_gives_the_bytes_of_a_build(positions: bool) -> None:
    for seed in range(6):
        choice = random.Random(seed)
        documents = random_documents(seed, choice.choice([3, 200, 1500]))
        segments, deleted = [], []
        living: dict[int, Tokens] = {}
        ways: list[dict[int, Tokens]] = [{}, {}, {}, {}]
        for slot, tokens in documents.items():
            ways[min(3, choice.randint(0, 3) if seed % 2 else 4 * slot // (2 * len(documents)))][
                slot
            ] = tokens
        for some in ways:
            segments.append(text_oracle.segment(some, positions))
            mask = np.array([choice.random() < 0.3 for _ in some], bool)
            deleted.append(np.packbits(mask, bitorder="little").tobytes())
            living |= {slot: some[slot] for slot, gone in zip(some, mask, strict=True) if not gone}
        merged = merge_text_segments(segments, deleted)
        assert merged == text_oracle.parts(living, positions)
        assert merge_text_segments([TextSegment(merged)], [None]) == merged
        TextSegment(merged).verify()


def test_a_slot_in_two_segments_is_refused() -> None:
    one, two = text_oracle.segment({1: ["a"]}), text_oracle.segment({1: ["b"], 2: []})
    with pytest.raises(ValueError, match="slot 1 is in two"):
        merge_text_segments([one, two], [None, None])
    merged = TextSegment(merge_text_segments([one, two], [None, b"\x01"]))
    assert contents(merged) == {1: ["a"], 2: []}


@pytest.mark.parametrize(
    ("slots", "documents", "words"),
    [
        ([1, 1], [[], []], "slots: expected rising"),
        ([2, 1], [[], []], "slots: expected rising"),
        ([2**31 - 2], [[]], "slots: expected numbers below"),
        ([1], [], "documents: expected one for each slot"),
        ([1], [[""]], "documents: expected tokens that are not empty"),
        ([1], [["x" * 32_001]], "documents: expected tokens of at most 32000 bytes"),
    ],
)
def test_documents_of_another_form_are_refused(
    slots: list[int], documents: list[list[str | None]], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        build_text_segment(np.array(slots, np.uint32), documents)


def test_tokens_of_another_type_are_refused() -> None:
    for document in ([1], ["a", b"b"], "ab"):
        with pytest.raises(TypeError):
            build_text_segment(np.array([0], np.uint32), [document])  # type: ignore[list-item]


def test_the_longest_term_is_kept() -> None:
    documents = {0: ["x" * 32_000, "y" * 31_999, "x" * 31_999 + "z"], 5: ["x"]}
    segment = text_oracle.segment(documents)
    assert contents(segment) == documents
    segment.verify()


def sealed(parts: list[bytes], start: int, prefix: bytes) -> list[bytes]:
    return [
        crc32c(part, crc32c(prefix + number.to_bytes(4, "big"), start)).to_bytes(4, "little") + part
        for number, part in enumerate(parts)
    ]


def test_a_part_is_checked_when_it_is_first_touched() -> None:
    documents = random_documents(4, 4000)
    start = crc32c(b"salt")
    parts = sealed(text_oracle.parts(documents), start, b"prefix")
    assert len(parts) > 2
    assert contents(TextSegment(parts, start, b"prefix")) == contents(
        text_oracle.segment(documents)
    )
    last = len(parts) - 1
    parts[last] = parts[last][:-1] + bytes([parts[last][-1] ^ 1])
    damaged = TextSegment(parts, start, b"prefix")
    assert damaged.documents == 4000
    assert damaged.tokens_of(0) == list(documents[min(documents)])
    with pytest.raises(CorruptedError, match=f"part {last} of a text segment: the checksum"):
        damaged.tokens_of(3999)
    for other_start, other_prefix in ((start + 1, b"prefix"), (start, b"prefiy")):
        with pytest.raises(CorruptedError, match="part 0 of a text segment: the checksum"):
            TextSegment(parts, other_start, other_prefix).documents  # noqa: B018


def test_parts_of_a_wrong_length_are_refused() -> None:
    parts = text_oracle.parts(random_documents(5, 4000))
    for wrong in (parts[:-1], [*parts, b"x"], [parts[0][:-1], *parts[1:]], [], [b""], [b"x" * 95]):
        with pytest.raises(CorruptedError):
            TextSegment(wrong).documents  # noqa: B018


def test_lengths_have_the_bytes_that_lucene_gives_them() -> None:
    for length in [*range(5000), 10**6, 2**31 - 1]:
        byte = text_length_byte(length)
        assert text_byte_length(byte) <= length
        assert byte == 255 or text_byte_length(byte + 1) > length
    assert [text_byte_length(byte) for byte in (0, 40, 41, 53, 255)] == [0, 40, 42, 76, 2013265944]
