"""The way in: from ids, vectors and payloads to rows, records and links in a batch.

`add` and `upsert`, top to bottom:

1. what can be refused without looking at the database is refused (`prepare`);
2. with the writer lock held, ids are looked up: repeats are refused or become replacements;
3. from here on things change, and any exception marks the batch as broken, so that it cannot be
   committed: the index takes slots, writes the vectors and links them (`index.add`);
4. id to slot, slot to record, postings of declared fields (`field_index`), words of text fields
   (`text_writer`) and counts are written.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from vdb import index
from vdb.errors import (
    DimensionMismatchError,
    DuplicateIdError,
    InvalidArgumentError,
    NotFoundError,
)
from vdb.index import open_dimension
from vdb.index.dimension_change import with_change
from vdb.index.fields import field_index
from vdb.index.record_ids import require_same_id
from vdb.model import inputs, pauses
from vdb.model.config import LIMITS
from vdb.model.dtypes import DTYPES, dtype_named
from vdb.model.metrics import METRICS, metric_named
from vdb.model.payload_encoder import PayloadEncoder
from vdb.model.records import Id, Progress
from vdb.model.results import WriteCounts
from vdb.store import Batch, WritableCollection
from vdb.store.format import payloads as payload_format
from vdb.store.format.headers import CollectionHeader
from vdb.store.format.packing import LARGEST

if TYPE_CHECKING:
    from vdb.index.text.analysis import Analyzers, Words

__all__ = [
    "ON_DUPLICATE",
    "RowFormat",
    "Rows",
    "add",
    "delete",
    "encode_payloads",
    "prepare",
    "set_payloads",
    "slots_of_existing",
    "upsert",
]

ON_DUPLICATE = ("error", "skip", "replace")
"""What `add` does with an id that has a record."""

_ROOM_OF_A_RECORD = 2048

_Row = TypeVar("_Row")


class RowFormat(NamedTuple):
    """The part of a collection's header that rows are prepared by."""

    dim: int
    metric: str
    dtype: str
    optional_vectors: bool
    moments: field_index.Moments

    @classmethod
    def of(cls, header: CollectionHeader) -> RowFormat:
        """That of a collection."""
        moments = field_index.moments(header)
        return cls(header.dim, header.metric, header.dtype, header.bare is not None, moments)


class Rows(NamedTuple):
    """Checked input: three columns of one length.

    Attributes:
        ids: All int or all str.
        vectors: Of those that have one, as they are stored; bits packed. `add` and `upsert` let go
            of them as they are stored.
        payloads: Each one encoded, or None where there is none.
        kind: Dimension (0: there are no vectors), metric and dtype that they were prepared for.
        bare: Which have no vector, bool (n,); None where all have one.
        words: Of each row the words of each text field, where they are not to be made of the
            payloads; then these are as they are stored.
    """

    ids: list[Id]
    vectors: inputs.RowParts
    payloads: list[bytes | None]
    kind: tuple[int, str, str]
    bare: NDArray[np.bool_] | None = None
    words: list[list[Words]] | None = None

    def twin(self) -> Rows:
        """The same rows, for one more `add` or `upsert`."""
        return self._replace(vectors=self.vectors.twin())

    @property
    def room(self) -> int:
        """About how many bytes of a file they take, their links and ids included."""
        payloads = sum(len(payload) for payload in self.payloads if payload is not None)
        return 2 * (self.vectors.nbytes + payloads) + _ROOM_OF_A_RECORD * len(self.ids)


def prepare(
    columns: inputs.Columns, row_format: RowFormat, *, encoder: PayloadEncoder | None = None
) -> Rows:
    """Everything that can be checked before the writer lock is taken."""
    ids, vectors, payloads, id_name, vector_name = columns
    one = inputs.is_one_id(ids)
    listed = inputs.id_list(ids, name=id_name)
    dim, metric, dtype, optional, moments = row_format
    rows_for = partial(
        inputs.vector_rows,
        vectors,
        rows=len(listed),
        name=vector_name,
        optional=optional,
        one=one,
    )
    parts, bare, rows_dim = rows_for(dim=dim, metric=METRICS[metric], dtype=DTYPES[dtype])
    parts.anew = lambda **kind: rows_for(**kind).parts
    encoded = encode_payloads(payloads, len(listed), one=one, moments=moments, encoder=encoder)
    return Rows(listed, parts, encoded, (rows_dim, metric, dtype), bare)


