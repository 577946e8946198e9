"""Searches of words against every document scored by itself."""

import itertools
import math
import os
import random
import signal
import threading
import time

import numpy as np
import pytest

from support import text_oracle
from support.text_oracle import Clause, Tokens
from vdb.kernel import (
    TextIndex,
    TextScorer,
    TextSegment,
    instruction_sets,
    merge_text_segments,
    text_families,
    use_instruction_set,
)

WORDS = [f"{letter}{number}" for number in range(12) for letter in "abcd"]
Hits = list[tuple[float, int]]


def random_documents(seed: int, count: int, longest: int = 12) -> dict[int, Tokens]:
    """Few words, some of them in most documents, gaps, and documents without words."""
    choice = random.Random(seed)
    weights = [1 / (1 + place) for place in range(len(WORDS))]
    slots = sorted(choice.sample(range(3 * count), count))
    return {
        slot: [
            None if choice.random() < 0.05 else choice.choices(WORDS, weights)[0]
            for _ in range(choice.randint(0, longest))
        ]
        for slot in slots
    }


def split(documents: dict[int, Tokens], ways: int, seed: int) -> list[dict[int, Tokens]]:
    choice = random.Random(seed)
    some: list[dict[int, Tokens]] = [{} for _ in range(ways)]
    for slot, tokens in documents.items():
        choice.choice(some)[slot] = tokens
    return some


def random_query(choice: random.Random) -> list[Clause]:
    query: list[Clause] = []
    for _ in range(choice.randint(1, 4)):
        kind = choice.choice(["term", "term", "term", "phrase", "prefix"])
        if kind == "term":
            query.append(("term", [choice.choice([*WORDS[:8], *WORDS, "absent"])]))
        elif kind == "prefix":
            query.append(("prefix", [choice.choice(["a", "b1", "d0", "zz"])]))
        else:
            words: list[str | None] = [
                choice.choice(WORDS[:4]) for _ in range(choice.randint(1, 3))
            ]
            if len(words) == 3 and choice.random() < 0.5:
                words[1] = None
            query.append(("phrase", [*words, *choice.choice([[], [None]])]))
    return query


def hits(found: tuple[np.ndarray, np.ndarray]) -> Hits:
    slots, scores = found
    return list(zip(scores.tolist(), slots.tolist(), strict=True))


def with_ties(ranking: Hits, k: int) -> Hits:
    if k == 0:
        return []
    return [hit for place, hit in enumerate(ranking) if place < k or hit[0] == ranking[k - 1][0]]


@pytest.mark.parametrize("family", text_families())
def test_hits_are_those_of_scoring_every_document(family: str) -> None:
    choice = random.Random(family)
    for round_ in range(25):
        documents = random_documents(round_, choice.choice([1, 30, 300]))
        index = text_oracle.index(*split(documents, choice.choice([1, 1, 3]), round_))
        scorer = text_oracle.scorer(family, documents, negative_idf=0.1)
        for _ in range(8):
            query = random_query(choice)
            operator = choice.choice(["or", "or", "and"])
            k = choice.choice([0, 1, 3, 10, 10_000])
            passing = None
            bits = None
            if choice.random() < 0.4:
                share = choice.choice([0.02, 0.5])
                passing = {slot for slot in documents if choice.random() < share}
                mask = np.zeros(max(documents) + 1, bool)
                mask[list(passing)] = True
                bits = np.packbits(mask, bitorder="little")
            ranking = text_oracle.ranking(query, documents, scorer, operator, passing)
            for prune in (True, False):
                found = index.search(
                    query, scorer, k, operator=operator, bits=bits, ties=False, prune=prune
                )
                assert hits(found) == ranking[:k]
                found = index.search(query, scorer, k, operator=operator, bits=bits, prune=prune)
                assert hits(found) == with_ties(ranking, k)


def long_lists(seed: int) -> dict[int, Tokens]:
    """Postings of several superblocks, with runs in which one word is dense or often repeated."""
    choice = random.Random(seed)
    documents: dict[int, Tokens] = {}
    for slot in range(12_000):
        tokens: list[str | None] = ["common"] if choice.random() < 0.9 else []
        if slot // 700 % 3 == 0 or choice.random() < 0.02:
            tokens += ["sometimes"] * choice.randint(1, 3)
        if choice.random() < 0.01:
            tokens += ["rare"] * choice.choice([1, 1, 9])
        if slot % 997 == 5:
            tokens += ["common"] * 40
        documents[slot] = [*tokens, *["filler"] * choice.randint(0, 60)]
    return documents


