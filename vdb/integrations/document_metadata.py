"""Values of the metadata of documents: which there are, how many, and of which types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

__all__ = ["field_types", "min_max", "unique_counts", "unique_values"]

Metas: TypeAlias = Iterable[Mapping[str, Any]]


def unique_counts(metas: Metas, fields: Sequence[str]) -> dict[str, int]:
    """How many values each field has, by field."""
    names = [_meta_name(one) for one in fields]
    values: dict[str, set[Any]] = {name: set() for name in names}
    for meta in metas:
        for name in names:
            if meta.get(name) is not None:
                values[name].add(_hashable(meta[name]))
    return {name: len(ones) for name, ones in values.items()}


def field_types(metas: Metas) -> dict[str, dict[str, str]]:
    """The type of each field's values: keyword, int, float or boolean."""
    kinds = {bool: "boolean", int: "int", float: "float"}
    return {
        name: {"type": kinds.get(type(value), "keyword")}
        for meta in metas
        for name, value in meta.items()
        if value is not None
    }


def min_max(metas: Metas, field: str) -> dict[str, Any]:
    """The least and the largest value; None for both where numbers and texts are mixed."""
    name = _meta_name(field)
    values = [meta[name] for meta in metas if isinstance(meta.get(name), int | float | str)]
    if len({isinstance(value, str) for value in values}) != 1:
        return {"min": None, "max": None}
    return {"min": min(values), "max": max(values)}


def unique_values(metas: Metas, field: str, search_term: str | None) -> list[Any]:
    """The values of a field that have a term in their text, in the order of their texts."""
    name = _meta_name(field)
    values: dict[tuple[str, Any], Any] = {}
    for meta in metas:
        value = meta.get(name)
        if value is not None:  # 1, 1.0 and True are three values
            values.setdefault((type(value).__name__, _hashable(value)), value)
    part = (search_term or "").casefold()
    chosen = [key for key, value in values.items() if part in str(value).casefold()]
    chosen.sort(key=lambda key: (str(values[key]), key[0]))
    return [values[key] for key in chosen]


def _meta_name(field: str) -> str:
    return field.removeprefix("meta.")


def _hashable(value: Any) -> Any:
    """A value that is equal where values of metadata are, lists and maps too."""
    if isinstance(value, list):
        return ("list", *map(_hashable, value))
    if isinstance(value, dict):
        return ("dict", frozenset((key, _hashable(one)) for key, one in value.items()))
    return value
