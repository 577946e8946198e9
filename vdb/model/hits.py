"""Results of searches: sequences of hits, best first, and their columns as arrays and tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from vdb.kernel import TableColumn, number_column, vector_column
from vdb.model.metrics import METRICS
from vdb.model.presentation.json_dicts import hit_dict
from vdb.model.records import Direction, Hit, Id, Ids, Payload, Plan
from vdb.model.tables.arrow_table import ArrowTable
from vdb.model.tables.columns import EncodedPayloads, id_column, of_payloads, parts_of
from vdb.model.tables.layout import RecordLayout, TableLayout

__all__ = ["WORDS", "Hits", "HitsDescription", "ManyHits", "id_array", "order_text"]


_SHOWN = 20  # rows of a table in a notebook

WORDS = "bm25"
"""The metric of the hits of a search of words."""


class HitsDescription(NamedTuple):
    """What all hits of searches with the same arguments have in common; see `Hits`."""

    metric: str
    convention: str
    direction: Direction
    records: RecordLayout
    plan: Plan | None
    generation: int | None = None
    missing: tuple[str, ...] = ()


class Hits(Sequence[Hit], ArrowTable):
    """What one query found, best first: by score, equal scores by value, equal values by id.

    A sequence of `Hit`, with its columns as arrays. Hits are made when they are read, so that
    ``ids`` and ``scores`` alone cost no objects. It is a table too: libraries that read Arrow's
    stream take it as it is, with the columns rank (1 is the best), id, score, value, vector where
    vectors were asked for, one column for each declared field, and payload as JSON.

    Attributes:
        metric: The collection's metric.
        convention: Whose convention ``scores`` are in ("native": the value itself).
        direction: "higher" or "lower": which scores are closer.
        plan: How the search was done and why; of several queries, for all of them together.
        generation: The number of the collection's generation that answered, as of the moment of the
            search (see `CollectionInfo.generation`). None where hits of several generations were
            put together.
        missing: Of a sharded collection that was searched with ``partial="allow"``, the shards that
            did not answer; else empty.
    """

    __slots__ = (
        "_ids",
        "_payloads",
        "_records",
        "_scores",
        "_values",
        "_vectors",
        "convention",
        "direction",
        "generation",
        "metric",
        "missing",
        "plan",
    )

    def __init__(
        self,
        ids: Ids,
        values: NDArray[np.float64],
        scores: NDArray[Any],
        description: HitsDescription,
        payloads: EncodedPayloads | None = None,
        *,
        vectors: NDArray[Any] | None = None,
    ) -> None:
        self._ids = ids
        self._values = values
        self._scores = scores
        self._payloads = payloads
        self._vectors = vectors
        (
            self.metric,
            self.convention,
            direction,
            self._records,
            self.plan,
            self.generation,
            self.missing,
        ) = description
        self.direction: Direction = direction

    @property
    def ids(self) -> NDArray[Any]:
        """The ids, shape (n,): int64, or objects of type str."""
        return id_array(self._ids)

    @property
    def scores(self) -> NDArray[Any]:
        """The scores, shape (n,), best first; float32 where the convention's engine has that."""
        return _frozen(self._scores)

    @property
    def values(self) -> NDArray[np.float64]:
        """The natural values, float64, shape (n,), best first."""
        return _frozen(self._values)

    def decode_payloads(self) -> None:
        """Decode all payloads now, which happens otherwise when the first of them is read."""
        if self._payloads:
            self._payloads[0]

    @property
    def payloads(self) -> list[Payload]:
        """The payloads, n of them; None where a record has none, or they were not asked for."""
        return [None] * len(self) if self._payloads is None else list(self._payloads)

    @property
    def vectors(self) -> NDArray[Any] | None:
        """The vectors as they are stored, shape (n, dim), bits packed; None if not asked for.

        Read-only. Memory of these hits: a library that writes to it all the same changes nothing
        but them.
        """
        return None if self._vectors is None else _frozen(self._vectors.view())

    @property
    def cursor(self) -> tuple[float, Id] | None:
        """The place behind which the next page begins: value and id of the farthest hit.

        ``search(q, k, after=hits.cursor)`` continues there. JSON takes it and gives it back
        unchanged. None without hits, and for a search of words, whose pages go by `offset`.
        """
        if not len(self) or self.metric == WORDS:
            return None
        sign = -1.0 if METRICS[self.metric].direction == "higher" else 1.0
        far = np.nan_to_num(sign * self._values, nan=np.inf)
        ids: list[Id] = self._ids if isinstance(self._ids, list) else self._ids.tolist()
        last = max(np.flatnonzero(far == far.max()).tolist(), key=ids.__getitem__)
        return float(self._values[last]), ids[last]

    def __len__(self) -> int:
        return len(self._ids)

    def _hit(self, index: int) -> Hit:
        return Hit(
            self._ids[index] if isinstance(self._ids, list) else int(self._ids[index]),
            float(self._scores[index]),
            float(self._values[index]),
            None if self._payloads is None else self._payloads[index],
            None if self._vectors is None else self._vectors[index],
        )

    @overload
    def __getitem__(self, index: int) -> Hit: ...
    @overload
    def __getitem__(self, index: slice) -> Hits: ...
    def __getitem__(self, index: int | slice) -> Hit | Hits:
        if not isinstance(index, slice):
            return self._hit(index)
        return Hits(
            self._ids[index],
            self._values[index],
            self._scores[index],
            self._description(),
            None if self._payloads is None else self._payloads[index],
            vectors=None if self._vectors is None else self._vectors[index],
        )

    def _description(self) -> HitsDescription:
        return HitsDescription(
            self.metric,
            self.convention,
            self.direction,
            self._records,
            self.plan,
            self.generation,
            self.missing,
        )

    def take(self, places: NDArray[np.intp]) -> Hits:
        """The hits at these places, in this order; shape (m,)."""
        listed = places.tolist()
        return Hits(
            [self._ids[place] for place in listed]
            if isinstance(self._ids, list)
            else self._ids[places],
            self._values[places],
            self._scores[places],
            self._description(),
            None if self._payloads is None else self._payloads.take(listed),
            vectors=None if self._vectors is None else self._vectors[places],
        )

    def __iter__(self) -> Iterator[Hit]:
        n = len(self._ids)
        payloads: Sequence[Payload] = [None] * n if self._payloads is None else self._payloads
        vectors: Any = [None] * n if self._vectors is None else self._vectors
        ids: list[Id] = self._ids if isinstance(self._ids, list) else self._ids.tolist()
        return map(Hit, ids, self._scores.tolist(), self._values.tolist(), payloads, vectors)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Hits):
            return NotImplemented
        return (self.metric, self.convention, list(self)) == (
            other.metric,
            other.convention,
            list(other),
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = [f"{hit.id!r}: {hit.score:.6g}" for hit in self[:3]]
        more = ", ..." if len(self) > len(shown) else ""
        return (
            f"<Hits: {len(self)}, metric={self.metric}, scores={self.convention} "
            f"({order_text(self)}) [{', '.join(shown)}{more}]>"
        )

    # Tables

    def to_arrow(self) -> Any:
        """The hits as a `pyarrow.Table`, with memory of its own.

        Raises:
            ImportError: pyarrow is not installed.
            InvalidPayloadError: A declared field of type int holds more than 2**63 - 1.

        Example:
            table = docs.search(q, k=100).to_arrow()
        """
        return self._read()

    def to_dicts(self) -> list[dict[str, Any]]:
        """The hits as dicts that JSON can hold: id, score, value, payload, and vector as a list.

        The vector is there if vectors were asked for. NaN and infinity become None.

        Example:
            text = json.dumps(hits.to_dicts())
        """
        return list(map(hit_dict, self))

    def to_knn_graph(
        self,
        *,
        mode: Literal["distance", "connectivity"] = "distance",
        ids: Sequence[Id] | NDArray[Any] | Mapping[Id, int] | None = None,
        columns: int | None = None,
        arrays: bool = False,
    ) -> Any:
        """The hits as a sparse matrix of one row; see `ManyHits.to_knn_graph`.

        Example:
            row = hits.to_knn_graph(columns=len(docs))
        """
        whole = ManyHits(self, np.array([0, len(self)]))
        return whole.to_knn_graph(mode=mode, ids=ids, columns=columns, arrays=arrays)

    def _layout(self) -> TableLayout:
        return self._table_layout(queries=False)

    def _table_layout(self, *, queries: bool) -> TableLayout:
        about = {"metric": self.metric, "scores": self.convention, "direction": self.direction}
        # While the dimension is open there are no vectors.
        vectors = self._vectors if self._records.dim else None
        return TableLayout(
            self._records,
            scores=self._scores.dtype,
            queries=queries,
            payloads=self._payloads is not None,
            vectors=None if vectors is None else (vectors.dtype, vectors.shape[1]),
            metadata={f"vdb.{name}": text for name, text in about.items()},
        )

    def _batches(self) -> Iterator[list[TableColumn]]:
        ranks = np.arange(1, len(self) + 1)
        for part in parts_of(self._payloads, len(self)):
            yield self._columns(part, [ranks[part]])

    def _columns(self, part: slice, places: list[NDArray[np.int64]]) -> list[TableColumn]:
        """The columns of some hits, behind those that say which place they have."""
        ids = self._ids[part]
        columns = [
            *map(number_column, places),
            id_column(ids, self._records.id_kind),
            number_column(np.ascontiguousarray(self._scores[part])),
            number_column(np.ascontiguousarray(self._values[part])),
        ]
        if self._vectors is not None and self._records.dim:
            columns.append(vector_column(np.ascontiguousarray(self._vectors[part])))
        if self._payloads is not None:
            columns += of_payloads(self._payloads[part], ids, self._records.fields)
        return columns

    # Looking

    def _repr_html_(self) -> str:
        from vdb.model.presentation import html

        rows = [[rank, hit.id, hit.score, hit.payload] for rank, hit in enumerate(self[:_SHOWN], 1)]
        heading = (
            f"{len(self):,} hits, metric {self.metric}, scores {self.convention} "
            f"({order_text(self)})"
        )
        rest = f"and {len(self) - _SHOWN:,} more" if len(self) > _SHOWN else ""
        return html.table(heading, ["rank", "id", "score", "payload"], rows, rest)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: object) -> Any:
        from vdb.model.presentation import pydantic_schemas

        return pydantic_schemas.hits_schema(cls)


