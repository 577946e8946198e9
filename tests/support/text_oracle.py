"""Text fields in plain Python: every document is looked at, and scored by itself."""

from collections.abc import Mapping, Sequence

import numpy as np

from vdb.kernel import TextIndex, TextScorer, TextSegment, build_text_segment

Tokens = Sequence[str | None]
Clause = tuple[str, list[str | None]]

_SINGLE = np.float32
_IN_FLOAT32 = {"tantivy", "bm25s-lucene", "bm25s-robertson", "bm25s-atire"} | {
    "bm25s-bm25l",
    "bm25s-bm25+",
}
_LUCENE = {"lucene", "lucene-legacy"}
_CONSTANT_PREFIX = _LUCENE | {"tantivy"}
_COUNTED_PHRASE = {"vespa", "fts5"}
_ABOVE_ABSENT = {"bm25s-bm25l", "bm25s-bm25+"}
_SCORES_ALL = {"rank-bm25-plus"} | _ABOVE_ABSENT


def segment(documents: Mapping[int, Tokens], positions: bool = True) -> TextSegment:
    """A segment of documents by their slots."""
    return TextSegment(parts(documents, positions))


def parts(documents: Mapping[int, Tokens], positions: bool = True) -> list[bytes]:
    slots = np.array(sorted(documents), np.uint32)
    return build_text_segment(slots, [list(documents[int(slot)]) for slot in slots], positions)


def index(*documents: Mapping[int, Tokens]) -> TextIndex:
    return TextIndex([segment(some) for some in documents], [None] * len(documents))


def scorer(family: str, documents: Mapping[int, Tokens], **constants: float) -> TextScorer:
    length_sum = sum(length(tokens) for tokens in documents.values())
    return TextScorer(family, documents=len(documents), length_sum=length_sum, **constants)


def length(tokens: Tokens) -> int:
    return sum(token is not None for token in tokens)


def occurrences(clause: Clause, tokens: Tokens) -> int:
    kind, words = clause
    if kind == "term":
        return sum(token == words[0] for token in tokens)
    if kind == "prefix":
        begin = words[0] or ""
        return sum(token is not None and token.startswith(begin) for token in tokens)
    first = next(i for i, word in enumerate(words) if word is not None)
    last = max(i for i, word in enumerate(words) if word is not None)
    places = list(enumerate(words[first : last + 1]))
    return sum(
        all(word is None or tokens[at + i] == word for i, word in places)
        for at in range(len(tokens) - (last - first))
    )


def ranking(
    query: Sequence[Clause],
    documents: Mapping[int, Tokens],
    scorer: TextScorer,
    operator: str = "or",
    passing: set[int] | None = None,
) -> list[tuple[float, int]]:
    """(score, slot) of every hit, best first, equal scores by slot.

    The scores of single clauses are those of `scorer`, which has tests of its own.
    """
    family = scorer.family
    counts = [1] * len(query)
    if family in _LUCENE:
        counts = [list(query).count(clause) for clause in query]
        once = [list(query).index(clause) == i for i, clause in enumerate(query)]
        query = [clause for clause, first in zip(query, once, strict=True) if first]
        counts = [count for count, first in zip(counts, once, strict=True) if first]
    idfs = [_idf(clause, documents, scorer) for clause in query]
    hits = []
    for slot, tokens in documents.items():
        tfs = [occurrences(clause, tokens) for clause in query]
        matched = all(tfs) if operator == "and" else any(tfs) or family in _SCORES_ALL
        if not (query and matched) or (passing is not None and slot not in passing):
            continue
        scores = []
        for clause, tf, idf, count in zip(query, tfs, idfs, counts, strict=True):
            if idf is None:
                scores.append((0.0, False))
            elif tf and clause[0] == "prefix" and family in _CONSTANT_PREFIX:
                scores.append((float(count), True))
            elif family in _ABOVE_ABSENT:
                scores.append((_above_absent(scorer, idf, tf, length(tokens)), tf > 0))
            else:
                scores.append((scorer.score(idf, tf, length(tokens), count), tf > 0))
        absent = [0.0 if idf is None else scorer.score(idf, 0, 1) for idf in idfs]
        hits.append((_sum(scores, absent, family), slot))
    return sorted(hits, key=lambda hit: (-hit[0], hit[1]))


def _idf(clause: Clause, documents: Mapping[int, Tokens], scorer: TextScorer) -> float | None:
    df = sum(occurrences(clause, tokens) > 0 for tokens in documents.values())
    if df == 0:
        return None
    if clause[0] == "phrase" and scorer.family not in _COUNTED_PHRASE:
        words = [word for word in clause[1] if word is not None]
        if len(words) > 1:
            return scorer.idf_sum(
                [scorer.idf(sum(word in tokens for tokens in documents.values())) for word in words]
            )
    return scorer.idf(df)


def _above_absent(scorer: TextScorer, idf: float, tf: int, length: int) -> float:
    """What an index of bm25s holds under "bm25l" and "bm25+": the score above that without it."""
    k1, b, delta = scorer.k1, scorer.b, scorer.delta
    norm = 1 - b + b * length / (scorer.length_sum / scorer.documents)
    if scorer.family == "bm25s-bm25l":
        part = (k1 + 1) * (tf / norm + delta) / (k1 + tf / norm + delta)
    else:
        part = float(_SINGLE(k1 + 1) * _SINGLE(tf)) / (k1 * norm + tf) + delta
    return float(_SINGLE(float(_SINGLE(idf)) * part - scorer.score(idf, 0, 1)))


def _sum(scores: list[tuple[float, bool]], absent: list[float], family: str) -> float:
    if family not in _IN_FLOAT32:
        total = 0.0
        for score, _ in scores:
            total += score
        return float(_SINGLE(total)) if family in _LUCENE else total
    single = base = _SINGLE(0)
    for (score, present), without in zip(scores, absent, strict=True):
        if present:
            single += _SINGLE(score)
        base += _SINGLE(without)
    return float(single + base) if family in _ABOVE_ABSENT else float(single)
