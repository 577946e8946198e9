"""Types of declared fields.

Payloads are held to the type of a declared field when they are written.
"""

from __future__ import annotations

from collections.abc import Mapping

from vdb.errors import ArgumentTypeError, InvalidArgumentError, InvalidFilterError
from vdb.model import synonyms
from vdb.model.arguments import shown, unreadable
from vdb.model.filters.paths import check_path
from vdb.model.text_field import Text

__all__ = ["BASES", "MOST_FIELDS", "TEXT", "TYPES", "base_of", "field_type", "field_types"]

BASES = {
    "int": "number",
    "float": "number",
    "keyword": "string",
    "bool": "bool",
    "datetime": "datetime",
}
"""Types of one value -> the kind of what it is compared with."""

TYPES = (*BASES, *(f"{base}[]" for base in BASES))
"""All types; ``[]`` stands for a list of such values."""

TEXT = "text"
"""The type of a field that is searched by its words; `vdb.model.text_field.Text` describes it."""

MOST_FIELDS = 64
"""Declared fields of one collection."""


def base_of(kind: str) -> str:
    """The type of one value of a field."""
    return kind.removesuffix("[]")


def field_type(path: object, kind: object) -> tuple[str, str | Text]:
    """One field and its type, checked; the word "text" stands for `Text()`."""
    if not isinstance(path, str) or not isinstance(kind, str | Text):
        raise ArgumentTypeError(
            "a field is declared as name and type, as in {'pep': 'int'}, "
            f"got {shown(path)}: {shown(kind)}",
            expected="str: str | Text",
            received=f"{type(path).__name__}: {type(kind).__name__}",
        )
    path = str.__str__(path)
    try:
        path = check_path(path)
    except InvalidFilterError as error:
        raise InvalidArgumentError(
            f"field {shown(path)}: {error.message}",
            expected=error.expected,
            received=error.received,
        ) from None
    if isinstance(kind, Text):
        return path, kind
    kind = str.__str__(kind)
    if kind == TEXT:
        return path, Text()
    if kind not in TYPES:
        close = synonyms.suggestion(kind.removesuffix("[]"), BASES, synonyms.FIELD_TYPES)
        several = "[]" if kind.endswith("[]") else ""
        hint = "" if close is None else f"; did you mean '{close}{several}'?"
        raise InvalidArgumentError(
            f"field {shown(path)}: the type must be one of {', '.join((*TYPES, TEXT))}, got "
            f"{shown(kind)}{hint}",
            expected=(*TYPES, TEXT),
            received=kind,
        )
    return path, kind


def field_types(fields: object) -> dict[str, str | Text]:
    """The fields that a collection is to be made with; None for none."""
    if fields is None:
        return {}
    if not isinstance(fields, Mapping):
        raise ArgumentTypeError(
            f"fields must be a dict such as {{'pep': 'int'}}, got {type(fields).__name__}",
            expected="dict[str, str]",
            received=type(fields).__name__,
        )
    if len(fields) > MOST_FIELDS:
        raise InvalidArgumentError(
            f"a collection has at most {MOST_FIELDS} declared fields, got {len(fields)}",
            expected=MOST_FIELDS,
            received=len(fields),
        )
    try:
        types = [field_type(path, kind) for path, kind in fields.items()]
    except Exception as error:
        raise unreadable("fields", fields, error) from error
    if len(dict(types)) < len(types):
        raise InvalidArgumentError(
            "fields: two of them are spellings of one path",
            expected="paths that differ",
            received=list(fields),
        )
    return dict(types)
