"""Segments whose bytes lie under right checksums: CorruptedError, or an answer; never a crash."""

import contextlib
import random

import numpy as np
import pytest

from support import text_oracle
from support.text_oracle import Clause, Tokens
from vdb.errors import CorruptedError
from vdb.kernel import (
    TextIndex,
    TextScorer,
    TextSegment,
    build_text_segment,
    merge_text_segments,
)

QUERIES: list[list[Clause]] = [
    [("term", ["common"])],
    [("term", ["common"]), ("term", ["w3"]), ("term", ["w40"])],
    [("phrase", ["common", None, "w1"])],
    [("phrase", ["common", "w0"])],
    [("prefix", ["w1"])],
]
SCORERS = [
    TextScorer(family, documents=10**4, length_sum=10**5)
    for family in ("lucene", "native", "bm25s-bm25l")
]


def documents(count: int) -> dict[int, Tokens]:
    choice = random.Random(count)
    return {
        2 * slot + (slot % 3 == 0): [
            *(["common"] * choice.randint(0, 3)),
            *(
                None if choice.random() < 0.1 else f"w{int(choice.expovariate(0.05))}"
                for _ in "12345"
            ),
        ]
        for slot in range(count)
    }


def use(parts: list[bytes]) -> int:
    """Every way to read a segment; how many of them met an error."""
    errors = 0
    segment = TextSegment(parts)
    merged_with = text_oracle.segment({10**6: ["common", "w1"]})
    for call in (
        segment.verify,
        segment.slots,
        segment.lengths,
        lambda: [segment.tokens_of(ordinal) for ordinal in range(min(segment.documents, 20))],
        lambda: [segment.ordinal_of(slot) for slot in (0, 1, 7, 10**5)],
        lambda: TextIndex([segment], [b"\x05"]).statistics(["common", "w1", "w2", "", "zz"]),
        lambda: TextIndex([segment], [b"\x05"]).mean_okapi_idf(100),
        lambda: TextIndex([segment], [None]).prefix("", 1000),
        lambda: TextIndex([segment], [None]).frequencies(4, ["common", "w1"]),
        lambda: merge_text_segments([segment, merged_with], [b"\x02", None]),
    ):
        try:
            call()
        except CorruptedError:
            errors += 1
    index = TextIndex([segment], [b"\x00\x10"])
    for query in QUERIES:
        for scorer in SCORERS:
            for operator, k in (("or", 10), ("and", 3)):
                # More documents with a word than the scorer counts are refused by it.
                with contextlib.suppress(CorruptedError, ValueError):
                    index.search(query, scorer, k, operator=operator)
    return errors


@pytest.mark.parametrize(("count", "flips"), [(1, None), (40, 700), (700, 400), (9000, 40)])
def test_a_changed_byte_is_found_by_verify_and_harms_nothing(count: int, flips: int | None) -> None:
    parts = text_oracle.parts(documents(count))
    assert use(parts) == 0
    choice = random.Random(count)
    size = sum(map(len, parts))
    places = range(size) if flips is None else [*range(96), *choice.sample(range(size), flips)]
    others = 0
    for place in places:
        changed = [bytearray(part) for part in parts]
        changed[place // 65_516][place % 65_516] ^= choice.choice([1, 0x80, 0xFF, 0x10])
        damaged = [bytes(part) for part in changed]
        try:
            TextSegment(damaged).verify()
        except CorruptedError:
            pass
        else:  # then it is the segment of other documents
            sound = TextSegment(damaged)
            tokens = [sound.tokens_of(ordinal) for ordinal in range(count)]
            assert build_text_segment(sound.slots(), tokens) == damaged
            others += 1
        if count < 9000 or place < 96:
            use(damaged)
    assert others < len(places) / 2


def test_random_bytes_are_no_segment() -> None:
    choice = random.Random(1)
    head = text_oracle.parts(documents(300))[0]
    for _ in range(300):
        body = bytearray(head)
        begin = choice.randrange(len(body))
        body[begin : begin + choice.randint(1, 400)] = choice.randbytes(choice.randint(1, 400))
        use([bytes(body)])


def test_a_segment_that_claims_much_takes_little_memory() -> None:
    part = bytearray(text_oracle.parts(documents(40))[0])
    for at, claim in ((4, 2**32 - 1), (8, 2**32 - 1), (4, 2**20)):
        changed = bytearray(part)
        changed[at : at + 4] = int(claim).to_bytes(4, "little")
        with pytest.raises(CorruptedError):
            TextSegment([bytes(changed)]).lengths()


def test_slots_that_cannot_be_are_no_hits() -> None:
    part = bytearray(text_oracle.parts({5: ["a"], 9: ["a"]})[0])
    part[96:100] = np.array([2**31 - 1], np.uint32).tobytes()  # the base of the slots
    index = TextIndex([TextSegment([bytes(part)])], [None])
    with pytest.raises(CorruptedError, match="slot"):
        index.search(
            [("term", ["a"])], text_oracle.scorer("native", {0: ["a"], 1: ["b"], 2: []}), 5
        )
