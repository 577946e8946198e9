"""The words for vectors of a length that a collection had before a rebuild."""

from __future__ import annotations

from vdb.errors import DimensionMismatchError
from vdb.model.results import utc
from vdb.store.format.headers import CollectionHeader

__all__ = ["with_change"]


def with_change(error: DimensionMismatchError, header: CollectionHeader) -> DimensionMismatchError:
    """The error, which says when a rebuild changed the dimension, if one ever did."""
    since = None
    for line in reversed(header.history):
        before = header.embedding_of(line["generation"]).dim
        if before != header.dim:
            break
        since = line
    else:
        return error
    if since is None:
        return error
    return DimensionMismatchError(
        f"{error}. A rebuild changed collection {header.name!r} from {before} to {header.dim} "
        f"dimensions ({utc(since['when']):%Y-%m-%d %H:%M:%S} UTC, generation "
        f"{since['generation']})",
        expected=error.expected,
        received=error.received,
    )
