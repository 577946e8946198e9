"""Which fields of a filter the payloads had, so that a misspelt one can be named."""

from __future__ import annotations

from collections.abc import Container, Iterable

from vdb.model.arguments import shown
from vdb.model.filters.paths import path_of
from vdb.model.records import Payload

__all__ = ["FieldPresence"]

_NAMES = 10  # that are listed
_ABSENT = 3  # fields that are named
_CANDIDATES = 64  # names that somebody may have meant
_LONGEST = 32  # characters of a name that is compared with others


class FieldPresence:
    """Counts, for each field of a filter, of the payloads that a predicate was called with.

    Attributes:
        fields: By path: how many payloads lacked the field, and 1 if one had it, else 0. Payloads
            that the filter had no need to look at are not counted.
        example: One of the payloads.
    """

    __slots__ = ("example", "fields")

    def __init__(self) -> None:
        self.fields: dict[str, list[int]] = {}
        self.example: Payload = None

    def counts(self, path: str) -> list[int]:
        """The two numbers of a field; a predicate adds to them."""
        return self.fields.setdefault(path, [0, 0])

    def add(self, path: str, lacking: int) -> None:
        """Count several payloads: how many they are, if all of them lacked the field; else 0."""
        counts = self.counts(path)
        counts[0] += lacking
        counts[1] |= not lacking

    def absences(self, records: int, declared: Iterable[str], suspects: Container[str]) -> str:
        """In words, which fields none of the payloads had; empty for none.

        Args:
            records: How many records there are.
            declared: The declared fields.
            suspects: The fields that may be named.
        """
        names = list(declared)
        absent = [
            (path, lacking)
            for path, (lacking, having) in self.fields.items()
            if lacking and not having and path in suspects
        ]
        sentences = []
        for path, lacking in absent[:_ABSENT]:
            whose = "any record" if lacking >= records else f"any of {lacking:,} records asked"
            sentences.append(f"no field {shown(path)} in {whose}{self._hint(path, names)}")
        return "; ".join(sentences) + ("; ..." if len(absent) > _ABSENT else "")

    def _hint(self, path: str, declared: list[str]) -> str:
        names_inside = self.example if isinstance(self.example, dict) else ()
        inside = [path_of([name]) for name in names_inside]
        others = f"; declared are {_listed(declared)}" if declared else ""
        if not others and inside:
            others = f"; one has {_listed(inside)}"
        names = [*declared, *inside][: 2 * _CANDIDATES]
        near = [name for name in names if len(name) <= _LONGEST][:_CANDIDATES]
        from difflib import get_close_matches  # only a warning needs it

        close = get_close_matches(path, near, n=1, cutoff=0.7) if len(path) <= _LONGEST else []
        return f"{others}; did you mean {shown(close[0])}?" if close else others


def _listed(names: list[str]) -> str:
    return ", ".join(map(shown, names[:_NAMES])) + (", ..." if len(names) > _NAMES else "")
