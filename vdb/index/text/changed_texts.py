"""The texts that changes of single fields of payloads change; the others keep their words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from vdb.index.text.analysis import NAMED, Analyzers, Words
from vdb.index.text.record_texts import shared_words, without_texts, words_of_record
from vdb.index.text.text_fields import declared
from vdb.index.text.text_writer import follow_field
from vdb.model import pauses
from vdb.model.filters.paths import find
from vdb.model.payload_changes import PayloadChange
from vdb.model.records import Id, Payload
from vdb.store import Batch, WritableCollection
from vdb.store.format.headers import CollectionHeader

__all__ = ["ChangedTexts"]


class ChangedTexts:
    """Made before payloads are changed; then `analyze`, and `follow` with the other changes."""

    def __init__(
        self,
        header: CollectionHeader,
        payloads: Mapping[int, Payload],
        changes: Iterable[tuple[int, PayloadChange]],
    ) -> None:
        """`payloads`: by slot, as they are; `changes`: of slots, which may come again."""
        self._header = header
        self._fields = declared(header)
        self._before: dict[tuple[int, int], Any] = {}
        for slot, change in pauses.paced(changes):
            paths = [*change.removed, *(names for names, _ in change.values)]
            for field in self._fields:
                if any(_meet(names, field.names) for names in paths):
                    place = field.number, slot
                    self._before.setdefault(place, find(payloads[slot], field.names))
        self._words: dict[int, dict[int, Words]] = {field.number: {} for field in self._fields}

    def analyze(
        self, ids: Mapping[int, Id], payloads: Mapping[int, Payload], analyzers: Analyzers | None
    ) -> None:
        """Make words of the texts as they are after the changes.

        Texts that are not kept are taken out of the payloads.

        Raises:
            InvalidPayloadError: A field is no text any more; names the record.
        """
        known = NAMED if analyzers is None else analyzers
        shared: dict[str, str] = {}
        by_number = {field.number: field for field in self._fields}
        for (number, slot), before in pauses.paced(self._before.items()):
            field = by_number[number]
            if field.stored and _same(before, find(payloads[slot], field.names)):
                continue
            words = words_of_record(known, self._header, field, ids[slot], payloads[slot])
            self._words[number][slot] = shared_words(words, shared)
        for slot in self.slots:
            without_texts(payloads[slot], self._fields)

    @property
    def slots(self) -> set[int]:
        """The slots whose texts changed."""
        return {slot for words in self._words.values() for slot in words}

    def follow(self, batch: Batch, coll: WritableCollection) -> None:
        """Bring the text fields to what the records have now."""
        for field in self._fields:
            words = self._words[field.number]
            follow_field(batch, coll, field, list(words), list(words.values()))


def _meet(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether one path leads to the other, or into it."""
    length = min(len(one), len(other))
    return one[:length] == other[:length]


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)
