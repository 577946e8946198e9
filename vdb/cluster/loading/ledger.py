"""Which pieces of a load are done: objects below ``load/<name>/``, put with "create if absent".

`plan.json` lists the pieces, so that a later call with the same name goes on with the same ones or
is refused; `00000000000000000007.json` says that piece 7 is done, and what became of its rows.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, fields
from typing import Any, Final

from vdb.cluster.loading.piece import Piece, PieceReport
from vdb.errors import CorruptedError, InvalidArgumentError
from vdb.maintenance.repository.object_store import ObjectStore

__all__ = ["Ledger"]

_FORMAT: Final = 1
_MOST: Final = 256 << 20
_NAME: Final = re.compile(r"[0-9]{20}\.json")


class Ledger:
    """The ticks of one load."""

    def __init__(self, store: ObjectStore, name: str) -> None:
        self._store = store
        self._prefix = f"load/{name}/"
        self._load = name

    def begin(self, plan: dict[str, Any], pieces: list[Piece]) -> None:
        """Store the plan; or see that it is the one that is stored.

        Args:
            plan: The arguments that decide what is written.
            pieces: What is loaded.

        Raises:
            InvalidArgumentError: A load of that name has other files, contents or arguments.
        """
        document = {
            "format": _FORMAT,
            **plan,
            "pieces": [one.to_json() for one in pieces],
        }
        text = json.dumps(document, sort_keys=True, separators=(",", ":"))
        if self._store.create(f"{self._prefix}plan.json", text.encode()):
            return
        stored = self._document("plan.json")
        if stored == json.loads(text):
            return
        raise InvalidArgumentError(
            f"the load {self._load!r} was begun with {_difference(stored, document)}; another "
            "name= begins another load",
            expected=self._load,
            received=self._load,
        )

    def done(self) -> dict[int, PieceReport]:
        """The pieces that are done, by number."""
        reports = {}
        for entry in self._store.entries(self._prefix):
            name = entry.name.rpartition("/")[2]
            if _NAME.fullmatch(name):
                row = self._document(name)
                known = {one.name for one in fields(PieceReport)}
                if set(row) != known:
                    raise CorruptedError(f"{self._prefix}{name} is no report of a piece")
                reports[int(name[:20])] = PieceReport(**row)
        return reports

    def tick(self, piece: Piece, report: PieceReport) -> None:
        """Say that a piece is done; nothing where another worker did."""
        text = json.dumps(asdict(report), sort_keys=True, separators=(",", ":"))
        self._store.create(f"{self._prefix}{piece.number:020d}.json", text.encode())

    def _document(self, name: str) -> dict[str, Any]:
        place = f"{self._prefix}{name}"
        content = self._store.get(place, _MOST)
        try:
            document = json.loads(content or b"")
        except ValueError as error:
            raise CorruptedError(f"{place} is no JSON: {error}") from None
        if not isinstance(document, dict):
            raise CorruptedError(f"{place} is no JSON object")
        return document


def _difference(stored: dict[str, Any], document: dict[str, Any]) -> str:
    """What is different between two plans, in words."""
    for name in sorted(set(stored) | set(document)):
        if name != "pieces" and stored.get(name) != document.get(name):
            return f"{name}={stored.get(name)!r}"
    old, new = stored.get("pieces", []), document["pieces"]
    for before, now in zip(old, new, strict=False):
        if before != now:
            return f"another content of {before.get('place')}"
    return f"{len(old):,} pieces, and these files have {len(new):,}"
