"""The source of ``vectors=`` in a call: tried, held against the collection, ready for a build."""

from __future__ import annotations

from typing import NamedTuple

from vdb.errors import (
    DimensionMismatchError,
    InvalidArgumentError,
    InvalidVectorError,
    MissingVectorsError,
)
from vdb.maintenance.rebuild.context import RebuildContext
from vdb.maintenance.rebuild.external_rows import ExternalRows
from vdb.maintenance.rebuild.request import RebuildRequest
from vdb.maintenance.rebuild.source_rows import SourceRows
from vdb.maintenance.rebuild.source_trial import SourceTrial, try_source
from vdb.maintenance.rebuild.spec import GenerationSpec, target_dtype
from vdb.maintenance.rebuild.vector_source import NoSource, VectorSource, source_of
from vdb.model.dtypes import DTYPES
from vdb.model.metrics import METRICS
from vdb.model.records import Id
from vdb.store import CollectionView, Snapshot

__all__ = ["lacking_vectors", "rows_to_go_back", "source_rows", "source_to_resume", "trial_of"]


def trial_of(
    source: VectorSource | None, reader: Snapshot, view: CollectionView, request: RebuildRequest
) -> SourceTrial | None:
    """What a few vectors of a source say of it; None without a source."""
    if source is None:
        return None
    return try_source(source, reader, view, request, target_dtype(view.header, request))


def source_rows(
    context: RebuildContext,
    source: VectorSource | None,
    spec: GenerationSpec,
    request: RebuildRequest,
) -> SourceRows | None:
    """Rows of a source for a generation; None without a source."""
    if source is None:
        return None
    shape = ExternalRows(
        dim=spec.embedding.dim,
        metric=METRICS[spec.metric],
        dtype=DTYPES[spec.dtype],
        truncate=request.truncate is not None,
        normalize=request.normalize is True,
    )
    return SourceRows(source, shape, context.name)


def source_to_resume(
    context: RebuildContext, request: RebuildRequest, spec: GenerationSpec
) -> VectorSource | None:
    """The source of an unfinished rebuild whatever it is to; refuses one too few or many."""
    source = source_of(request.vectors, DTYPES[spec.dtype])
    if (source is None) == (spec.origin == "external"):
        needs = "takes its vectors from vectors=, which is needed to go on"
        needless = "makes its vectors from the stored ones; leave out vectors="
        raise InvalidArgumentError(
            f"the unfinished rebuild of collection {context.name!r} "
            f"{needs if source is None else needless}",
            expected="vectors=" if source is None else None,
            received=None if source is None else "vectors=",
        )
    return source


def rows_to_go_back(
    context: RebuildContext, spec: GenerationSpec, vectors: object
) -> SourceRows | None:
    """The rows for records that were written since another generation was in use."""
    source = source_of(vectors, DTYPES[spec.dtype])
    if spec.origin == "external":
        request = RebuildRequest()
        return source_rows(context, NoSource() if source is None else source, spec, request)
    if source is not None:
        raise InvalidArgumentError(
            f"the other generation of collection {context.name!r} takes the vectors that were "
            "written since; leave out vectors=",
            expected=None,
            received="vectors=",
        )
    return None


class Lacking(NamedTuple):
    """Records for which a table has no vector."""

    records: int = 0
    ids: tuple[Id, ...] = ()


def lacking_vectors(
    reader: Snapshot, view: CollectionView, rows: SourceRows | None
) -> tuple[Lacking, str | None]:
    """What a table lacks, and why it cannot serve, as a sentence; None where it can."""
    if rows is None:
        return Lacking(), None
    try:
        rows.check_all(reader, view)
    except MissingVectorsError as error:
        return Lacking(error.count, error.ids), error.message
    except InvalidVectorError as error:
        return Lacking(len(error.received), tuple(error.received)), error.message
    except DimensionMismatchError as error:
        return Lacking(), error.message
    return Lacking(), None
