"""Filters and fields of users, who know their metadata, moved to where a payload holds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import vdb

__all__ = ["MetadataFilter", "fields_under", "filter_under"]

MetadataFilter: TypeAlias = "Mapping[str, Any] | vdb.Filter | None"
"""A dict of equalities or of vdb's operators, or an expression of `vdb.F`."""


def filter_under(where: MetadataFilter, field: str) -> vdb.Filter | None:
    """The filter with its fields inside that field; conditions on ids stay. None for no filter.

    Raises:
        InvalidFilterError: It is not valid.

    Example:
        filter_under({"year": 2024}, "metadata")  # {"metadata.year": {"$eq": 2024}}
    """
    if where is None or (isinstance(where, Mapping) and not where):
        return None
    return vdb.parse_filter(where).under(field)


def fields_under(fields: Mapping[str, str] | None, field: str) -> dict[str, str]:
    """Declared fields inside that field, by path."""
    return {f"{field}.{path}": kind for path, kind in (fields or {}).items()}
