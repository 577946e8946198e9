"""Facts about a database and its collections: dataclasses, no printing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from vdb.index.vectors.angular_spread import angular_spread, blind_walks
from vdb.index.vectors.norm_stats import norm_stats
from vdb.index.vectors.tuning import Tuning, tuning_from_map
from vdb.model.config import IndexConfig, index_from_map
from vdb.model.norm_stats import NormStats
from vdb.model.results import utc
from vdb.store import Batch, CollectionView, Environment, Snapshot, WritableCollection, generations
from vdb.store.format.headers import CollectionHeader
from vdb.store.format.limits import NO_SLOT

__all__ = [
    "CollectionInfo",
    "DatabaseInfo",
    "GenerationInfo",
    "PendingRebuild",
    "TextFieldInfo",
    "collection_info",
    "database_info",
    "metric_since",
    "model_since",
    "utc_text",
]


@dataclass(frozen=True, slots=True)
class GenerationInfo:
    """One line of a collection's history: what it was built as, when, by which release, and why.

    ``seconds`` is how long building it took, and ``recall`` (0..1) what was sampled before it came
    into use; None where that was not measured.
    """

    generation: int
    metric: str
    dtype: str
    dim: int
    model: str | None
    index: IndexConfig
    when: datetime
    version: str
    reason: str
    seconds: float | None = None
    recall: float | None = None


@dataclass(frozen=True, slots=True)
class PendingRebuild:
    """A generation that is not in use: it is being built, or kept for a rollback.

    Attributes:
        generation: Its number.
        metric: Its metric.
        dtype: How its vectors are stored.
        dim: Their dimension.
        model: Where they come from, or None.
        index: Its index.
        began: When it was begun; of a kept one, when it went out of use. UTC.
        version: The release that began it, or put it out of use.
        reason: Why, as free text.
        done: Share of the collection that is linked, 0..1, as of what is stored.
        behind: Slots that changed since and are still to be linked anew.
        resumable: Whether a rebuild can resume it; if not, it can only be discarded.
        held: Whether it is built whole and waits for `Collection.commit_rebuild`, which puts it to
            use.
    """

    generation: int
    metric: str
    dtype: str
    dim: int
    model: str | None
    index: IndexConfig
    began: datetime
    version: str
    reason: str
    done: float
    behind: int
    resumable: bool
    held: bool


@dataclass(frozen=True, slots=True)
class TextFieldInfo:
    """A text field of a collection at one moment.

    Attributes:
        analyzer: The name of its analyzer.
        version: The version of that.
        stored: Whether payloads keep the text.
        positions: Whether the order of the words is kept, which phrases need.
        documents: Records with a text.
        words: Words of all texts, repeated ones counted.
        segments: Parts that the index consists of.
        bytes: Bytes of these.
    """

    analyzer: str
    version: str
    stored: bool
    positions: bool
    documents: int
    words: int
    segments: int
    bytes: int


@dataclass(frozen=True, slots=True)
class CollectionInfo:
    """One collection at one moment.

    Attributes:
        name: Its name.
        dim: Dimension of its vectors; None until a collection of ``dim="auto"`` has one.
        metric: The metric of its current generation.
        dtype: How its vectors are stored, in its current generation.
        scores: The convention of scores that searches use by default.
        model: Where its vectors come from, or None.
        id_kind: "int" or "str", or None before the first record.
        count: Records.
        optional_vectors: Whether records may have no vector.
        without_vector: How many of the records have none.
        free_slots: Places of removed records that later ones will take.
        index: Parameters of the current generation.
        generation: Number of the current generation.
        history: Each time a generation came into use, oldest first; of many, the first and the
            newest 255.
        rebuilding: The generation that a rebuild is building, left unfinished, or holds; None for
            none.
        previous: The generation that is kept for a rollback; None for none.
        created: When it was made, UTC.
        version: The release of vdb that made it.
        tuning: What `tune` measured on the current generation, or None.
        norms: Smallest, largest and mean length of its vectors, of a large collection of some that
            are spread over it: see `NormStats`. Bits count as 0 and 1.
        vector_bytes: Bytes in blocks of vectors.
        link_bytes: Bytes in blocks of links.
        code_bytes: Bytes in blocks of codes.
        resident_bytes: Bytes of those that this process reads from copies in memory of its own; see
            ``resident`` of `open`.
        angular_spread: Under cosine and dot, the median of 1 - cosine between 64 of its vectors, or
            None: where it is below 4e-6, float32 hardly tells them apart.
        note: In words, why walks through its graph miss most of the nearest, and what helps; None
            where nothing is known of that.
        fields: Declared fields and their types.
        text_fields: Text fields, and what is in them.
        unfinished_fields: Those that are not indexed whole yet; `Collection.index_field` resumes.
    """

    name: str
    dim: int | None
    metric: str
    dtype: str
    scores: str
    model: str | None
    id_kind: str | None
    count: int
    optional_vectors: bool
    without_vector: int
    free_slots: int
    index: IndexConfig
    generation: int
    history: tuple[GenerationInfo, ...]
    rebuilding: PendingRebuild | None
    previous: PendingRebuild | None
    created: datetime
    version: str
    tuning: Tuning | None
    norms: NormStats
    vector_bytes: int
    link_bytes: int
    code_bytes: int
    resident_bytes: int
    angular_spread: float | None
    note: str | None
    fields: dict[str, str]
    text_fields: dict[str, TextFieldInfo]
    unfinished_fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DatabaseInfo:
    """One database at one moment.

    Attributes:
        path: The directory, absolute.
        uuid: Its identity among all databases, 32 hexadecimal digits.
        format_version: Version of the bytes on disk: 1, or 2 once something is stored that 1 lacks.
        version: The release of vdb that made it.
        created: When it was made, UTC.
        commit: Number of the newest commit.
        durability: "full" or "relaxed", as it is open here.
        read_only: Whether it is open for reading only, here.
        page_size: Bytes of a page.
        file_bytes: Size of the data file.
        free_bytes: Bytes in the file that later writes will use again.
        readers: Snapshots, iterators and running calls that read at this moment, in all processes.
        reader_lag: Commits since the one that the oldest of them reads.
        held_bytes: Bytes in the file that later writes can use again once it ends.
        lmdb_version: Version of LMDB that is linked.
        collections: Names and numbers of records.
        aliases: Further names, with the collections that they lead to.
    """

    path: Path
    uuid: str
    format_version: int
    version: str
    created: datetime
    commit: int
    durability: str
    read_only: bool
    page_size: int
    file_bytes: int
    free_bytes: int
    readers: int
    reader_lag: int
    held_bytes: int
    lmdb_version: str
    collections: dict[str, int]
    aliases: dict[str, str]


def utc_text(moment: datetime) -> str:
    """A time as messages show it."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def history_of(header: CollectionHeader) -> tuple[GenerationInfo, ...]:
    """All generations, oldest first."""
    return tuple(
        GenerationInfo(
            line["generation"],
            line["metric"],
            line["dtype"],
            *header.embedding_of(line["generation"]),
            index_from_map(line["index"]),
            utc(line["when"]),
            line["version"],
            line["reason"],
            line["seconds"],
            line["recall"],
        )
        for line in header.history
    )