@pytest.fixture(scope="module")
def long() -> tuple[dict[int, Tokens], TextIndex]:
    documents = long_lists(1)
    return documents, text_oracle.index(documents)


@pytest.mark.parametrize("family", text_families())
def test_blocks_that_are_left_out_hold_no_hit(
    family: str, long: tuple[dict[int, Tokens], TextIndex]
) -> None:
    documents, index = long
    scorer = text_oracle.scorer(family, documents, negative_idf=0.1)
    words = ["common", "sometimes", "rare", "filler"]
    queries = [
        [("term", [word]) for word in some]
        for size in (1, 2, 3)
        for some in itertools.permutations(words, size)
    ]
    queries.append([("term", ["rare"]), ("term", ["common"]), ("term", ["rare"])])
    for query, operator in itertools.product(queries, ("or", "and")):
        for k, ties in ((1, True), (10, False), (10, True), (100, False)):
            pruned = index.search(query, scorer, k, operator=operator, ties=ties)
            everything = index.search(query, scorer, k, operator=operator, ties=ties, prune=False)
            assert hits(pruned) == hits(everything)


def test_pruned_searches_of_long_lists_agree_with_the_oracle(
    long: tuple[dict[int, Tokens], TextIndex],
) -> None:
    documents, index = long
    query: list[Clause] = [("term", ["sometimes"]), ("term", ["rare"]), ("term", ["common"])]
    for family in ("native", "lucene", "tantivy"):
        scorer = text_oracle.scorer(family, documents)
        ranking = text_oracle.ranking(query, documents, scorer)
        assert hits(index.search(query, scorer, 25)) == with_ties(ranking, 25)


@pytest.mark.parametrize("family", ["native", "rank-bm25-okapi", "rank-bm25-l", "vespa", "fts5"])
@pytest.mark.parametrize(("k1", "b"), [(0.0, 0.0), (1e-9, 1.0), (40.0, 0.5), (1.2, 1.0)])
def test_constants_at_their_ends_do_not_lose_hits(
    family: str, k1: float, b: float, long: tuple[dict[int, Tokens], TextIndex]
) -> None:
    documents, index = long
    scorer = text_oracle.scorer(family, documents, k1=k1, b=b, negative_idf=0.1)
    for query in ([("term", ["sometimes"])], [("term", ["rare"]), ("term", ["common"])]):
        for ties in (True, False):
            pruned = index.search(query, scorer, 20, ties=ties)
            assert hits(pruned) == hits(index.search(query, scorer, 20, ties=ties, prune=False))


def deleted_bits(ordinals: list[int], documents: int) -> bytes:
    mask = np.zeros(documents, bool)
    mask[ordinals] = True
    return np.packbits(mask, bitorder="little").tobytes().rstrip(b"\0")