def encode_payloads(
    payloads: object,
    rows: int,
    *,
    one: bool,
    moments: field_index.Moments = (),
    encoder: PayloadEncoder | None = None,
) -> list[bytes | None]:
    """One encoded payload for each row, None where there is none.

    In fields that are declared as `moments`, datetimes are taken too; whatever else payloads cannot
    hold is for the encoder to convert.
    """
    if isinstance(payloads, inputs.PayloadColumns):
        encoded = payloads.encoded(LARGEST)
        if encoded is not None:
            return encoded
    listed = inputs.payload_list(payloads, rows, one=one)
    if moments:
        listed = [field_index.spelled(payload, moments) for payload in pauses.paced(listed)]
    return payload_format.encode_all(listed, one=one, encoder=encoder)


def add(
    batch: Batch,
    coll: WritableCollection,
    rows: Rows,
    *,
    on_duplicate: str = "error",
    threads: int,
    progress: Progress | None = None,
    analyzers: Analyzers | None = None,
) -> WriteCounts:
    """New records. An id that is there already, or twice, is treated as `on_duplicate` says.

    Raises:
        DuplicateIdError: There is such an id, and it is an "error".
    """
    if on_duplicate == "replace":
        return upsert(batch, coll, rows, threads=threads, progress=progress, analyzers=analyzers)
    total = len(rows.ids)
    if on_duplicate == "error":
        inputs.refuse_repeats(rows.ids)
        rows = _fitted(coll, rows)
        _refuse_existing(batch, coll, rows.ids)
    else:
        rows = _without_existing(batch, coll, _first_of_each(_fitted(coll, rows)))
    terms = field_index.of_records(coll.header, rows.payloads)
    rows, words = _with_words(coll, rows, analyzers)
    with batch.changing():
        _insert(batch, coll, rows, terms, words, threads=threads, progress=progress)
    return WriteCounts(added=len(rows.ids), skipped=total - len(rows.ids))


def upsert(
    batch: Batch,
    coll: WritableCollection,
    rows: Rows,
    *,
    threads: int,
    progress: Progress | None = None,
    analyzers: Analyzers | None = None,
) -> WriteCounts:
    """New records, or new contents for ids that are there; of a repeated id the last one counts.

    `progress` is called with (vectors stored, vectors): first those of records that were there.
    """
    total = len(rows.ids)
    rows = _last_of_each(_fitted(coll, rows))
    slots = _slots_of(batch, coll, rows.ids)
    old = {i: slot for i, slot in enumerate(slots) if slot is not None}
    new = [i for i, slot in enumerate(slots) if slot is None]
    terms = field_index.of_records(coll.header, rows.payloads)
    rows, words = _with_words(coll, rows, analyzers)
    before = field_index.of_stored(batch, coll, list(old.values()))
    vectors, replaced = len(rows.vectors), 0
    with batch.changing():
        if old:
            some = _take(rows, list(old)) if new else rows
            replaced = len(some.vectors)
            _replace(
                batch, coll, some, np.array(list(old.values()), np.uint32),
                threads=threads, progress=_reporting(progress, 0, vectors),
            )  # fmt: skip
            for i, slot in pauses.paced(old.items()):
                batch.put_encoded(coll, slot, rows.ids[i], rows.payloads[i])
            after = _pick(terms, list(old))
            field_index.follow(batch, coll, list(old.values()), before=before, after=after)
            _follow_texts(batch, coll, list(old.values()), _pick(words, list(old)))
        if new:
            some = _take(rows, new) if old else rows
            behind = _reporting(progress, replaced, vectors)
            _insert(
                batch, coll, some, _pick(terms, new), _pick(words, new),
                threads=threads, progress=behind,
            )  # fmt: skip
    return WriteCounts(added=len(new), replaced=total - len(new))


def set_payloads(
    batch: Batch,
    coll: WritableCollection,
    ids: list[Id],
    payloads: list[bytes | None],
    *,
    analyzers: Analyzers | None = None,
) -> None:
    """Other payloads for ids that are there; an id that is not is a NotFoundError."""
    slots = slots_of_existing(batch, coll, ids)
    terms = field_index.of_records(coll.header, payloads)
    words, payloads = _texts(coll, payloads, analyzers)
    before = field_index.of_stored(batch, coll, slots)
    with batch.changing():
        for value, slot, payload in pauses.paced(zip(ids, slots, payloads, strict=True)):
            batch.put_encoded(coll, slot, value, payload)
        field_index.follow(batch, coll, slots, before=before, after=terms)
        _follow_texts(batch, coll, slots, words)


