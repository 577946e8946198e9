"""Ids from the command line."""

from __future__ import annotations

from vdb.api.collection_reader import CollectionReader
from vdb.errors import NotFoundError
from vdb.model.records import Id

__all__ = ["typed_id"]


def typed_id(collection: CollectionReader, text: str) -> Id:
    """The id of a text: an int if the collection's ids are ints.

    Raises:
        NotFoundError: Ids are numbers, and the text is not one.
    """
    if not isinstance(next(collection.ids(), None), int):
        return text
    try:
        return int(text)
    except ValueError:
        raise NotFoundError(f"no record {text!r}: ids are numbers", received=text) from None
