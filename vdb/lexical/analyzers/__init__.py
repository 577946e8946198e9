"""From texts to terms: words, stems, n-grams, and functions of one's own."""

from __future__ import annotations

from vdb.lexical.analyzers.registry import analyzer, analyzer_names, analyzer_of
from vdb.lexical.analyzers.text_analyzer import Analyzer, Token

__all__ = ["Analyzer", "Token", "analyzer", "analyzer_names", "analyzer_of"]
