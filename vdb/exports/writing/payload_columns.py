"""Columns for fields that nobody has declared, where their values are all of one kind."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from vdb.exports.content import Content
from vdb.model.records import Payload
from vdb.sources.reading.libraries import needed

__all__ = ["PayloadFields", "distinct_names", "field_arrays"]

_MOST_FIELDS: Final = 64
_MOST_SEEN: Final = 1024
_LONGEST_NAME: Final = 200
_INT64: Final = range(-(2**63), 2**63)


@dataclass(slots=True)
class PayloadFields:
    """What the fields at the top of payloads hold.

    Attributes:
        kinds: The kinds of the values of each field: bool, int, float, text, texts, other.
        lengths: The characters of all texts of each field.
        objects_only: Whether every payload is an object, or missing.
    """

    kinds: dict[str, set[str]] = field(default_factory=dict)
    lengths: dict[str, int] = field(default_factory=dict)
    objects_only: bool = True

    @classmethod
    def of(cls, content: Content) -> PayloadFields:
        """Those of a collection; reads all payloads once."""
        fields = cls()
        for record in content.records(True):
            fields.add(record.payload)
        return fields

    def add(self, payload: Payload) -> None:
        """Takes one payload in; of more than 1,024 fields those that come first are known."""
        if not isinstance(payload, dict):
            self.objects_only = self.objects_only and payload is None
            return
        for name, value in payload.items():
            if name not in self.kinds and len(self.kinds) >= _MOST_SEEN:
                self.objects_only = False
                continue
            kinds = self.kinds.setdefault(name, set())
            if value is None:
                continue
            kind = _kind(value)
            kinds.add(kind)
            if kind == "text":
                self.lengths[name] = self.lengths.get(name, 0) + len(value)

    def types(self, without: Iterable[str]) -> dict[str, str]:
        """The fields that can be columns, and the kind of each, but those of these names.

        The first 64 by name; a field of ints and floats is one of floats.
        """
        known = set(without)
        found: dict[str, str] = {}
        for name in sorted(self.kinds):
            kinds = self.kinds[name]
            kind = "float" if kinds == {"int", "float"} else next(iter(kinds), "")
            plain = name.isprintable() and 0 < len(name) <= _LONGEST_NAME
            one_kind = len(kinds) == 1 or kind == "float"
            if name not in known and plain and one_kind and kind != "other":
                found[name] = kind
        return dict(list(found.items())[:_MOST_FIELDS])

    def rest(self, columns: Iterable[str]) -> list[str]:
        """The fields with values that are in none of these columns."""
        return sorted({name for name, kinds in self.kinds.items() if kinds} - set(columns))


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int" if value in _INT64 else "other"
    if isinstance(value, float):
        return "float"
    if isinstance(value, str):
        return "text"
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return "texts"
    return "other"


def field_arrays(texts: Sequence[str | None], types: Mapping[str, str]) -> Iterator[Any]:
    """Arrays of pyarrow of these fields, of payloads as JSON."""
    pa = needed("pyarrow", "pyarrow", "writing tables")
    arrow_types = {
        "bool": pa.bool_(),
        "int": pa.int64(),
        "float": pa.float64(),
        "text": pa.string(),
        "texts": pa.list_(pa.string()),
    }
    payloads = [None if text is None else json.loads(text) for text in texts] if types else []
    for name, kind in types.items():
        values = [one.get(name) if isinstance(one, dict) else None for one in payloads]
        yield pa.array(values, arrow_types[kind])


def distinct_names(names: Iterable[str], prefix: str) -> list[str]:
    """The names, those that came before in any case of letters with the prefix.

    Databases such as DuckDB take names that differ in case for the same.

    Example:
        distinct_names(["x", "X"], "payload.")  # ["x", "payload.X"]
    """
    taken: set[str] = set()
    distinct = []
    for one in names:
        name = one
        while name.casefold() in taken:
            name = f"{prefix}{name}"
        taken.add(name.casefold())
        distinct.append(name)
    return distinct
