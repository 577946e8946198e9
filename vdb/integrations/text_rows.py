"""Texts with their metadata as rows of a collection, and new ids for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from os import urandom
from typing import Any, NamedTuple

import numpy as np

__all__ = ["TextRows", "parts_of_rows", "text_rows"]

_UUID = 36
_GROUPS = ((0, 8), (9, 4), (14, 4), (19, 4), (24, 12))
"""Characters of a UUID, and where its groups of digits begin and how long they are."""


class TextRows(NamedTuple):
    """Documents that are about to be written, without their embeddings."""

    ids: list[str]
    texts: list[str]
    payloads: list[dict[str, Any]]

    def at(self, places: Iterable[int]) -> TextRows:
        """The rows at these places."""
        chosen = list(places)
        return TextRows(
            [self.ids[place] for place in chosen],
            [self.texts[place] for place in chosen],
            [self.payloads[place] for place in chosen],
        )


def text_rows(
    texts: Iterable[str],
    metadatas: Sequence[Mapping[str, Any]] | None,
    ids: Sequence[str | None] | None,
    *,
    copied: bool = True,
) -> TextRows:
    """Texts as rows; `copied`: the caller may change the metadata before they are written.

    Raises:
        ValueError: Metadata or ids are not as many as texts.
    """
    text_list = [texts] if isinstance(texts, str) else list(texts)
    count = len(text_list)
    for name, column in (("metadatas", metadatas), ("ids", ids)):
        if column is not None and len(column) != count:
            raise ValueError(f"{name} must be one for each text: {len(column)} for {count} texts")
    metadata = [{}] * count if metadatas is None else [one or {} for one in metadatas]
    new = iter(_new_ids(count if ids is None else sum(one is None for one in ids)))
    return TextRows(
        list(new) if ids is None else [next(new) if one is None else one for one in ids],
        text_list,
        [
            {"text": text, "metadata": dict(one) if copied or type(one) is not dict else one}
            for text, one in zip(text_list, metadata, strict=True)
        ],
    )


def _new_ids(count: int) -> list[str]:
    """Random UUIDs as `uuid.uuid4` makes them, all at once: RFC 9562, version 4."""
    numbers = np.frombuffer(urandom(16 * count), np.uint8).reshape(count, 16).copy()
    numbers[:, 6] = numbers[:, 6] & 0x0F | 0x40
    numbers[:, 8] = numbers[:, 8] & 0x3F | 0x80
    digits = np.frombuffer(numbers.tobytes().hex().encode(), np.uint8).reshape(count, 32)
    texts = np.full((count, _UUID), ord("-"), np.uint8)
    start = 0
    for place, length in _GROUPS:
        texts[:, place : place + length] = digits[:, start : start + length]
        start += length
    whole = texts.tobytes().decode()
    return [whole[i : i + _UUID] for i in range(0, _UUID * count, _UUID)]


def parts_of_rows(rows: TextRows, batch_size: int | None) -> Iterator[TextRows]:
    """The rows, so many at a time; None: all at once."""
    if batch_size is not None and batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    count = len(rows.ids)
    size = batch_size or max(count, 1)
    for start in range(0, count, size):
        yield rows if size >= count else rows.at(range(start, min(start + size, count)))
