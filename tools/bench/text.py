"""Searches of words, by a collection and by the kernel, beside tantivy, bm25s and SQLite FTS5.

    python -m tools.bench text [--paragraphs FILE] [--corpora paragraphs short] [--queries 300]

Two corpora: 100,000 paragraphs, varied from those of FILE (lines of JSON with a "text"; the sample
by default), and 1,000,000 short texts of Zipf words. Queries are one to three words of a document,
joined by OR; the ten best are asked for, and no engine counts all hits. Each query is put to every
engine in turn, and timed by the processor time of one thread; the figure of a query is the median
of the rounds. "q/s" is queries by the sum of these. All engines hold the same tokens.

    vdb        the kernel: equal scores by slot, as the others order them by their own number
    vdb ties   the kernel, with every document that ties with the tenth
    vdb text   `Collection.search_text`, from a text to hits, equal scores by id
    tantivy    what it does itself: one segment, frequencies, no positions
    bm25s      "lucene", numpy
    fts5       in memory, ORDER BY rank

Sizes are bytes of the index alone: terms, postings, lengths, and positions where there are any.
tantivy and bm25s are used where they are installed.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import vdb
from tools import environments
from vdb.kernel import TextIndex, TextScorer, TextSegment, build_text_segment

Search = Callable[[list[str]], object]
SLOW = {"fts5", "bm25s"}  # one round of fewer queries
TOP = 10
AT_ONCE = 10_000


def main() -> None:
    """Prints a table for each corpus."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.bench text",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    sample = environments.ROOT / "docs" / "sample" / "paragraphs.jsonl"
    parser.add_argument("--paragraphs", type=Path, default=sample)
    parser.add_argument("--corpora", nargs="+", default=["paragraphs", "short"])
    parser.add_argument("--engines", nargs="+", default=["tantivy", "bm25s", "fts5"])
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the documents")
    options = parser.parse_args()
    for name in options.corpora:
        if name == "paragraphs":
            documents = paragraphs(options.paragraphs, int(100_000 * options.scale))
        else:
            documents = short_texts(int(1_000_000 * options.scale))
        print(f"{name}: {len(documents):,} documents, {sum(map(len, documents)):,} tokens")
        with tempfile.TemporaryDirectory() as folder:
            engines = _engines(documents, options.engines, Path(folder))
            _measure(documents, engines, options.queries, options.rounds)


def paragraphs(source: Path, count: int) -> list[list[str]]:
    """Paragraphs of a file, again and again; from the second time on with a part of the words."""
    with source.open(encoding="utf-8") as lines:
        texts = [_words(json.loads(line)["text"]) for line in lines]
    draw = np.random.default_rng(1)
    documents = texts[:count]
    while len(documents) < count:
        text, other = (texts[number] for number in draw.integers(len(texts), size=2))
        begin = int(draw.integers(len(other) + 1))
        kept = draw.random(len(text)) < 0.7
        words = [word for word, keep in zip(text, kept.tolist(), strict=True) if keep]
        documents.append(words + other[begin : begin + 20])
    return documents


def short_texts(count: int) -> list[list[str]]:
    """4 to 14 words each, of a vocabulary of 200,000 in which word n has the weight 1 / (n + 3)."""
    draw = np.random.default_rng(1)
    vocabulary = [f"{number * 2654435761 % 2**32:x}" for number in range(200_000)]
    weights = 1 / (np.arange(len(vocabulary)) + 3)
    bounds = np.cumsum(weights / weights.sum())
    lengths = draw.integers(4, 15, count)
    words = np.searchsorted(bounds, draw.random(int(lengths.sum()))).clip(0, len(vocabulary) - 1)
    ends = np.cumsum(lengths)
    return [
        [vocabulary[word] for word in words[end - length : end].tolist()]
        for end, length in zip(ends.tolist(), lengths.tolist(), strict=True)
    ]


def _words(text: str) -> list[str]:
    kept = "".join(letter if letter.isalnum() else " " for letter in text.lower())
    return kept.split()


def _engines(documents: list[list[str]], names: list[str], folder: Path) -> dict[str, Search]:
    engines = _vdb(documents) | {"vdb text": _collection(documents, folder)}
    for name, make in (("tantivy", _tantivy), ("bm25s", _bm25s), ("fts5", _fts5)):
        if name not in names:
            continue
        if name != "fts5" and importlib.util.find_spec(name) is None:
            print(f"  {name} is not installed")
            continue
        engines[name] = make(documents, folder)
    return engines


def _vdb(documents: list[list[str]]) -> dict[str, Search]:
    slots = np.arange(len(documents), dtype=np.uint32)
    rows: list[list[str | None]] = [list(document) for document in documents]
    begin = time.process_time()
    parts = build_text_segment(slots, rows, False)
    seconds = time.process_time() - begin
    with_positions = sum(map(len, build_text_segment(slots, rows, True)))
    size = sum(map(len, parts))
    print(f"  vdb      built in {seconds:.1f} s, {size:,} bytes, with positions {with_positions:,}")
    index = TextIndex([TextSegment(parts)], [None])
    scorer = TextScorer("tantivy", documents=len(documents), length_sum=index.length_sum)

    def searches(*, ties: bool) -> Search:
        def search(words: list[str]) -> object:
            return index.search([("term", [word]) for word in words], scorer, TOP, ties=ties)

        return search

    return {"vdb": searches(ties=False), "vdb ties": searches(ties=True)}


