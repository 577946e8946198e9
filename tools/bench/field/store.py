"""Results in one JSON file, written after every measurement, so that a run can be resumed."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.bench.report import describe_machine


class Store:
    """Entries by (part, set, metric, contestant); each is one JSON object."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._document: dict[str, Any] = {"machine": {}, "settings": {}, "facts": {}, "entries": []}
        if path.exists():
            self._document = json.loads(path.read_text(encoding="utf-8"))

    @property
    def machine(self) -> dict[str, Any]:
        """What ran it."""
        return dict(self._document["machine"])

    @property
    def settings(self) -> dict[str, Any]:
        """What the latest run was asked to do."""
        return dict(self._document["settings"])

    @property
    def facts(self) -> dict[str, dict[str, Any]]:
        """Version and instructions by contestant."""
        return dict(self._document["facts"])

    def begin(self, settings: dict[str, Any]) -> None:
        """Note the machine and what is asked."""
        self._document |= {"machine": describe_machine(), "settings": settings}
        self._write()

    def note(self, contestant: str, facts: dict[str, Any]) -> None:
        """Keep what a contestant says of itself."""
        self._document["facts"][contestant] = facts

    def put(self, part: str, files: str, metric: str, contestant: str, entry: Any) -> None:
        """Write one entry, in place of an earlier one."""
        self.drop(part, files, metric, contestant)
        key = {"part": part, "set": files, "metric": metric, "contestant": contestant}
        when = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        self._document["entries"].append({**key, "when": when, **entry})
        self._write()

    def drop(self, part: str, files: str, metric: str, contestant: str) -> None:
        """Forget one entry, if it is there."""
        key = {"part": part, "set": files, "metric": metric, "contestant": contestant}
        entries = self._document["entries"]
        self._document["entries"] = [one for one in entries if not key.items() <= one.items()]

    def get(self, part: str, files: str, metric: str, contestant: str) -> dict[str, Any] | None:
        """One entry."""
        return next(self.find(part=part, set=files, metric=metric, contestant=contestant), None)

    def find(self, **key: str) -> Iterator[dict[str, Any]]:
        """Entries that have all of these, in the order they were first measured."""
        for one in self._document["entries"]:
            if key.items() <= one.items():
                yield one

    def _write(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(".part")
        fresh.write_text(json.dumps(self._document, indent=1) + "\n", encoding="utf-8")
        fresh.replace(self.path)
