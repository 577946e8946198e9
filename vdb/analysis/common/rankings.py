"""Rankings of a study by words and by vector: fusions of both lists, and each list alone.

Both lists of every query are read once for each convention of scores that a ranking needs, by exact
search; a ranking is then made of them as often as a study likes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb import index
from vdb.errors import ArgumentTypeError, InvalidArgumentError
from vdb.fusion.registry import fusion_named
from vdb.fusion.settings import Settings
from vdb.index.text.analysis import Analyzers
from vdb.model import arguments
from vdb.model.config import LIMITS
from vdb.model.records import Direction, Id
from vdb.query import SearchRequest, search_many
from vdb.query.hybrid.parts import PARTS, HybridPlan, Part, fuse_parts, hybrid_plan, vector_part
from vdb.query.hybrid.text_part import text_direction, text_part
from vdb.query.score_convention import convention_of

__all__ = [
    "PairOfLists",
    "Ranked",
    "Ranking",
    "RankingName",
    "gains_of",
    "lists_of",
    "query_texts",
    "read_ranking",
]

RankingName: TypeAlias = "str | dict[str, Any]"
"""A fusion by name; "text" or "vector" for that list alone, "text:lucene" for it in a convention;
or a dict with the key "fusion" and arguments of `search_hybrid`, and "name" for the report."""

PairOfLists: TypeAlias = dict[tuple[str, str], Part]
"""The lists of one query, by part and convention."""

_OPTIONS = ("fusion", "name", "weights", "window", "text_scores", "vector_scores")


class Ranked(NamedTuple):
    """One query's hits, best first."""

    ids: list[Id]
    scores: NDArray[Any]


class Ranking(NamedTuple):
    """A way to rank the records of a collection for a text and a vector.

    Attributes:
        name: Its name in the report.
        part: "text" or "vector" where it is one list alone; else "".
        plan: The fusion; None of one list alone.
        lists: The parts and conventions of the lists that it needs.
        window: How many hits of each.
        direction: Which scores are better.
    """

    name: str
    part: str
    plan: HybridPlan | None
    lists: tuple[tuple[str, str], ...]
    window: int
    direction: Direction

    def of(self, lists: PairOfLists) -> Ranked:
        """Its hits for one query."""
        if self.plan is None:
            part = lists[self.lists[0]].first(self.window)
            return Ranked(part.ids, part.numbers)
        hits = fuse_parts(self.plan, [lists[name] for name in self.lists])
        return Ranked(hits.ids.tolist(), hits.scores)

    def weighted(self, weights: Sequence[float]) -> Ranking:
        """The same fusion with other weights."""
        assert self.plan is not None  # noqa: S101 - one list has no weights
        settings = self.plan.settings
        chosen = Settings(list(weights), settings.values, settings.chosen | {"weights"})
        return self._replace(plan=self.plan._replace(settings=chosen))


def read_ranking(view: index.View, value: object, name: str, k: int) -> Ranking:
    """A ranking of the collection that gives k hits or more.

    Args:
        view: The collection.
        value: A `RankingName`.
        name: Of the argument, for messages.
        k: The number of hits that are looked at.

    Raises:
        ArgumentTypeError: Neither a str nor a dict, or an unknown key.
        InvalidArgumentError: No fusion of that name, or what the fusion refuses.
    """
    if isinstance(value, str):
        part, colon, scores = value.partition(":")
        if part in PARTS:
            return _alone(view, value, part, scores if colon else None, k)
        options: dict[str, Any] = {"fusion": value}
    elif isinstance(value, dict):
        options = arguments.named_options(name, value)
    else:
        raise ArgumentTypeError(
            f"{name} must be the name of a fusion, or a dict with its arguments, "
            f"got {type(value).__name__}",
            expected="str | dict",
            received=type(value).__name__,
        )
    if "fusion" not in options:
        raise InvalidArgumentError(
            f"{name} must have the key 'fusion', the name of a fusion",
            expected="fusion",
            received=tuple(options),
        )
    row = fusion_named(options["fusion"], name if isinstance(value, str) else f"{name}['fusion']")
    title = arguments.text(f"{name}['name']", options.get("name", row.name))
    window = options.get("window")
    plan = hybrid_plan(
        view.header,
        row,
        PARTS,
        k=k,
        weights=options.get("weights"),
        window=None if window is None else arguments.whole("window", window, 1, LIMITS.slots),
        parameters={key: one for key, one in options.items() if key not in _OPTIONS},
        text_scores=options.get("text_scores"),
        vector_scores=options.get("vector_scores"),
    )
    assert plan.vector_scores is not None  # noqa: S101 - there are both lists
    lists = (("text", plan.text_scores), ("vector", plan.vector_scores.name))
    whole = plan._replace(k=None)
    return Ranking(title, "", whole, lists, plan.window, row.direction)


def _alone(view: index.View, title: str, part: str, scores: str | None, k: int) -> Ranking:
    if part == "vector":
        convention = convention_of(view.header, scores)
        lists = ((part, convention.name),)
        return Ranking(title, part, None, lists, k, convention.direction)
    named = "native" if scores is None else scores
    return Ranking(title, part, None, ((part, named),), k, text_direction(named))


def lists_of(
    reader: index.Reader,
    view: index.View,
    texts: Sequence[str],
    queries: NDArray[Any] | None,
    rankings: Sequence[Ranking],
    *,
    field: str | None,
    analyzers: Analyzers,
    threads: int,
) -> list[PairOfLists]:
    """Both lists of each query at one moment, in every convention that the rankings need.

    Args:
        reader: Whose moment is seen.
        view: The collection.
        texts: The texts of the queries.
        queries: Their vectors, shape (n, dim); None where no ranking needs them.
        rankings: What the lists are for.
        field: The text field; None for the only one.
        analyzers: Those of the program.
        threads: Number of threads that search by vector.
    """
    windows: dict[tuple[str, str], int] = {}
    for ranking in rankings:
        for name in ranking.lists:
            windows[name] = max(windows.get(name, 0), ranking.window)
    out: list[PairOfLists] = [{} for _ in texts]
    for (part, scores), window in windows.items():
        if part == "vector":
            request = SearchRequest(window, exact=True, scores=scores, with_payloads=False)
            assert queries is not None  # noqa: S101 - checked by the caller
            found = search_many(reader, view, queries, request, threads=threads)
            for lists, hits in zip(out, found, strict=True):
                lists[part, scores] = vector_part(hits)
            continue
        for lists, text in zip(out, texts, strict=True):
            lists[part, scores] = text_part(
                reader, view, text, analyzers, field=field, scores=scores, k=window, where=None
            )
    return out


def gains_of(ids: Sequence[Id], grades: Mapping[Id, float], k: int) -> NDArray[np.float64]:
    """The grades of the best k ids, filled up with 0, shape (k,)."""
    gains = np.zeros(k)
    for place, one in enumerate(ids[:k]):
        gains[place] = grades.get(one, 0.0)
    return gains


def query_texts(texts: object, queries: int | None) -> list[str]:
    """The texts of queries, one each and as many as there are vectors, checked."""
    entries = arguments.sequence("texts", texts, LIMITS.slots)
    if queries is not None and len(entries) != queries:
        raise InvalidArgumentError(
            f"texts must have one entry for each of {queries:,} queries, got {len(entries):,}",
            expected=queries,
            received=len(entries),
        )
    if not entries:
        raise InvalidArgumentError("texts holds no query", expected="texts", received=0)
    return [arguments.text(f"texts[{i}]", one) for i, one in enumerate(entries)]