def metric_since(header: CollectionHeader) -> GenerationInfo | None:
    """The generation with which the collection came to have its present metric."""
    return _since(header, lambda line: line.metric == header.metric)


def model_since(header: CollectionHeader) -> GenerationInfo | None:
    """The generation with which it came to have its present model and dimension."""
    return _since(header, lambda line: (line.dim, line.model) == header.embedding)


def _since(
    header: CollectionHeader, is_present: Callable[[GenerationInfo], bool]
) -> GenerationInfo | None:
    since = None
    for line in reversed(history_of(header)):
        if not is_present(line):
            break
        since = line
    return since


def collection_info(
    reader: Snapshot | Batch, view: CollectionView | WritableCollection
) -> CollectionInfo:
    """Facts about one collection; reads about 64 blocks of vectors at most."""
    header, tuning = view.header, view.generation.tuning
    spread = angular_spread(reader, view)
    return CollectionInfo(
        name=header.name,
        dim=header.dim or None,
        metric=header.metric,
        dtype=header.dtype,
        scores=header.scores,
        model=header.model,
        id_kind=header.id_kind,
        count=header.count,
        optional_vectors=header.bare is not None,
        without_vector=header.bare or 0,
        free_slots=header.free_count,
        index=index_from_map(view.generation.index),
        generation=header.generation,
        history=history_of(header),
        rebuilding=_pending(reader, header, header.building),
        previous=_pending(reader, header, header.kept),
        created=utc(header.created),
        version=header.version,
        tuning=None if tuning is None else tuning_from_map(tuning),
        norms=norm_stats(reader, view),
        vector_bytes=view.vectors.blocks * view.vectors.block_size,
        link_bytes=sum(table.blocks * table.block_size for table in view.links),
        code_bytes=0 if view.codes is None else view.codes.blocks * view.codes.block_size,
        resident_bytes=_resident_bytes(view),
        angular_spread=spread,
        note=blind_walks(view, spread),
        fields={line["path"]: line["type"] for line in header.fields},
        text_fields=_text_fields(reader, view) if header.text_fields else {},
        unfinished_fields=tuple(
            line["path"] for line in header.all_fields if line["built"] != NO_SLOT
        ),
    )


