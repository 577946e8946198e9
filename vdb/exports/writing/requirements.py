"""What formats require of a collection, checked before the first byte is written.

Each function raises InvalidArgumentError, which names the format, what it takes, what the
collection has, and the way out where there is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from vdb.errors import InvalidArgumentError
from vdb.exports.content import Content, ExportBatch
from vdb.model.config import LIMITS
from vdb.sources.source_format import Option

__all__ = [
    "IDS",
    "MISSING",
    "has_payloads",
    "int_ids",
    "left_out",
    "require_dtype",
    "require_metric",
    "required_dim",
    "with_vectors",
]

MISSING: Final = Option(
    "missing",
    "records without a vector: refused if not said, or left-out",
    choices=("refused", "left-out"),
)

IDS: Final = Option(
    "ids",
    "own: the ids of the collection, which must be ints; row: row numbers, with the ids in "
    "PREFIX.jsonl; own if not said",
    choices=("own", "row"),
)


def require_metric(content: Content, title: str, metrics: Sequence[str]) -> None:
    """Refuse a metric that is none of these; `title` is the format, such as "hnswlib".

    Example:
        require_metric(content, "hnswlib", ("l2", "ip", "cosine", "dot"))
    """
    _require("metric", content.metric, content.name, title, metrics)


def require_dtype(content: Content, title: str, dtypes: Sequence[str]) -> None:
    """Refuse a dtype that is none of these."""
    _require("dtype", content.dtype, content.name, title, dtypes)


def _require(what: str, value: str, name: str, title: str, choices: Sequence[str]) -> None:
    if value not in choices:
        raise InvalidArgumentError(
            f"{title} takes the {what} {' or '.join(choices)}; {name} has {value}",
            expected=tuple(choices),
            received=value,
        )


def required_dim(content: Content, title: str, most: int | None = None) -> int:
    """The dimension, which must be known, and at most `most`."""
    if content.dim is None:
        raise InvalidArgumentError(
            f"{title} needs the dimension; that of {content.name} is open until its first vector",
            expected="a dimension",
            received=None,
        )
    if most is not None and content.dim > most:
        raise InvalidArgumentError(
            f"{title} takes at most {most:,} dimensions; {content.name} has {content.dim:,}",
            expected=most,
            received=content.dim,
        )
    return content.dim


def left_out(content: Content, title: str, missing: str = "refused") -> tuple[str, ...]:
    """A note with the number of records without a vector, which `with_vectors` leaves out.

    Args:
        content: The collection.
        title: The format.
        missing: The value of the option `MISSING`; refuses such records if "refused".
    """
    count = content.without_vector
    if not count:
        return ()
    records = f"{count:,} record{'' if count == 1 else 's'} without a vector"
    if missing == "refused":
        raise InvalidArgumentError(
            f"{title} holds no record without a vector, and {content.name} has {count:,}: "
            "the option missing=left-out leaves them out",
            expected="a vector in each record",
            received=count,
        )
    return (f"{records} {'is' if count == 1 else 'are'} left out",)


def with_vectors(
    content: Content, rows: int | None = None, *, payloads: bool = True
) -> Iterator[ExportBatch]:
    """The records that have a vector, as `Content.batches`; row numbers count these only."""
    start = 0
    for batch in content.batches(rows, payloads=payloads):
        part = replace(batch, start=start)
        if batch.missing is not None:
            part = batch.take(batch.there, start)
        start += len(part)
        if len(part):
            yield part


def int_ids(content: Content, title: str, ids: str = "own", least: int = LIMITS.id_min) -> bool:
    """Whether ids are written as they are; False where row numbers stand for them.

    Args:
        content: The collection.
        title: The format.
        ids: The value of the option `IDS`. With "own", ids that are texts, or ints below `least`,
            are refused.
        least: The smallest id that the format takes.
    """
    if ids == "row":
        return False
    way_out = "the option ids=row writes row numbers, and the ids in a file beside"
    if content.id_kind == "str":
        raise InvalidArgumentError(
            f"{title} takes ints as ids, and those of {content.name} are texts: {way_out}",
            expected="int",
            received="str",
        )
    smallest = least if least <= LIMITS.id_min else int(next(content.ids(), least))  # in order
    if smallest < least:
        raise InvalidArgumentError(
            f"{title} takes ids from {least} on, and {content.name} has {smallest}: {way_out}",
            expected=least,
            received=smallest,
        )
    return True


def has_payloads(content: Content) -> bool:
    """Whether a record has a payload; reads up to the first one that has."""
    return any(record.payload is not None for record in content.records(True))