def slots_of_existing(batch: Batch, coll: WritableCollection, ids: list[Id]) -> list[int]:
    """The slots of records that must be there; NotFoundError for an id that is not."""
    inputs.require_id_kind(coll.header.name, coll.header.id_kind, ids)
    slots: list[int] = []
    for i, (value, slot) in enumerate(zip(ids, _slots_of(batch, coll, ids), strict=True)):
        if slot is None:
            raise NotFoundError(
                f"ids[{i}]: collection {coll.header.name!r} has no record {value!r}",
                expected="an id that is there",
                received=value,
            )
        slots.append(slot)
    return slots


def delete(batch: Batch, coll: WritableCollection, ids: list[Id]) -> int:
    """Removes the records of these ids, ignoring those that are not there; how many it removed."""
    inputs.require_id_kind(coll.header.name, coll.header.id_kind, ids)
    places = dict(zip(ids, _slots_of(batch, coll, ids), strict=True))
    slots = {value: slot for value, slot in places.items() if slot is not None}
    if not slots:
        return 0
    before = field_index.of_stored(batch, coll, list(slots.values()))
    with batch.changing():
        field_index.follow(batch, coll, list(slots.values()), before=before)
        _follow_texts(batch, coll, list(slots.values()), None)
        for value, slot in pauses.paced(slots.items()):
            batch.delete_record(coll, slot, value)
        index.remove(batch, coll, np.array(list(slots.values()), dtype=np.uint32))
        coll.header.count -= len(slots)
    return len(slots)


def _slots_of(batch: Batch, coll: WritableCollection, ids: list[Id]) -> list[int | None]:
    """The slots of ids, None where there is no record.

    Nothing seals the way from an id to its slot, so before the record there is replaced or removed
    it must say that it is the one.
    """
    slots = batch.slots_of(coll, ids)
    for slot, value in zip(slots, pauses.paced(ids), strict=True):
        if slot is not None:
            require_same_id(coll, slot, value, batch.id_at(coll, slot))
    return slots


def _fitted(coll: WritableCollection, rows: Rows) -> Rows:
    """Checked rows as the collection takes them that stands now."""
    header = coll.header
    inputs.require_id_kind(header.name, header.id_kind, rows.ids)
    kind = header.dim or rows.kind[0], header.metric, header.dtype
    anew = rows.vectors.anew
    if kind != rows.kind and anew is not None:  # rebuilt since they were prepared
        try:
            vectors = anew(
                dim=header.dim,
                metric=metric_named(header.metric),
                dtype=dtype_named(header.dtype),
            )
        except DimensionMismatchError as error:
            raise with_change(error, header) from None
        rows = rows._replace(vectors=vectors, kind=kind)
    if header.count + len(rows.ids) > LIMITS.slots:
        raise InvalidArgumentError(
            f"a collection holds at most {LIMITS.slots} records",
            expected=LIMITS.slots,
            received=header.count + len(rows.ids),
        )
    return rows


def _refuse_existing(batch: Batch, coll: WritableCollection, ids: list[Id]) -> None:
    for i, (value, slot) in enumerate(zip(ids, batch.slots_of(coll, ids), strict=True)):
        if slot is not None:
            raise DuplicateIdError(
                f"ids[{i}]: collection {coll.header.name!r} has a record {value!r} already; "
                'upsert replaces it, on_duplicate="skip" leaves it as it is',
                expected="an id that is not there",
                received=value,
            )


def _without_existing(batch: Batch, coll: WritableCollection, rows: Rows) -> Rows:
    new = [i for i, slot in enumerate(batch.slots_of(coll, rows.ids)) if slot is None]
    return rows if len(new) == len(rows.ids) else _take(rows, new)


def _first_of_each(rows: Rows) -> Rows:
    first: dict[Id, int] = {}
    for i, value in enumerate(rows.ids):
        first.setdefault(value, i)
    return rows if len(first) == len(rows.ids) else _take(rows, list(first.values()))


def _last_of_each(rows: Rows) -> Rows:
    last = {value: i for i, value in enumerate(rows.ids)}
    return rows if len(last) == len(rows.ids) else _take(rows, sorted(last.values()))


