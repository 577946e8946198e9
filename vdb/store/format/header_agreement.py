"""Agreement of a collection's header with the records of its generations.

Each of them is decoded by itself; here they are compared, before memory is allocated for what they
describe together.
"""

from __future__ import annotations

from collections.abc import Iterator

from vdb.errors import CorruptedError
from vdb.store.format import blocks
from vdb.store.format.generation import GenerationRecord
from vdb.store.format.headers import CollectionHeader, fitting_dimension

__all__ = ["differences", "require_in_use", "require_inactive"]


def differences(
    header: CollectionHeader, record: GenerationRecord, small_block: int
) -> Iterator[str]:
    """Why a record cannot be that of the generation that a header says is in use."""
    for name in ("metric", "dtype"):
        declared, built = getattr(header, name), getattr(record, name)
        if declared != built:
            yield f"{name}: {declared!r} in its header, {built!r} in its generation"
    for name, default in (("embedding", None), ("origin", "stored")):
        if getattr(record, name) != default:
            yield f"{name}: expected none of a generation in use, got {getattr(record, name)!r}"
    yield from _too_long(record, small_block)


def require_in_use(header: CollectionHeader, record: GenerationRecord, small_block: int) -> None:
    """Raise CorruptedError unless the record can be that of the generation in use."""
    for what in differences(header, record, small_block):
        raise CorruptedError(what, where=_where(header, record))


def require_inactive(header: CollectionHeader, record: GenerationRecord, small_block: int) -> None:
    """Raise CorruptedError unless the record can be that of an inactive generation."""
    where, build = _where(header, record), record.build
    if build is None:
        raise CorruptedError("says that it is in use, and is not", where=where)
    for name in ("spread", "copied", "slots", "nodes"):
        if getattr(build, name) > header.slots:
            raise CorruptedError(
                f"{name}: expected at most {header.slots}, which there are, got "
                f"{getattr(build, name)}",
                where=where,
                expected=header.slots,
                received=getattr(build, name),
            )
    if record.embedding == header.embedding:
        raise CorruptedError("embedding: expected none where it is the collection's", where=where)
    dim = header.embedding_in(record).dim
    if not fitting_dimension(dim, record.dtype):
        raise CorruptedError(f"dtype: {record.dtype} has no {dim} dimensions", where=where)
    for what in _too_long(record, small_block):
        raise CorruptedError(what, where=where)


def _too_long(record: GenerationRecord, small_block: int) -> Iterator[str]:
    """A row of links that no block has room for; of a vector every row has it."""
    M = record.index.get("M", 0)
    if M and blocks.rows_per_block(small_block, blocks.link_row_size(M, 0), blocks.LINKS) < 1:
        yield f"M: rows of {M} links do not fit a block of {small_block} bytes"


def _where(header: CollectionHeader, record: GenerationRecord) -> str:
    return f"key 11 (generation {record.number} of collection {header.number})"
