r"""Classes of characters, and how a word is made plain.

A word is a run of letters, marks and numbers (Unicode's categories L, M and N) that does not begin
with a mark. Python's own `\w` has no marks, which would cut words of Hindi or Thai at each vowel
sign, and has the underscore, which separates words here.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

__all__ = ["CJK", "folded", "marks", "without_surrogates", "word_class"]

# Where Unicode has marks, or has kept room for them.
_AREAS_OF_MARKS: Final = (
    (0x300, 0x2100),
    (0x2C00, 0x3100),
    (0xA600, 0xAC00),
    (0xFB00, 0xFE30),
    (0x10000, 0x12000),
    (0x13430, 0x13460),
    (0x16100, 0x17000),
    (0x1BC00, 0x1BD00),
    (0x1CF00, 0x1D250),
    (0x1DA00, 0x1E950),
    (0xE0100, 0xE01F0),
)

# Soft hyphen, the joiners, the word joiner: inside words, and no part of terms.
_JOINERS: Final = "\u00ad\u200c\u200d\u2060"
_LEFT_OUT: Final = dict.fromkeys([*map(ord, _JOINERS), *range(0xFE00, 0xFE10)])

_SURROGATE: Final = re.compile("[\ud800-\udfff]")

CJK: Final = (
    "\u1100-\u11ff\u3005-\u3007\u3021-\u3029\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u3105-\u312f\u3131-\u318e\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97c"
    "\uac00-\ud7c6\ud7cb-\ud7fb\uf900-\ufad9\uff66-\uffdc\U0001b000-\U0001b2ff"
    "\U00020000-\U000323af"
)
"""Han, Hiragana, Katakana, Bopomofo, Hangul: the inside of a class of a regular expression."""


@cache
def marks() -> str:
    """Every mark of this Python's Unicode, as the inside of a class of a regular expression."""
    ranges: list[list[int]] = []
    for low, high in _AREAS_OF_MARKS:
        for code in range(low, high):
            if unicodedata.category(chr(code))[0] == "M":
                if ranges and ranges[-1][1] == code - 1:
                    ranges[-1][1] = code
                else:
                    ranges.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


@cache
def word_class() -> str:
    """What a word goes on with, as the inside of a class of a regular expression.

    The underscore is in it: it must be replaced first.
    """
    return rf"\w{marks()}{_JOINERS}"


def folded(word: str) -> str:
    """A word in lower case and composed (NFC), without joiners and variation selectors."""
    lower = word.lower()
    if lower.isascii():
        return lower
    return unicodedata.normalize("NFC", lower.translate(_LEFT_OUT))


def without_surrogates(text: str) -> str:
    """The text with U+FFFD in place of each lone surrogate, which UTF-8 does not have."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)
