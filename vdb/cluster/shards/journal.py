"""Ids that were changed while a shard is copied: what the copy must be given again.

Each write adds its ids in its own commit, so none is missing after a crash.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count, islice
from typing import Any, Final

from vdb.api.collection import Collection
from vdb.errors import CorruptedError
from vdb.model.records import Id

__all__ = ["Journal"]

_PREFIX: Final = "changed/"
_PART: Final = 2_000
"""Ids of one record; those of the longest texts fit a payload."""

_MANY: Final = 1_000


class Journal:
    """Records ``changed/<seq>/<write>/<part>`` of ``_cluster``. Threads may share it."""

    def __init__(self, records: Collection) -> None:
        self._records = records

    def add(self, seq: int, write: int, ids: Iterable[Id]) -> None:
        """Puts the ids of a write, in its batch; `write` is its number."""
        rest = iter(ids)
        for number in count():
            part = [one if isinstance(one, str) else int(one) for one in islice(rest, _PART)]
            if not part:
                return
            name = f"{_PREFIX}{seq:020d}/{write:020d}/{number:08d}"
            self._records.upsert(name, None, {"ids": part})

    def since(self, seq: int) -> list[Id]:
        """The ids that commits after `seq` changed, each once, in the order of their changes."""
        ids: dict[Id, None] = {}
        for record in self._records.scan(after=f"{_PREFIX}{seq:020d}/~", with_vectors=False):
            if not str(record.id).startswith(_PREFIX):
                break
            part = record.payload.get("ids") if isinstance(record.payload, dict) else None
            if not isinstance(part, list):
                raise CorruptedError("ids are missing", where=f"_cluster {record.id}")
            ids.update(dict.fromkeys(part))
        return list(ids)

    def clear(self) -> None:
        """Removes all, in a batch or a commit of its own each thousand."""
        while True:
            names = list(islice(self._names(), _MANY))
            if not names:
                return
            self._records.delete(names)

    def _names(self) -> Iterator[Any]:
        for name in self._records.ids(after=_PREFIX):
            if not str(name).startswith(_PREFIX):
                return
            yield name
