"""Which fields payloads were asked for, so that a misspelt one can be named."""

from __future__ import annotations

from collections.abc import Container, Iterable
from difflib import get_close_matches

from vdb.model.arguments import shown
from vdb.model.records import Payload

__all__ = ["Looked"]

_NAMES = 10  # that are listed
_ABSENT = 3  # fields that are named
_CANDIDATES = 64  # names that somebody may have meant
_LONGEST = 32  # characters of a name that is compared with others


class Looked:
    """What a predicate has met, of each field that it looks for.

    Attributes:
        fields: By path: how many payloads lacked the field, and whether one had it. A predicate
            writes there for every payload that it asks; of what a filter had no need to look at
            nothing is known.
        example: One of the payloads.
    """

    __slots__ = ("example", "fields")

    def __init__(self) -> None:
        self.fields: dict[str, list[int]] = {}
        self.example: Payload = None

    def field(self, path: str) -> list[int]:
        """The two numbers of a field."""
        return self.fields.setdefault(path, [0, 0])

    def met(self, path: str, lacking: int) -> None:
        """Of some payloads: how many there are, if all of them lacked the field; else 0."""
        seen = self.field(path)
        seen[0] += lacking
        seen[1] |= not lacking

    def absences(self, records: int, declared: Iterable[str], suspects: Container[str]) -> str:
        """In words, which fields no payload had that was asked for them; empty for none.

        Args:
            records: How many records there are.
            declared: The declared fields.
            suspects: The fields that may be named.
        """
        known = list(declared)
        absent = [
            (path, lacking)
            for path, (lacking, having) in self.fields.items()
            if lacking and not having and path in suspects
        ]
        said = []
        for path, lacking in absent[:_ABSENT]:
            whose = "any record" if lacking >= records else f"any of {lacking:,} records asked"
            said.append(f"no field {shown(path)} in {whose}{self._meant(path, known)}")
        return "; ".join(said) + ("; ..." if len(absent) > _ABSENT else "")

    def _meant(self, path: str, declared: list[str]) -> str:
        inside = list(self.example) if isinstance(self.example, dict) else []
        known = f"; declared are {_listed(declared)}" if declared else ""
        if not known and inside:
            known = f"; one has {_listed(inside)}"
        names = [*declared, *inside][: 2 * _CANDIDATES]
        near = [name for name in names if len(name) <= _LONGEST][:_CANDIDATES]
        close = get_close_matches(path, near, n=1, cutoff=0.7) if len(path) <= _LONGEST else []
        return f"{known}; did you mean {shown(close[0])}?" if close else known


def _listed(names: list[str]) -> str:
    return ", ".join(map(shown, names[:_NAMES])) + (", ..." if len(names) > _NAMES else "")
