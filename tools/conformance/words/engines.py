"""Scores as the libraries compute them: a convention, then corpora on the standard input.

This file imports nothing of vdb, and runs in any environment that has the libraries. A line is a
corpus with its queries; the answer to it is one list of [document, score] a query. A clause of a
query with a space is a phrase, one with a star the beginning of words.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Callable
from typing import Any

MISSING = 3  # exit status: the library is not there


def fts5(case: dict[str, Any]) -> list[Any]:
    """SQLite's own, through Python."""
    connection = sqlite3.connect(":memory:")
    connection.execute("create virtual table texts using fts5(body, tokenize='unicode61')")
    rows = [(place + 1, " ".join(words)) for place, words in enumerate(case["documents"])]
    connection.executemany("insert into texts(rowid, body) values (?, ?)", rows)
    gone = [(place + 1,) for place in case["deleted"]]
    connection.executemany("delete from texts where rowid = ?", gone)
    found = []
    for query in case["queries"]:
        text = " OR ".join(f"{word[:-1]} *" if word[-1] == "*" else f'"{word}"' for word in query)
        hits = connection.execute(
            "select rowid - 1, bm25(texts) from texts where texts match ?", (text,)
        )
        found.append([list(hit) for hit in hits])
    connection.close()
    return found


def tantivy(case: dict[str, Any]) -> list[Any]:
    """An index in memory, one segment."""
    import tantivy as library

    builder = library.SchemaBuilder()
    builder.add_integer_field("place", stored=True)
    builder.add_text_field("body", stored=False, tokenizer_name="default", index_option="position")
    schema = builder.build()
    index = library.Index(schema)
    writer = index.writer(15_000_000, 1)
    for place, words in enumerate(case["documents"]):
        writer.add_document(library.Document(place=place, body=" ".join(words)))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()
    found = []
    for query in case["queries"]:
        terms = [_tantivy_clause(library.Query, schema, word) for word in query]
        whole = library.Query.boolean_query([(library.Occur.Should, term) for term in terms])
        hits = searcher.search(whole, len(case["documents"])).hits
        found.append([[searcher.doc(address)["place"][0], score] for score, address in hits])
    return found


def _tantivy_clause(kind: Any, schema: Any, clause: str) -> Any:
    if clause.endswith("*"):
        return kind.regex_query(schema, "body", f"{clause[:-1]}.*")
    if " " in clause:
        return kind.phrase_query(schema, "body", clause.split())
    return kind.term_query(schema, "body", clause)


def _rank_bm25(name: str) -> Callable[[dict[str, Any]], list[Any]]:
    def scores(case: dict[str, Any]) -> list[Any]:
        import rank_bm25

        model = getattr(rank_bm25, name)(case["documents"], **case["settings"])
        return [list(enumerate(model.get_scores(query).tolist())) for query in case["queries"]]

    return scores


def _bm25s(method: str) -> Callable[[dict[str, Any]], list[Any]]:
    def scores(case: dict[str, Any]) -> list[Any]:
        import bm25s

        model = bm25s.BM25(method=method, **case["settings"])
        model.index(case["documents"], show_progress=False)
        return [list(enumerate(model.get_scores(query).tolist())) for query in case["queries"]]

    return scores


ENGINES: dict[str, Callable[[dict[str, Any]], list[Any]]] = {
    "fts5": fts5,
    "tantivy": tantivy,
    "rank-bm25-okapi": _rank_bm25("BM25Okapi"),
    "rank-bm25-l": _rank_bm25("BM25L"),
    "rank-bm25-plus": _rank_bm25("BM25Plus"),
    **{
        f"bm25s-{method}": _bm25s(method)
        for method in ("lucene", "robertson", "atire", "bm25l", "bm25+")
    },
}


def version(convention: str) -> str:
    """The library and its version."""
    from importlib.metadata import version as of

    if convention == "fts5":
        return f"SQLite {sqlite3.sqlite_version}"
    name = convention.rpartition("-")[0] if "-" in convention else convention
    extra = f", numpy {of('numpy')}" if name == "bm25s" else ""
    return f"{name} {of(name)}{extra}"


def main() -> int:
    """Answers every corpus; the first line names the library."""
    scores = ENGINES[sys.argv[1]]
    try:
        print(version(sys.argv[1]), flush=True)
        for line in sys.stdin:
            print(json.dumps(scores(json.loads(line))), flush=True)
    except ImportError as error:
        print(error, file=sys.stderr)
        return MISSING
    return 0


if __name__ == "__main__":
    sys.exit(main())
