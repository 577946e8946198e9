"""The filter of ``--where``, as JSON."""

from __future__ import annotations

import click

from vdb.errors import InvalidFilterError
from vdb.model import filters
from vdb.model.filters import Filter

__all__ = ["where_from", "where_option"]

where_option = click.option(
    "--where",
    metavar="JSON",
    help="Only records whose payloads pass this filter, "
    'such as \'{"pep": {"$gte": 400}, "section": {"$in": ["Rationale"]}}\'.',
)


def where_from(text: str | None) -> Filter | None:
    """The filter of the option; it is checked before a database is opened."""
    if text is None:
        return None
    from vdb.sources.reading.plain_json import PlainJsonError, plain_json

    try:
        condition = plain_json(text)
    except PlainJsonError as error:
        raise InvalidFilterError(
            f"--where {error}", expected="a JSON object", received=text
        ) from None
    return filters.parse(condition)
