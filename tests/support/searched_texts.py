"""A search of words in plain Python: a dict of texts, each of them looked at."""

import math

K1, B = 1.2, 0.75


def words_of(value):
    """The words of the analyzer "simple", of texts of plain ASCII letters."""
    texts = value if isinstance(value, list) else [value]
    return [word for text in texts for word in text.lower().split()]


def ranking(texts, query, operator="or"):
    """(id, score) of all that match, best first, equal scores by id; native BM25.

    Args:
        texts: Of each id its text, a str or a list of str; None for none.
        query: Words.
        operator: Whether one of them is enough.
    """
    documents = {key: words_of(value) for key, value in texts.items() if value is not None}
    hits = scored(documents, words_of(query), operator)
    return sorted(hits, key=lambda hit: (-round(hit[1], 12), hit[0]))


def scored(documents, asked, operator="or"):
    """(id, score) of all that match: `documents` are lists of words by id, `asked` is one."""
    filled = [words for words in documents.values() if words]
    total, length_sum = len(filled), sum(map(len, filled))
    hits = []
    for key, words in documents.items():
        present = [word in words for word in asked]
        if not asked or not (any(present) if operator == "or" else all(present)):
            continue
        score = 0.0
        for word in asked:
            frequency = words.count(word)
            if frequency:
                having = sum(word in other for other in filled)
                idf = math.log(1 + (total - having + 0.5) / (having + 0.5))
                norm = K1 * (1 - B + B * len(words) / (length_sum / total))
                score += idf * frequency / (frequency + norm)
        hits.append((key, score))
    return hits


def assert_searches(collection, texts, queries, **options):
    """Every query finds what the plain search finds, with its scores."""
    for query in queries:
        for operator in ("or", "and"):
            hits = collection.search_text(query, 1000, operator=operator, **options)
            expected = ranking(texts, query, operator)
            assert hits.ids.tolist() == [key for key, _ in expected], (query, operator)
            assert all(
                abs(hit.score - score) <= 1e-12 * max(1.0, score)
                for hit, (_, score) in zip(hits, expected, strict=True)
            )
