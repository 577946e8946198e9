"""Fields that a later format version added to a record: written only where they say something.

A record leaves such a field out where it has its default, so that it is encoded byte for byte as
the versions before did, and files that use nothing new stay files of the first version. A reader
refuses the field with its default, so that a record has one encoding.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

from vdb.store.format.versions import FIRST_VERSION

__all__ = ["OptionalField", "OptionalFields", "required_version", "without_defaults"]


class OptionalField(NamedTuple):
    """One field: the format version that added it, and the value that is never written."""

    version: int
    default: Any


OptionalFields: TypeAlias = Mapping[str, OptionalField]
"""Those of one kind of record, by name."""


def without_defaults(fields: Mapping[str, Any], optional: OptionalFields) -> dict[str, Any]:
    """The fields of a record as they are written: without optional ones that have their default."""
    return {
        name: value
        for name, value in fields.items()
        if name not in optional or value != optional[name].default
    }


def required_version(fields: Mapping[str, Any], optional: OptionalFields) -> int:
    """The oldest format version that has all fields which are written."""
    return max(
        (line.version for name, line in optional.items() if fields.get(name) != line.default),
        default=FIRST_VERSION,
    )