@pytest.mark.parametrize("family", ["native", "lucene", "fts5", "bm25s-bm25l"])
def test_deleted_documents_are_neither_hits_nor_counted(family: str) -> None:
    for seed in range(10):
        choice = random.Random(seed)
        documents = random_documents(seed, 200)
        segments, deleted = [], []
        living: dict[int, Tokens] = {}
        for some in split(documents, 3, seed):
            segment = text_oracle.segment(some)
            slots = segment.slots().tolist()
            ordinals = sorted(choice.sample(range(len(slots)), len(slots) // 3))
            segments.append(segment)
            deleted.append(deleted_bits(ordinals, len(slots)) if seed else None)
            gone = {slots[ordinal] for ordinal in ordinals} if seed else set()
            living |= {slot: tokens for slot, tokens in some.items() if slot not in gone}
        index = TextIndex(segments, deleted)
        assert index.documents == len(living)
        assert index.length_sum == sum(text_oracle.length(tokens) for tokens in living.values())
        df = [sum(word in tokens for tokens in living.values()) for word in WORDS]
        assert index.statistics(WORDS).tolist() == df
        assert (
            index.prefix("b", 5)
            == sorted(
                {word for tokens in living.values() for word in tokens if word and word[0] == "b"}
            )[:5]
        )
        scorer = text_oracle.scorer(family, living)
        merged = TextIndex([TextSegment(merge_text_segments(segments, deleted))], [None])
        for _ in range(10):
            query = random_query(choice)
            ranking = text_oracle.ranking(query, living, scorer)
            assert hits(index.search(query, scorer, 15)) == with_ties(ranking, 15)
            assert hits(merged.search(query, scorer, 15)) == with_ties(ranking, 15)


def test_frequencies_are_those_of_the_document() -> None:
    documents = random_documents(3, 150)
    index = text_oracle.index(*split(documents, 2, 3))
    for slot in range(max(documents) + 2):
        if slot not in documents:
            assert index.frequencies(slot, WORDS) is None
            continue
        tokens = documents[slot]
        counts = [sum(token == word for token in tokens) for word in WORDS]
        assert index.frequencies(slot, WORDS) == (counts, text_oracle.length(tokens))


def test_the_mean_idf_is_added_up_as_rank_bm25_does() -> None:
    for seed in range(5):
        documents = random_documents(seed, 120)
        order: dict[str, int] = {}
        for tokens in documents.values():
            for word in dict.fromkeys(token for token in tokens if token is not None):
                order[word] = order.get(word, 0) + 1
        total, n = 0.0, len(documents)
        for df in order.values():
            total += math.log(n - df + 0.5) - math.log(df + 0.5)
        index = text_oracle.index(*split(documents, 2, seed))
        assert index.mean_okapi_idf(n) == total / len(order)


def test_many_threads_get_the_same_answer(long: tuple[dict[int, Tokens], TextIndex]) -> None:
    documents, _ = long
    index = text_oracle.index(documents)
    scorer = text_oracle.scorer("native", documents)
    query = [("term", ["rare"]), ("term", ["common"])]
    answers: list[Hits] = []
    threads = [
        threading.Thread(target=lambda: answers.append(hits(index.search(query, scorer, 10))))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 6 and all(answer == answers[0] for answer in answers)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ([("word", ["a"])], "query: expected term, phrase or prefix"),
        ([("term", ["a", "b"])], "query: expected one word"),
        ([("term", [""])], "query: expected words"),
        ([("phrase", [None])], "query: expected a word"),
    ],
)
def test_queries_of_another_form_are_refused(query: list[Clause], words: str) -> None:
    index = text_oracle.index({0: ["a"]})
    scorer = TextScorer("native", documents=1, length_sum=1)
    with pytest.raises(ValueError, match=words):
        index.search(query, scorer, 1)


def test_a_phrase_without_positions_is_refused() -> None:
    index = TextIndex([text_oracle.segment({0: ["a", "b"]}, positions=False)], [None])
    scorer = TextScorer("native", documents=1, length_sum=2)
    with pytest.raises(ValueError, match="positions"):
        index.search([("phrase", ["a", "b"])], scorer, 1)
    assert hits(index.search([("phrase", ["a", None])], scorer, 1)) == hits(
        index.search([("term", ["a"])], scorer, 1)
    )


def test_a_long_search_is_stopped_by_a_signal(
    long: tuple[dict[int, Tokens], TextIndex],
) -> None:
    documents, index = long
    scorer = text_oracle.scorer("native", documents)
    words = [("term", ["common"]), ("term", ["filler"])] * 40_000  # seconds
    began = time.monotonic()
    stop = threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT))
    stop.start()
    with pytest.raises(KeyboardInterrupt):
        index.search(words, scorer, 10, prune=False)
    stop.join()
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("name", instruction_sets())
def test_scores_do_not_depend_on_the_instruction_set(
    name: str, long: tuple[dict[int, Tokens], TextIndex]
) -> None:
    documents, index = long
    query = [("term", ["rare"]), ("term", ["sometimes"]), ("term", ["common"])]
    for family in text_families():
        scorer = text_oracle.scorer(family, documents)
        expected = hits(index.search(query, scorer, 50))
        use_instruction_set(name)
        try:
            assert hits(index.search(query, scorer, 50)) == expected
        finally:
            use_instruction_set("")
