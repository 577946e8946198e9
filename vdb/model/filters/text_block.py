"""The texts of one field in many payloads, searched for parts of them.

All texts are joined, so that looking for one part in thousands of texts is one scan of the joined
text. Between two texts stands a NUL; a part with a NUL in it is looked for in each text.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from itertools import accumulate

__all__ = ["TextBlock"]

_BETWEEN = "\0"


class TextBlock:
    """Texts, and strings in lists, by the row of the payload that they stand in."""

    def __init__(self) -> None:
        self._rows: list[int] = []
        self._texts: list[str] = []
        self._elements: dict[str, list[int]] = {}

    def put(self, row: int, text: str) -> None:
        """The text of a payload; rows rise."""
        self._rows.append(row)
        self._texts.append(text)

    def put_element(self, row: int, text: str) -> None:
        """A string in the list of a payload."""
        rows = self._elements.setdefault(text.casefold(), [])
        if not rows or rows[-1] != row:
            rows.append(row)

    def rows_with(self, part: str) -> list[int]:
        """The rows whose text has this part in it."""
        return self._rows_with(part, self._texts, self._joined)

    def rows_with_folded(self, part: str) -> list[int]:
        """The same with case folded, and the rows with a list that has this element."""
        folded = part.casefold()
        rows = self._rows_with(folded, self._folded[0], self._folded[1])
        return rows + self._elements.get(folded, [])

    def _rows_with(self, part: str, texts: list[str], joined: tuple[str, list[int]]) -> list[int]:
        if _BETWEEN in part or not part:
            return [row for row, text in zip(self._rows, texts, strict=True) if part in text]
        whole, ends = joined
        rows: list[int] = []
        place = whole.find(part)
        while place >= 0:
            at = bisect_right(ends, place)
            rows.append(self._rows[at])
            place = whole.find(part, ends[at])
        return rows

    @cached_property
    def _joined(self) -> tuple[str, list[int]]:
        return _joined(self._texts)

    @cached_property
    def _folded(self) -> tuple[list[str], tuple[str, list[int]]]:
        folded = [text.casefold() for text in self._texts]
        return folded, _joined(folded)


def _joined(texts: list[str]) -> tuple[str, list[int]]:
    """Texts as one, and where each of them ends, with what stands between."""
    return _BETWEEN.join(texts), list(accumulate(len(text) + 1 for text in texts))