def _take(rows: Rows, chosen: list[int]) -> Rows:
    bare, places = rows.bare, chosen
    if bare is not None:  # vectors[j] is that of the j-th row that has one
        places = (np.cumsum(~bare) - 1)[[i for i in chosen if not bare[i]]].tolist()
        bare = bare[chosen]
    return rows._replace(
        ids=[rows.ids[i] for i in chosen],
        vectors=inputs.RowParts([rows.vectors.take(places)]),
        payloads=[rows.payloads[i] for i in chosen],
        bare=bare,
        words=None if rows.words is None else [rows.words[i] for i in chosen],
    )


def _pick(columns: list[_Row], rows: list[int]) -> list[_Row]:
    """What is there of each of these rows; of no fields there is nothing."""
    return [columns[i] for i in rows] if columns else []


def _texts(
    coll: WritableCollection, payloads: list[bytes | None], analyzers: Analyzers | None
) -> tuple[list[list[Words]], list[bytes | None]]:
    """The words of the texts in payloads, and the payloads without texts that are not kept."""
    if not coll.header.text_fields:
        return [], payloads
    from vdb.index.text import analysis, record_texts

    known = analysis.NAMED if analyzers is None else analyzers
    words, stored = record_texts.of_payloads(coll.header, payloads, known)
    return words, stored


def _with_words(
    coll: WritableCollection, rows: Rows, analyzers: Analyzers | None
) -> tuple[Rows, list[list[Words]]]:
    """The words of the texts, and the rows without texts that are not kept.

    Words that the rows have with them (of another file, say) are taken as they are.
    """
    if rows.words is not None:
        return rows, rows.words
    words, payloads = _texts(coll, rows.payloads, analyzers)
    return rows if payloads is rows.payloads else rows._replace(payloads=payloads), words


def _follow_texts(
    batch: Batch,
    coll: WritableCollection,
    slots: list[int],
    words: list[list[Words]] | None,
    *,
    new: bool = False,
) -> None:
    if coll.header.text_fields:
        from vdb.index.text import text_writer

        text_writer.follow(batch, coll, slots, words, new=new)


def _fix_dimension(batch: Batch, coll: WritableCollection, rows: Rows) -> None:
    """The first vectors say what dimension a collection has that was made without one."""
    if coll.header.dim == 0 and len(rows.vectors):
        open_dimension.fix(batch, coll, rows.kind[0])


def _replace(
    batch: Batch,
    coll: WritableCollection,
    rows: Rows,
    slots: NDArray[np.uint32],
    *,
    threads: int,
    progress: Progress | None,
) -> None:
    """Give the records in these slots the vectors of rows, and take those of rows without one."""
    _fix_dimension(batch, coll, rows)
    full = slice(None) if rows.bare is None else ~rows.bare
    if len(rows.vectors):
        parts = rows.vectors.parts
        vectors = parts[0] if len(parts) == 1 else np.concatenate(parts)
        index.replace(batch, coll, slots[full], vectors, threads=threads, progress=progress)
        if progress is not None:  # equal vectors are not linked, and so not reported
            progress(len(vectors), len(vectors))
    if rows.bare is not None:
        index.erase(batch, coll, slots[rows.bare])


def _reporting(progress: Progress | None, before: int, total: int) -> Progress | None:
    """The same callback for vectors that come behind others of one call, of `total` in all."""
    if progress is None or total == 0:
        return None
    return lambda done, _: progress(before + done, total)


def _insert(
    batch: Batch,
    coll: WritableCollection,
    rows: Rows,
    terms: list[field_index.Terms],
    words: list[list[Words]],
    *,
    threads: int,
    progress: Progress | None,
) -> None:
    if not rows.ids:
        return
    _fix_dimension(batch, coll, rows)
    slots = np.empty(len(rows.ids), dtype=np.uint32)
    full = slice(None) if rows.bare is None else ~rows.bare
    if len(rows.vectors):
        slots[full] = index.add(batch, coll, rows.vectors, threads=threads, progress=progress)
    if rows.bare is not None:
        slots[rows.bare] = index.add_bare(batch, coll, int(rows.bare.sum()))
    coll.header.id_kind = inputs.id_kind(rows.ids)
    batch.put_new(coll, slots.tolist(), rows.ids, rows.payloads)
    field_index.follow(batch, coll, slots.tolist(), after=terms)
    _follow_texts(batch, coll, slots.tolist(), words, new=True)
    coll.header.count += len(rows.ids)
