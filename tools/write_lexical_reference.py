"""Writes docs/reference/lexical.md from the rows of the conventions; with --check, compares it."""

from __future__ import annotations

from pathlib import Path

from reference_pages import fact_table, write_or_check

from vdb.lexical import LexicalConvention, conventions
from vdb.lexical.convention_text import lexical_facts

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "lexical.md"

OPENING = """\
# What a score of words means

Written by `tools/write_lexical_reference.py` from the rows of the conventions in `vdb/lexical/`.

Engines that search by words call their score BM25, and each has another number. Over the same
words Elasticsearch gives 2.2 times what Lucene gives, SQLite a negative number, rank_bm25 0 for a
word that half of the texts have, bm25s a share to texts that lack the word. Lengths are exact, or
rounded to one byte; logarithms differ by a 1; deleted texts count until a merge, or do not.

A lexical convention is an engine's: its formula, its constants, its rounding of lengths, its
statistics, the types of its steps and the order of its sums. The numbers are those of the engine
to the last bit, where the terms are the same.

```python
import vdb

documents = [["quick", "fox"], ["lazy", "dog"], ["fox", "fox", "den"], ["owl"], ["den"]]
scores = {}
for name in ("lucene", "elasticsearch", "tantivy", "fts5", "rank-bm25-okapi", "bm25s"):
    scores[name] = round(float(vdb.lexical.score(["fox"], documents, name)[0]), 4)
assert scores == {
    "lucene": 0.3806,
    "elasticsearch": 0.8374,
    "tantivy": 0.8374,
    "fts5": -0.3218,
    "rank-bm25-okapi": 0.3204,
    "bm25s": 0.3335,
}
print(vdb.lexical.explain(["fox"], documents, 0, "lucene"))
```

`vdb scores --lexical` prints the table, `vdb scores --lexical --engine NAME` all about one.

## How it works

- **Terms** are made by an analyzer ([texts](../guide/words.md)), the same for all conventions. An
  engine's number is reproduced where its own analyzer gives the same terms: "whitespace" does so
  for texts that were cut into words before.
- **Statistics** are exact, and of the moment that is read: deleted texts do not count. Where an
  engine's number depends on when it merged, it is the one after the merge.
- **N** counts texts, empty ones among them, or those with at least one term, as the row says.
- **Precision.** Each step is taken in the engine's type, and sums go in its order.
- **k1, b and delta** are the engine's. `k1=`, `b=` and `delta=` set them where the engine lets its
  users do so, and are refused elsewhere.
- **A threshold** is a score of the convention; hits at it are in. Where lower scores are better, it
  is the highest that is let in.
- **Phrases and beginnings** (`"quick fox"`, `app*`) count as the engine counts them: as one word
  with the summed idf of its words, as one word with its own number of documents, or as 1.
- **A text with none of the words** is a hit only in the conventions that give it a score:
  "bm25s-bm25l", "bm25s-bm25+" and "rank-bm25-plus". `vdb.lexical.score` has a number for every
  text.

## Held against the engines

"measured" conventions were run beside the engine or library itself, "transcribed" ones were read
in its source, "published" ones checked with numbers that users of the engine have published,
"documented" ones read in its manual. `python -m tools.conformance --lexical` makes random
corpora and queries and compares every score; [the page](lexical-conformance.md) has what it found.
"""

HEADINGS = ("convention", "idf", "tf part", "length", "score is")


def page() -> str:
    """The whole page."""
    rows = conventions()
    parts = [OPENING, "## The conventions\n", _table(rows), "## Convention by convention\n"]
    parts += [part for row in rows for part in (f"### {row.name}\n", _facts(row))]
    return "\n".join(parts)


def _table(rows: list[LexicalConvention]) -> str:
    lines = [f"| {' | '.join(HEADINGS)} |", f"|{'---|' * len(HEADINGS)}"]
    for row in rows:
        sign = ", negative" if row.direction == "lower" else ""
        cells = (
            f"[`{row.name}`](#{row.name.replace('+', '')})",
            f"`{row.idf}`",
            f"`{row.tf_part}`",
            row.lengths.partition(":")[0],
            f"{row.dtype}{sign}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _facts(row: LexicalConvention) -> str:
    facts = {
        name: "" if value is None else str(value) for name, value in lexical_facts(row).items()
    }
    for name in ("convention", "score"):
        del facts[name]
    for name in ("idf", "tf part"):
        facts[name] = f"`{facts[name]}`"
    return fact_table(facts)


def main() -> None:
    """Write the page, or with --check compare it."""
    write_or_check(PAGE, page(), "write_lexical_reference.py")


if __name__ == "__main__":
    main()