class ManyHits(Sequence[Hits], ArrowTable):
    """What several queries found: a sequence of `Hits`, one for each query in order.

    As a table it has one row for each hit, with the columns of `Hits` behind query, the number of
    the query from 0 on.

    The arrays are rectangular. A query that found fewer than the widest has ``counts[i]`` real
    entries; the rest of its row is NaN in ``scores`` and ``values``, and -1 (int ids) or None
    (str ids) in ``ids``.
    """

    __slots__ = ("_all", "_starts")

    def __init__(self, all_hits: Hits, starts: NDArray[np.intp]) -> None:
        """`all_hits` of all queries in a row; those of query i lie in starts[i]:starts[i + 1]."""
        self._all = all_hits
        self._starts = starts

    @property
    def plan(self) -> Plan | None:
        """How the search was done and why."""
        return self._all.plan

    @property
    def generation(self) -> int | None:
        """The number of the generation that answered, as of `Hits`."""
        return self._all.generation

    @property
    def missing(self) -> tuple[str, ...]:
        """The shards of a sharded collection that did not answer; see `Hits`."""
        return self._all.missing

    @property
    def counts(self) -> NDArray[np.int64]:
        """How many hits each query has, int64, shape (n,)."""
        return _frozen(np.diff(self._starts).astype(np.int64))

    @property
    def ids(self) -> NDArray[Any]:
        """The ids, shape (n, widest): int64 padded with -1, or objects padded with None."""
        ids = self._all.ids
        return self._rectangle(ids, None if ids.dtype == object else -1)

    @property
    def scores(self) -> NDArray[Any]:
        """The scores, shape (n, widest), best first, padded with NaN."""
        return self._rectangle(self._all.scores, np.nan)

    @property
    def values(self) -> NDArray[np.float64]:
        """The natural values, float64, shape (n, widest), best first, padded with NaN."""
        return self._rectangle(self._all.values, np.nan)

    @property
    def payloads(self) -> list[list[Payload]]:
        """The payloads of each query's hits."""
        payloads, starts = self._all.payloads, self._starts.tolist()
        return [payloads[start:end] for start, end in pairwise(starts)]

    @property
    def vectors(self) -> list[NDArray[Any]] | None:
        """The vectors of each query's hits, each of shape (counts[i], dim); None if not asked for.

        Read-only, as those of `Hits`.
        """
        vectors, starts = self._all.vectors, self._starts.tolist()
        return None if vectors is None else [vectors[i:j] for i, j in pairwise(starts)]

    def _rectangle(self, column: NDArray[Any], padding: object) -> NDArray[Any]:
        counts = np.diff(self._starts)
        width = int(counts.max(initial=0))
        if len(column) == len(counts) * width:
            return _frozen(column.reshape(len(counts), width))
        out = np.full((len(counts), width), padding, dtype=column.dtype)
        out[np.arange(width) < counts[:, None]] = column
        return _frozen(out)

    def decode_payloads(self) -> None:
        """Decode all payloads now, which happens otherwise when the first of them is read."""
        self._all.decode_payloads()

    def __len__(self) -> int:
        return len(self._starts) - 1

    @overload
    def __getitem__(self, index: int) -> Hits: ...
    @overload
    def __getitem__(self, index: slice) -> ManyHits: ...
    def __getitem__(self, index: int | slice) -> Hits | ManyHits:
        queries = range(len(self))[index]
        if isinstance(queries, int):
            return self._all[int(self._starts[queries]) : int(self._starts[queries + 1])]
        places = [np.arange(self._starts[q], self._starts[q + 1]) for q in queries]
        starts = np.cumsum([0, *map(len, places)])
        return ManyHits(self._all.take(np.concatenate([np.empty(0, np.intp), *places])), starts)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ManyHits):
            return NotImplemented
        return np.array_equal(self._starts, other._starts) and self._all == other._all

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return (
            f"<ManyHits: {len(self)} queries, {len(self._all)} hits, metric={self._all.metric}, "
            f"scores={self._all.convention} ({order_text(self._all)})>"
        )

    # Tables

    def to_arrow(self) -> Any:
        """The hits of all queries as a `pyarrow.Table`; errors as for `Hits.to_arrow`.

        Example:
            table = docs.search_many(Q, k=10).to_arrow()
        """
        return self._read()

    def to_dicts(self) -> list[list[dict[str, Any]]]:
        """A list for each query, of its hits as `Hits.to_dicts` has them.

        Example:
            first = docs.search_many(Q, k=3).to_dicts()[0]
        """
        return [hits.to_dicts() for hits in self]

    def to_run(
        self, query_ids: Sequence[object] | NDArray[Any] | None = None
    ) -> dict[str, dict[str, float]]:
        """The hits as a run, such as ir_measures and ranx evaluate: ``{query: {id: score}}``.

        Higher is better, whatever the convention's direction: scores of which lower ones are closer
        are negated. Evaluators sort by the score as float32; where that would not give the order of
        the hits, equal scores above all, the later one gets the next smaller float32.

        Args:
            query_ids: The id of each query, n of them; texts, or what becomes one by ``str``. None:
                "0", "1", and so on.

        Raises:
            InvalidArgumentError: Not as many ids as queries, or one of them twice.

        Example:
            run = docs.search_many(Q, k=100).to_run(["q1", "q2"])
        """
        from vdb.model.tables import runs

        names = runs.query_names(query_ids, len(self))
        return {
            name: runs.scores_by_id(hits.ids, hits.scores, hits.direction)
            for name, hits in zip(names, self, strict=True)
        }

    def to_knn_graph(
        self,
        *,
        mode: Literal["distance", "connectivity"] = "distance",
        ids: Sequence[Id] | NDArray[Any] | Mapping[Id, int] | None = None,
        columns: int | None = None,
        include_self: bool = True,
        arrays: bool = False,
    ) -> Any:
        """The hits as a sparse graph, as scikit-learn's ``kneighbors_graph`` has it.

        One row for each query, one column for each record: a `scipy.sparse.csr_matrix`, float64,
        whose rows are sorted by distance, for estimators with ``metric="precomputed"``, UMAP,
        scanpy and the like.

        Args:
            mode: "distance": the Euclidean distance under l2 (the root of the value), 1 - value
                under cosine and dot, the value under l1 and hamming. "connectivity": ones.
            ids: The ids of the columns in their order, or a mapping from id to column. None: ids
                are row numbers, from 0 on.
            columns: How many columns; the default is as many as ``ids``, else the number of
                queries, or one more than the largest id where that is more.
            include_self: Whether query i may be a neighbour of itself, column i.
            arrays: Return data, indices and indptr as arrays, without scipy.

        Raises:
            ImportError: scipy is not installed.
            InvalidArgumentError: A hit has no column; or inner products, which are no distances.

        Example:
            graph = docs.search_many(vectors, k=15).to_knn_graph()
        """
        from vdb.model.tables import knn_graph

        request = knn_graph.GraphRequest(mode, ids, columns, include_self, arrays)
        hits, layout = self._all, self._all._layout()  # noqa: SLF001 - one module
        return knn_graph.knn_graph(
            (hits.ids, hits.values, self._starts), hits.metric, layout.records.dtype, request
        )

    def _layout(self) -> TableLayout:
        return self._all._table_layout(queries=True)  # noqa: SLF001 - one module

    def _batches(self) -> Iterator[list[TableColumn]]:
        hits = self._all
        queries = np.repeat(np.arange(len(self)), np.diff(self._starts))
        ranks = np.arange(1, len(hits) + 1) - self._starts[queries]
        for part in parts_of(hits._payloads, len(hits)):  # noqa: SLF001
            yield hits._columns(part, [queries[part], ranks[part]])  # noqa: SLF001

    # Looking

    def _repr_html_(self) -> str:
        from vdb.model.presentation import html

        hits, rows = self._all, []
        for query, some in enumerate(self[:_SHOWN]):
            best = some[0] if some else None
            rows.append(
                [query, len(some)]
                + ([None] * 3 if best is None else [best.id, best.score, best.payload])
            )
        heading = (
            f"{len(self):,} queries, {len(hits):,} hits, metric {hits.metric}, scores "
            f"{hits.convention} ({order_text(hits)})"
        )
        rest = f"and {len(self) - _SHOWN:,} more queries" if len(self) > _SHOWN else ""
        return html.table(heading, ["query", "hits", "best", "score", "payload"], rows, rest)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: object) -> Any:
        from vdb.model.presentation import pydantic_schemas

        return pydantic_schemas.many_hits_schema(cls)


def id_array(ids: Sequence[Id] | Ids) -> NDArray[Any]:
    """Ids as a read-only array, shape (n,): int64, or objects of type str. Empty: int64."""
    if isinstance(ids, np.ndarray):
        return _frozen(ids)
    if ids and type(ids[0]) is str:
        out = np.empty(len(ids), dtype=object)
        out[:] = ids
        return _frozen(out)
    return _frozen(np.array(ids, dtype=np.int64))


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array


def order_text(hits: Hits) -> str:
    """Which of two scores belongs to the better hit, in words."""
    return f"{hits.direction} is {'better' if hits.metric == WORDS else 'closer'}"
