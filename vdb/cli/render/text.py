"""Text in a terminal: without control characters, and measured, cut and wrapped in cells.

A cell holds one character of the width of a letter. Where terminals disagree about a character, the
larger width is taken: a line may then be shorter than the terminal, but never longer.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["cell_width", "cut", "printable", "shortened", "wrapped"]

_EMOJI_SELECTOR = "\ufe0f"
"""Makes the character before it an emoji, two cells wide."""

_JOINED_HANGUL = re.compile("[\u1160-\u11ff\ud7b0-\ud7ff]")
"""Vowels and final consonants, drawn in the cells of the consonant before them."""

_WORD = re.compile(r" *[^ ]+| +$")


def printable(text: str) -> str:
    """``text`` with unprintable characters as escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def cell_width(text: str) -> int:
    """The number of cells that a printable text takes."""
    if text.isascii():
        return len(text)
    width = last = 0
    for character in text:
        if character == _EMOJI_SELECTOR:
            step = 1 if last == 1 else 0
        else:
            step = last = _character_width(character)
        width += step
    return width


def cut(text: str, width: int) -> str:
    """The longest beginning of ``text`` that takes at most ``width`` cells."""
    if text.isascii():
        return text[:width]
    low, high = 0, len(text)  # the width of a beginning grows with its length
    while low < high:
        middle = (low + high + 1) // 2
        if cell_width(text[:middle]) <= width:
            low = middle
        else:
            high = middle - 1
    return text[:low]


def shortened(text: str, width: int, ellipsis: str = "…") -> str:
    """``text``, or a beginning of it and an ellipsis, within ``width`` cells."""
    if cell_width(text) <= width:
        return text
    return cut(text, max(0, width - len(ellipsis))) + ellipsis[:width]


def wrapped(text: str, width: int) -> list[str]:
    """``text`` in lines of at most ``width`` cells, broken between words; long words are broken."""
    if cell_width(text) <= width:
        return [text]
    lines: list[str] = []
    line = ""
    for word in _WORD.findall(text):
        if cell_width(line + word) <= width:
            line += word
            continue
        if line:
            lines.append(line)
            word = word.lstrip(" ")  # noqa: PLW2901 - the rest of the word
        while cell_width(word) > width:
            head = cut(word, width) or word[0]
            lines.append(head)
            word = word[len(head) :]  # noqa: PLW2901
        line = word
    if line:
        lines.append(line)
    return lines


def _character_width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me") or _JOINED_HANGUL.match(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
