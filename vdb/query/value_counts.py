"""The different values of a declared field with their counts, read from its postings.

Payloads are read only of strings of more than 240 bytes, whose postings have their beginnings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb.errors import InvalidArgumentError, NotFoundError
from vdb.index import FilterSet
from vdb.index.fields import postings
from vdb.index.types import Reader, View
from vdb.model import arguments, pauses
from vdb.model.arguments import shown
from vdb.model.config import LIMITS
from vdb.model.field_values import FieldValues
from vdb.model.filters.field_paths import field_path
from vdb.model.filters.field_types import base_of
from vdb.model.filters.paths import find, names_of, path_of
from vdb.store.format import terms
from vdb.store.format.limits import NO_SLOT

__all__ = ["VALUE_ORDERS", "field_values"]

VALUE_ORDERS = ("value", "count")
"""By value, rising; or by count, the most frequent first, equal counts by value."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Values(NamedTuple):
    """Values in their order, and their counts."""

    values: list[Any]
    counts: list[int]


def field_values(
    reader: Reader,
    view: View,
    field: object,
    *,
    filter_set: FilterSet | None = None,
    prefix: object = None,
    limit: object = None,
    order: object = "value",
) -> FieldValues:
    """The values of a field; the arguments but the filter set are checked here.

    Args:
        reader: The moment.
        view: The collection.
        field: The path of the field.
        filter_set: Only records that are in it.
        prefix: Only strings that begin so.
        limit: The largest number of values in the result.
        order: One of `VALUE_ORDERS`.

    Raises:
        NotFoundError: The field is not declared.
        InvalidArgumentError: Its postings are not complete yet, or a prefix of no strings.
        CorruptedError: Damage was met on the way.
    """
    path = path_of(field_path("field", field))
    limit = None if limit is None else arguments.whole("limit", limit, 1, LIMITS.slots)
    prefix = None if prefix is None else arguments.text("prefix", prefix)
    order = arguments.choice("order", order, VALUE_ORDERS)
    line = _built(view, path)
    kind = line["type"]
    if prefix is not None and base_of(kind) != "keyword":
        raise InvalidArgumentError(
            f"prefix: field {shown(path)} is declared as {kind}; strings have a prefix",
            expected="a field of type keyword",
            received=kind,
        )
    if prefix is not None and not prefix.isascii():
        _check_text(prefix)
    values, counts = _counted(reader, view, line, _marks(view, filter_set), prefix)
    if base_of(kind) == "datetime":
        values = [_EPOCH + timedelta(microseconds=micro) for micro in values]
    low, high = (values[0], values[-1]) if values else (None, None)
    places = range(len(values))
    chosen = places if order == "value" else sorted(places, key=lambda i: -counts[i])
    chosen = chosen[:limit]
    return FieldValues(
        path,
        kind,
        tuple([values[i] for i in chosen]),
        tuple([counts[i] for i in chosen]),
        len(values),
        low,
        high,
    )


def _check_text(prefix: str) -> None:
    try:
        prefix.encode()
    except UnicodeEncodeError:
        raise InvalidArgumentError(
            "prefix must be text that UTF-8 can hold, got a lone surrogate",
            expected="text that UTF-8 can hold",
            received=prefix,
        ) from None


def _built(view: View, path: str) -> dict[str, Any]:
    """The line of the field in the header."""
    header = view.header
    line = next((line for line in header.fields if line["path"] == path), None)
    if line is None:
        declared = ", ".join(shown(one["path"]) for one in header.fields)
        raise NotFoundError(
            f"collection {header.name!r} has no declared field {shown(path)}, and values are read "
            f'from the index of one; index_field({shown(path)}, "keyword") declares it, with '
            f"its type; declared are {declared or 'none'}",
            expected=[one["path"] for one in header.fields],
            received=path,
        )
    if line["built"] != NO_SLOT:
        raise InvalidArgumentError(
            f"the index of field {shown(path)} is not complete; "
            f"index_field({shown(path)}, {line['type']!r}) goes on with it",
            expected="a complete index",
            received=line["built"],
        )
    return line


def _marks(view: View, filter_set: FilterSet | None) -> NDArray[np.bool_] | None:
    """Which slots are in the filter set; None for all."""
    if filter_set is None or filter_set.count == filter_set.total:
        return None
    marks = np.zeros(view.header.slots, dtype=np.bool_)
    marks[filter_set.slots] = True
    return marks


def _counted(
    reader: Reader,
    view: View,
    line: dict[str, Any],
    marks: NDArray[np.bool_] | None,
    prefix: str | None,
) -> _Values:
    """All values and their counts, rising."""
    value_of = terms.value_of(line["type"])
    values: list[Any] = []
    counts: list[int] = []
    for term, count, slots in pauses.paced(_terms(reader, view, line, marks, prefix)):
        value = value_of(term)
        if value is not terms.SEVERAL:
            values.append(value)
            counts.append(count)
            continue
        texts = _long_texts(reader, view, names_of(line["path"]), term, slots)
        for text in sorted(texts):
            if prefix is None or text.startswith(prefix):
                values.append(text)
                counts.append(texts[text])
    return _Values(values, counts)


def _terms(
    reader: Reader,
    view: View,
    line: dict[str, Any],
    marks: NDArray[np.bool_] | None,
    prefix: str | None,
) -> Iterator[tuple[bytes, int, list[int]]]:
    """Each term with a record, the number of its records, and the slots of a shared term."""
    last, count, shared = b"", 0, list[int]()
    low, high = _range(prefix)
    are_texts = base_of(line["type"]) == "keyword"
    for names, ends, slots in postings.value_leaves(reader, view, line["number"], low, high):
        if not names:
            continue
        bounds = np.asarray(ends, dtype=np.int64)
        inside = slots[bounds[0] : bounds[-1]]
        if marks is None:
            sizes = np.diff(bounds)
        else:
            sizes = np.add.reduceat(marks[inside].astype(np.int64), bounds[:-1] - bounds[0])
        for i, (name, size) in enumerate(zip(names, sizes.tolist(), strict=True)):
            if name != last:
                if count:
                    yield last, count, shared
                last, count, shared = name, 0, []
            count += size
            if are_texts and terms.is_shared(name):
                own = slots[ends[i] : ends[i + 1]]
                shared += (own if marks is None else own[marks[own]]).tolist()
    if count:
        yield last, count, shared


def _range(prefix: str | None) -> terms.TermRange:
    """The terms of the strings that begin so, and maybe of longer ones."""
    if prefix is None:
        return terms.VALUE, terms.AFTER_VALUES
    if terms.is_long(prefix):
        return terms.whole(terms.keyword_term(prefix))
    start = terms.VALUE + terms.escaped(prefix)
    return start, start + b"\xff\xff"


def _long_texts(
    reader: Reader, view: View, names: tuple[str, ...], term: bytes, slots: list[int]
) -> Counter[str]:
    """How many of these records have which of the strings that share a term."""
    texts: Counter[str] = Counter()
    for payload in reader.encoded(view, slots)[1]:
        value = find(payload, names)
        elements = value if type(value) is list else [value]
        texts.update(
            {text for text in elements if type(text) is str and terms.keyword_term(text) == term}
        )
    return texts