def _collection(documents: list[list[str]], folder: Path) -> Search:
    database = vdb.open(folder / "text.vdb", durability="relaxed")
    collection = database.create_collection(
        "docs",
        dim=1,
        metric="l2",
        index=vdb.Flat(),
        fields={"text": vdb.Text("whitespace", positions=False)},
    )
    begin = time.process_time()
    for start in range(0, len(documents), AT_ONCE):
        some = documents[start : start + AT_ONCE]
        ids = range(start, start + len(some))
        texts = [{"text": " ".join(document)} for document in some]
        collection.add(ids, np.zeros((len(some), 1), np.float32), texts)
    seconds = time.process_time() - begin
    field = collection.info().text_fields["text"]
    print(
        f"  vdb text added in {seconds:.1f} s, {field.bytes:,} bytes, {field.segments} segment(s)"
    )

    def search(words: list[str]) -> object:
        return collection.search_text(
            " ".join(words), TOP, scores="tantivy", syntax=False, with_payloads=False
        )

    return search


def _tantivy(documents: list[list[str]], folder: Path) -> Search:
    tantivy: Any = importlib.import_module("tantivy")
    index: Any = None
    seconds = 0.0

    sizes = {}
    for option in ("position", "freq"):
        builder = tantivy.SchemaBuilder()
        builder.add_text_field(
            "text", stored=False, tokenizer_name="whitespace", index_option=option
        )
        schema = builder.build()
        place = folder / option
        place.mkdir()
        index = tantivy.Index(schema, path=str(place))
        writer = index.writer(2_000_000_000, 1)
        begin = time.process_time()
        for document in documents:
            writer.add_document(tantivy.Document(text=" ".join(document)))
        writer.commit()
        writer.wait_merging_threads()
        seconds = time.process_time() - begin
        kinds = {"idx", "term", "fieldnorm", "pos"}
        sizes[option] = sum(
            path.stat().st_size for path in place.iterdir() if path.suffix[1:] in kinds
        )
    index.reload()
    searcher = index.searcher()
    print(
        f"  tantivy  built in {seconds:.1f} s, {sizes['freq']:,} bytes, with positions "
        f"{sizes['position']:,}, {searcher.num_segments} segment(s)"
    )

    def search(words: list[str]) -> object:
        terms = [tantivy.Query.term_query(schema, "text", word) for word in words]
        query = terms[0]
        if len(terms) > 1:
            query = tantivy.Query.boolean_query([(tantivy.Occur.Should, term) for term in terms])
        return searcher.search(query, TOP, count=False).hits

    return search


def _bm25s(documents: list[list[str]], folder: Path) -> Search:
    del folder
    bm25s: Any = importlib.import_module("bm25s")
    retriever = bm25s.BM25(method="lucene", backend="numpy")
    begin = time.process_time()
    retriever.index(documents, show_progress=False)
    print(f"  bm25s    built in {time.process_time() - begin:.1f} s")

    def search(words: list[str]) -> object:
        scores = retriever.get_scores(words)
        best = np.argpartition(scores, -TOP)[-TOP:]
        return best[np.argsort(-scores[best])]

    return search


def _fts5(documents: list[list[str]], folder: Path) -> Search:
    del folder
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE t USING fts5(text, content='')")
    begin = time.process_time()
    rows = ((number, " ".join(document)) for number, document in enumerate(documents))
    connection.executemany("INSERT INTO t(rowid, text) VALUES (?, ?)", rows)
    connection.execute("INSERT INTO t(t) VALUES ('optimize')")
    connection.commit()
    print(f"  fts5     built in {time.process_time() - begin:.1f} s")
    statement = "SELECT rowid, rank FROM t WHERE t MATCH ? ORDER BY rank LIMIT ?"

    def search(words: list[str]) -> object:
        query = " OR ".join(f'"{word}"' for word in words)
        return connection.execute(statement, (query, TOP)).fetchall()

    return search


def _measure(
    documents: list[list[str]], engines: dict[str, Search], count: int, rounds: int
) -> None:
    draw = np.random.default_rng(2)
    print(
        f"  {'words':5} {'engine':9} {'q/s':>9} {'median us':>10} {'p95 us':>9}  vdb is faster by"
    )
    for words in (1, 2, 3):
        queries: list[list[str]] = []
        while len(queries) < count:
            different = sorted(set(documents[int(draw.integers(len(documents)))]))
            if len(different) >= words:
                queries.append(draw.choice(different, words, replace=False).tolist())
        times: dict[str, list[float]] = {name: [] for name in engines}
        for number, query in enumerate(queries):
            in_turn = list(engines.items())
            for name, search in in_turn[number % len(in_turn) :] + in_turn[: number % len(in_turn)]:
                if name in SLOW and number >= max(count // 10, 1):
                    continue
                laps = []
                for _ in range(1 if name in SLOW else rounds):
                    begin = time.process_time_ns()
                    search(query)
                    laps.append((time.process_time_ns() - begin) / 1000)
                times[name].append(statistics.median(laps))
        for name, laps in times.items():
            own = times["vdb"][: len(laps)]
            by_sum = sum(laps) / sum(own)
            by_median = statistics.median(laps) / statistics.median(own)
            print(
                f"  {words:5} {name:9} {1e6 * len(laps) / sum(laps):9,.0f} "
                f"{statistics.median(laps):10.1f} {np.percentile(laps, 95):9.1f}  "
                f"{by_sum:.2f} by q/s, {by_median:.2f} by median"
            )


if __name__ == "__main__":
    main()
