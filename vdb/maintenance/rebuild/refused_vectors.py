"""Which stored vectors a new generation can take, and the error that names those it cannot."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vdb import index
from vdb.errors import InvalidVectorError
from vdb.index.vectors.online_build import Vectors
from vdb.maintenance.rebuild.conversion import Conversion
from vdb.maintenance.rebuild.external_rows import LISTED_IDS, first_ids_text
from vdb.maintenance.rebuild.spec import GenerationSpec, refused_norms
from vdb.model.codes import CODES
from vdb.model.dtypes import DTYPES
from vdb.model.records import Id
from vdb.store import CollectionView, Snapshot

__all__ = ["first_ids", "inadmissible_slots", "obstacle", "require_admissible"]

_CHUNK = 1024


def inadmissible_slots(
    reader: Snapshot,
    view: CollectionView,
    spec: GenerationSpec,
    *,
    changed: NDArray[np.uint32] | None = None,
    exact: bool = False,
) -> NDArray[np.uint32]:
    """The slots of records whose vectors the generation cannot take, ascending.

    With `changed` (ascending), only these slots are looked at. `exact`: they must convert to its
    dtype without loss.
    """
    if spec.origin == "external":  # looked at as they come
        return np.empty(0, dtype=np.uint32)
    if changed is None:
        norms = index.norms(reader, view)
        slots = np.arange(len(norms), dtype=np.uint32)
    else:
        slots, norms = changed, Vectors(view, reader.fetch).norms(changed)
    if not spec.has_own_vectors(view.header):
        return slots[(norms >= 0) & refused_norms(spec.metric, spec.dtype, norms)]
    live = slots[norms >= 0]
    conversion = Conversion.to(spec, view.header, exact=exact)
    chunks = [live[:0]]
    for first in range(0, len(live), _CHUNK):
        slots = live[first : first + _CHUNK]
        _, convertible = conversion.rows(index.stored_vectors(reader, view, slots))
        chunks.append(slots[~convertible])
    return np.concatenate(chunks)


def first_ids(reader: Snapshot, view: CollectionView, slots: NDArray[np.uint32]) -> dict[Id, int]:
    """The ids that a message lists, in order, with their slots."""
    ids = {reader.id_at(view, slot): slot for slot in slots[:LISTED_IDS].tolist()}
    # The ids of a collection are all int or all str.
    order = sorted(ids, key=lambda value: (value if isinstance(value, int) else 0, str(value)))
    return {value: ids[value] for value in order}


def require_admissible(
    reader: Snapshot,
    view: CollectionView,
    spec: GenerationSpec,
    slots: NDArray[np.uint32],
    *,
    exact: bool = False,
) -> None:
    """Raise InvalidVectorError when there are any inadmissible slots."""
    if reason := obstacle(reader, view, spec, slots, exact=exact):
        raise InvalidVectorError(
            f"{reason}; nothing was changed",
            expected=f"vectors that {_described(view, spec)} accepts",
            received=list(first_ids(reader, view, slots)),
        )


def obstacle(
    reader: Snapshot,
    view: CollectionView,
    spec: GenerationSpec,
    slots: NDArray[np.uint32],
    *,
    exact: bool = False,
) -> str | None:
    """Why the vectors of inadmissible slots are refused, and what helps; None for no slots."""
    if not slots.size:
        return None
    ids, count = first_ids(reader, view, slots), len(slots)
    listed = first_ids_text(list(ids), count)
    vectors = f"{count:,} {'vector has' if count == 1 else 'vectors have'}"
    first, slot = next(iter(ids.items()))
    row = index.stored_vectors(reader, view, np.array([slot], dtype=np.uint32))[0]
    complaint = Conversion.to(spec, view.header, exact=exact).complaint(row, f"that of {first!r}")
    place = "there" if spec.has_own_vectors(view.header) else "under that metric"
    advice = "Delete or replace these records first"
    if spec.dtype in CODES and DTYPES[view.header.dtype].real:
        advice += f", or keep the dtype and give codes={spec.dtype!r} for scalar quantization"
    return (
        f"collection {view.header.name!r} cannot become {_described(view, spec)}: {vectors} no "
        f"place {place} (ids {listed}): {complaint}. {advice}"
    )


def _described(view: CollectionView, spec: GenerationSpec) -> str:
    metric = repr(spec.metric)
    if not spec.has_own_vectors(view.header):
        return metric
    dim = spec.embedding.dim
    size = "" if dim == view.header.dim else f" of {dim} dimensions"
    scaled = " scaled to length 1" if spec.origin == "normalized" else ""
    return f"{spec.dtype}{size}{scaled} under {metric}"
