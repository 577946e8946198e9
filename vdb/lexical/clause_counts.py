"""How often documents have the clauses of a query: tf, df and lengths, from lists of terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb.errors import ArgumentTypeError
from vdb.lexical.query_text import Clause, Phrase, Prefix, Term

__all__ = [
    "ClauseCounts",
    "Documents",
    "QueryClauses",
    "checked_documents",
    "clauses_of",
    "counted",
    "occurrences",
]

Documents: TypeAlias = Sequence[Sequence[str | None]]
QueryClauses: TypeAlias = Sequence[str | Clause]


@dataclass(frozen=True, slots=True)
class ClauseCounts:
    """The counts of a query's clauses.

    Attributes:
        clauses: The clauses.
        tf: (clauses, documents) how often each document has each.
        df: How many documents of the whole collection have each.
        dfs: For each clause the df of each of its words; of a beginning, that of all together.
    """

    clauses: tuple[Clause, ...]
    tf: NDArray[np.int64]
    df: tuple[int, ...]
    dfs: tuple[tuple[int, ...], ...]


def clauses_of(query: Any) -> tuple[Clause, ...]:
    """A query's terms and clauses, as clauses.

    Raises:
        ArgumentTypeError: The query is one str, or holds something else.
    """
    if isinstance(query, (str, bytes)) or not isinstance(query, Sequence):
        raise ArgumentTypeError(
            f"query must be a list of terms or clauses, got {type(query).__name__}",
            expected="list",
            received=type(query).__name__,
        )
    clauses: list[Clause] = []
    for place, one in enumerate(query):
        if isinstance(one, str):
            clauses.append(Term(str.__str__(one)))
        elif isinstance(one, (Term, Phrase, Prefix)):
            clauses.append(one)
        else:
            raise ArgumentTypeError(
                f"query[{place}] must be a term, Phrase or Prefix, got {type(one).__name__}",
                expected="str, Term, Phrase or Prefix",
                received=type(one).__name__,
            )
    return tuple(clauses)


def checked_documents(documents: Any) -> list[list[str | None]]:
    """Lists of terms.

    Raises:
        ArgumentTypeError: A document is no list, or holds something else than strs and None.
    """
    out: list[list[str | None]] = []
    for place, document in enumerate(documents):
        if isinstance(document, (str, bytes)) or not isinstance(document, Sequence):
            raise ArgumentTypeError(
                f"documents[{place}] must be a list of terms, got {type(document).__name__}",
                expected="list",
                received=type(document).__name__,
            )
        wrong = next((one for one in document if not isinstance(one, (str, type(None)))), None)
        if wrong is not None:
            raise ArgumentTypeError(
                f"documents[{place}] must hold strs and None, got {type(wrong).__name__}",
                expected="str",
                received=type(wrong).__name__,
            )
        out.append(list(document))
    return out


def counted(clauses: tuple[Clause, ...], documents: Documents) -> ClauseCounts:
    """Counts the clauses in every document."""
    tf = np.array(
        [[occurrences(clause, document) for document in documents] for clause in clauses],
        dtype=np.int64,
    ).reshape(len(clauses), len(documents))
    df = tuple(int(np.count_nonzero(row)) for row in tf)
    dfs: list[tuple[int, ...]] = []
    for clause, own in zip(clauses, df, strict=True):
        if isinstance(clause, Phrase):
            words = [word for word in clause.terms if word is not None]
            dfs.append(tuple(sum(word in document for document in documents) for word in words))
        else:
            dfs.append((own,))
    return ClauseCounts(clauses, tf, df, tuple(dfs))


def occurrences(clause: Clause, document: Sequence[str | None]) -> int:
    """How often a document has a clause."""
    if isinstance(clause, Term):
        return sum(term == clause.term for term in document)
    if isinstance(clause, Prefix):
        return sum(term is not None and term.startswith(clause.prefix) for term in document)
    size = len(clause.terms)
    return sum(
        all(
            wanted is None or term == wanted
            for wanted, term in zip(clause.terms, document[start : start + size], strict=True)
        )
        for start in range(len(document) - size + 1)
    )
