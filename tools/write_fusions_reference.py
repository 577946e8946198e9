"""Writes docs/reference/fusions.md from the rows of the fusions; with --check, compares it."""

from __future__ import annotations

from pathlib import Path

from reference_pages import fact_table, write_or_check

from vdb.fusion import Fusion, fusions
from vdb.fusion.fusion_text import fusion_facts

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "fusions.md"

OPENING = """\
# What a fused score means

Written by `tools/write_fusions_reference.py` from the rows of the fusions in `vdb/fusion/`.

Engines that search by words and by vectors make one ranking of two. Their numbers differ even
where they have the same name: "reciprocal rank fusion with 60" gives a hit that is first in both
lists 0.0328 where ranks begin with 1, 0.0333 where they begin with 0, 0.0164 where weights are a
half each, and 1 where the sum is scaled. Normalizers differ for one hit, for equal and for
negative scores; what a list lacks is worth 0, a last rank, a fixed number, or the hit is dropped.

`vdb.fusion.fuse` makes one ranking as the engine that you name makes it: its score to the bit, in
its type, in its order, with the share of each list in every score.

```python
import vdb

words = [("a", 12.5), ("b", 9.0), ("c", 3.0)]
vectors = [("c", 0.9), ("a", 0.8)]
first = {}
for name in ("elasticsearch-rrf", "azure", "weaviate-ranked", "haystack-rrf", "qdrant-rrf"):
    hits = vdb.fusion.fuse([words, vectors], name)
    first[name] = round(hits[0].score, 4)
assert first == {
    "elasticsearch-rrf": 0.0325,
    "azure": 0.0331,
    "weaviate-ranked": 0.0165,
    "haystack-rrf": 0.9919,
    "qdrant-rrf": 0.8333,
}
print(hits[0].explain())
```

`vdb fusions` prints the table, `vdb fusions NAME` all about one. [Fuse
rankings](../guide/fusing.md) is the guide.

## How it works

- **Lists** are in rank order, or dicts, which are sorted: best score first, equal scores by id.
  An id that occurs twice in a list is refused, and so is a list out of order. Hits of a search
  say themselves which scores are better; for other lists, higher is, unless `direction="lower"`.
- **Ranks** of a list are places in it. Where an engine lets equal scores share a rank, so do they
  here.
- **Scores** enter as they are, for the engines that add scores up. "Vector scores" below names
  the convention in which the engine's own vector list has them: `docs.search(q, k=10,
  scores="weaviate")`.
- **Precision.** Each step is taken in the type in which the engine takes it, and `hits.scores`
  has the type of its result. Sums go from the first list to the last, because float sums depend
  on that.
- **Order.** Equal fused scores come in the engine's order, where it has one that can be known.
  Where it is arbitrary, or depends on document numbers that vdb does not have, they come by id.
- **`window`** is how many hits of each list count. Engines have one by default, which each part
  names; `fuse` takes all unless it is given, and `docs.search_hybrid` ([searches by words and by
  meaning](../guide/hybrid.md)) as many as the engine. **`k`** is how many hits come back. What
  an engine calls k, c or CONSTANT, added to a rank, is `rank_constant`.
- **Weights** stand where the engine has them in its formula, and what it refuses is refused.
- **NaN** is refused where the engine does not say what it does with it.
- **Shares** add up to the score, but for rounding. A mean of another kind, a minimum, a median
  and a majority have none.

## Held against the engines

"measured" fusions were run beside the engine or library itself, "transcribed" ones were read in its
source. `python -m tools.conformance --fusions --count 10000` feeds random lists, with ties,
negative, equal and single scores among them, to Qdrant (its Rust code, and the client's local
mode), LangChain, LlamaIndex, Haystack, LanceDB, Milvus Lite and ranx. On 30 November 2026 the 28
fusions that they have were compared over 10,000 cases each, 2.7 million hits: no score differed in
a bit, and no place where the engine's order can be known. pgvector's SQL, run by PostgreSQL 18.4
over 2,000 pairs of lists, gave the same numbers.
"""

HEADINGS = ("fusion", "score", "best rank", "missing", "score is")


def page() -> str:
    """The whole page."""
    rows = fusions()
    parts = [OPENING, "## The fusions\n", _table(rows), "## Fusion by fusion\n"]
    parts += [part for row in rows for part in (f"### {row.name}\n", _facts(row))]
    return "\n".join(parts)


def _table(rows: list[Fusion]) -> str:
    lines = [f"| {' | '.join(HEADINGS)} |", f"|{'---|' * len(HEADINGS)}"]
    for row in rows:
        rank = "" if row.rank_base is None else str(row.rank_base)
        cells = (
            f"[`{row.name}`](#{row.name})",
            f"`{row.formula}`",
            rank,
            row.missing,
            row.dtype,
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _facts(row: Fusion) -> str:
    facts = fusion_facts(row)
    for name in ("fusion", "parameters"):
        del facts[name]
    if row.vector_scores:
        facts["vector scores"] = f"`{row.vector_scores}`"
    facts["score"] = f"`{row.formula}`"
    shown = {name: "" if value is None else str(value) for name, value in facts.items()}
    for name, text in fusion_facts(row)["parameters"].items():
        shown[f"`{name}`"] = text
    return fact_table(shown)


def main() -> None:
    """Write the page, or with --check compare it."""
    write_or_check(PAGE, page(), "write_fusions_reference.py")


if __name__ == "__main__":
    main()
