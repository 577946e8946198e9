"""The filter that ``--where`` gives, as JSON."""

from __future__ import annotations

import json as json_text
from typing import Annotated, Any, NoReturn, TypeAlias

import typer

from vdb import filters
from vdb.errors import InvalidFilterError
from vdb.filters import Filter

__all__ = ["Where", "where_from"]

Where: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--where",
        metavar="JSON",
        help="Only records whose payloads pass this filter, "
        'such as \'{"pep": {"$gte": 400}, "section": {"$in": ["Rationale"]}}\'.',
    ),
]


def where_from(text: str | None) -> Filter | None:
    """The filter, checked before a database is opened."""
    if text is None:
        return None
    try:
        given = json_text.loads(text, parse_constant=_refuse, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        if isinstance(error, InvalidFilterError):
            raise
        raise InvalidFilterError(
            f"--where is not JSON: {error}", expected="a JSON object", received=text
        ) from None
    return filters.parse(given)


def _refuse(name: str) -> NoReturn:
    raise InvalidFilterError(f"--where: {name} is no JSON number", received=name)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; one that says something twice is refused, where JSON would keep the last."""
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidFilterError(f"--where: {twice!r} stands twice in one object", received=twice)
    return made
