"""Stop words: words that are removed, because nearly every text has them.

Those of English are Lucene's (`EnglishAnalyzer`, Apache License 2.0), which Elasticsearch calls
`_english_`: short on purpose, so that few phrases lose a word. Other languages have none here; a
frequent word weighs little by its idf.
"""

from __future__ import annotations

from typing import Final

__all__ = ["STOP_WORDS"]

STOP_WORDS: Final = {
    "english": frozenset(
        (
            *("a", "an", "and", "are", "as", "at", "be", "but", "by"),
            *("for", "if", "in", "into", "is", "it", "no", "not", "of"),
            *("on", "or", "such", "that", "the", "their", "then", "there", "these"),
            *("they", "this", "to", "was", "will", "with"),
        )
    )
}
"""The stop words of a language, before they are stemmed."""