def _text_fields(
    reader: Snapshot | Batch, view: CollectionView | WritableCollection
) -> dict[str, TextFieldInfo]:
    from vdb.index.text.text_fields import declared
    from vdb.index.text.text_index import field_words

    infos = {}
    for field in declared(view.header):
        header = field_words(reader, view, field.number).header
        infos[field.path] = TextFieldInfo(
            field.analyzer,
            field.version,
            field.stored,
            field.positions,
            documents=header.documents,
            words=header.length_sum,
            segments=len(header.segments),
            bytes=sum(counts.size for counts in header.segments),
        )
    return infos


def _resident_bytes(view: CollectionView | WritableCollection) -> int:
    tables = [view.vectors, *view.links, *([] if view.codes is None else [view.codes])]
    return sum(table.resident_bytes() for table in tables)


def _pending(
    reader: Snapshot | Batch, header: CollectionHeader, number: int
) -> PendingRebuild | None:
    """A generation that is being built or kept, by its number; None for 0."""
    if not number:
        return None
    record = reader.inactive_generation(header, number)
    build = record.build
    assert build is not None  # noqa: S101 - decoded so
    return PendingRebuild(
        generation=number,
        metric=record.metric,
        dtype=record.dtype,
        dim=header.embedding_in(record).dim,
        model=header.embedding_in(record).model,
        index=index_from_map(record.index),
        began=utc(build.began),
        version=build.version,
        reason=build.reason,
        done=1.0 if build.complete else min(1.0, build.slots / max(1, header.slots)),
        behind=len(generations.changed_slots(reader, header, number)),
        resumable=build.whole,
        held=build.held is not None,
    )


def database_info(environment: Environment, reader: Snapshot, *, read_only: bool) -> DatabaseInfo:
    """Facts about one database."""
    header = reader.database_header()
    stats = reader.stats()
    return DatabaseInfo(
        path=Path(environment.path),
        uuid=header.uuid.hex(),
        format_version=reader.format_version(),
        version=header.version,
        created=utc(header.created),
        commit=header.commit,
        durability=environment.durability,
        read_only=read_only,
        page_size=environment.page_size,
        file_bytes=stats.file_size,
        free_bytes=stats.pages_free * stats.page_size,
        readers=max(0, stats.readers - 1),  # without this call
        reader_lag=0 if stats.oldest_reader is None else stats.txn_id - stats.oldest_reader,
        held_bytes=stats.pages_held * stats.page_size,
        lmdb_version=".".join(map(str, stats.lmdb_version[:3])),
        collections={name: reader.count_of(name) for name in reader.names()},
        aliases=reader.aliases(),
    )
