"""Writes docs/reference/scores.md from the table of conventions; with --check, compares it."""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path

from vdb.model.metrics import METRICS
from vdb.scores.convention import Convention
from vdb.scores.convention_text import span
from vdb.scores.table import all_conventions

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "scores.md"

OPENING = """\
# What a score means

Written by `tools/write_scores_reference.py` from the table in `vdb/scores/`.

Engines give different numbers to the same two vectors: squared or not, negated, mapped into 0..1,
with lower or with higher numbers closer. In vdb a hit has two numbers:

- its **value**, the metric's natural quantity in float64, the same whoever asks;
- its **score**, the same in the *convention* that was asked for: the formula, the direction and
  the precision of one engine. `native` is the value itself, and `relevance` one scale for all
  metrics: 0 to 1, higher is nearer.

```python
import vdb

with vdb.open("scores.vdb") as db:
    docs = db.create_collection("docs", dim=2, metric="cosine", scores="elasticsearch")
    docs.add(["a", "b"], [[3, 4], [4, 3]])
    assert docs.search([3, 4], k=1)[0].score == 1.0  # (1 + cos(q, v)) / 2
    assert len(docs.search([3, 4], k=None, scores="chroma", threshold=0.01)) == 1  # 1 - cos(q, v)
    assert len(docs.search([3, 4], k=None, scores="relevance", threshold=0.99)) == 1

assert vdb.scores.convert(0.83, metric="cosine", source="elasticsearch", target="native") < 0.661
```

`vdb scores` prints this table, and converts: `vdb scores 0.83 --metric cosine --from
elasticsearch`.

## How it works

- **Order.** Hits are sorted by score in the convention's direction; equal scores by value, equal
  values by id (ints by number, strs by their UTF-8 bytes). Where `k` cuts equal values apart, the
  smallest ids stay: of all in an exact search, and of those it comes by in a walk, which may miss
  records, equal ones too, where `ef` is small. NaN comes last.
- **Which records** are the `k` hits is decided by the metric's value. With a threshold they are the
  `k` of closest value among those that it admits: `k` of them wherever `k` pass.
- **Precision.** A score is computed in what the engine computes in, float32 for most, and
  `hits.scores` has that type.
- **Sums.** A sum of float32 numbers depends on its order, by more than the last digit where there
  are hundreds of them. Where the order of an engine's build for x86-64 is known, "before comparing"
  below names it, and searches add up in the same order, so that scores agree to the last bit. Other
  processors and builds have other orders: expect the last digits to differ there, as in rows
  without an order, and angles near 0 and pi to differ by 1e-3.
- **Thresholds** are in the unit of the engine's own parameter, which is not always the score, and
  are compared as the engine compares: in its precision; *inclusive*: a row exactly at the
  threshold is in; *strict*: it is out.
- **Ranges.** With `k=None` all that the threshold admits is found: exactly with `exact=True` and in
  a `Flat` collection, else by a walk that goes on until what it holds is eight times what it found.
  Of 30,851 paragraphs (384 dimensions) that found 0.999, 0.995 and 0.999 of the 10 and 0.9996,
  0.994 and 0.9999 of the 100 paragraphs within thresholds under cosine, l2 and ip.
- **More than the value.** Where an engine normalises vectors in a way that shows in its scores,
  searches compute them from the stored vectors ("before comparing" below). `vdb.scores.score` has
  only the value, and uses the plain formula.
- **Zero vectors.** Under cosine vdb refuses to store one. A zero query is refused natively and
  where the engine refuses it; where the engine returns a number, so does vdb, for the first `k`
  ids; where it returns NaN, the scores are NaN and no threshold admits them; where it finds
  nothing, there are no hits.
- **NaN and infinity** are refused everywhere.
- **Converting** goes through the value, within one metric. A score that a whole range of values
  shares raises `NotInvertibleError`. Where rounding alone hides the value (the 0 at which NMSLIB
  and Weaviate clamp, the 1 of `1 / (1 + x)` for an x below 6e-8) it is the one that the formula
  gives: that of an exact duplicate. Between metrics it is refused, because the lengths of the
  vectors would be needed; with `to_metric=` and `unit_norms=True` it is exact for vectors of
  length 1.

## Held against the engines

`python -m tools.conformance` installs the engines that pip can install, uses PostgreSQL, MariaDB,
Redis and Java where they are, and feeds all of them and vdb the same vectors: random ones of seven
dimensions with near duplicates among them, nearly unit, tiny and zero ones. It compares scores,
order, and for every row whether a threshold at the number that the engine printed lets the row in
on both sides. [conformance.md](conformance.md) has the table of its last run. Rows below that are
not "measured" were not run beside a live engine.

## The formulas

In formulas `q` is the query, `v` the stored vector and `n` the dimension.
"""

HEADINGS = ("convention", "called there", "score", "closer", "range", "threshold")


def page() -> str:
    """The whole page."""
    rows = [row for row in all_conventions() if not row.alias_of]
    parts = [OPENING]
    for metric, own in groupby(rows, key=lambda row: row.metric):
        parts += [f"## {metric}: {METRICS[metric].value}\n", _table(list(own))]
    parts.append("## Engine by engine\n")
    engines = sorted({row.name for row in rows}, key=lambda name: (name != "native", name))
    parts += [_engine(name, [row for row in rows if row.name == name]) for name in engines]
    return "\n".join(parts)


def _table(rows: list[Convention]) -> str:
    lines = [f"| {' | '.join(HEADINGS)} |", f"|{'---|' * len(HEADINGS)}"]
    for row in rows:
        name = f"`{row.name}`" if row.dtype == "any" else f"`{row.name}`, {row.dtype}"
        cells = (
            name,
            f"`{row.called}`",
            f"`{row.formula}`",
            row.direction,
            span(row),
            _boundary(row),
        )
        lines.append(f"| {' | '.join(map(_cell, cells))} |")
    return "\n".join(lines) + "\n"


def _boundary(row: Convention) -> str:
    return f"{row.threshold}, {row.threshold_unit}"


def _engine(name: str, rows: list[Convention]) -> str:
    first = rows[0]
    lines = [f"### {name}\n", f"{first.engine}. Source ({_evidence(rows)}): {first.source}.\n"]
    others = sorted({row.name for row in all_conventions() if row.alias_of == name})
    if others:
        lines.append(f"- Also called: {', '.join(f'`{other}`' for other in others)}.")
    lines += _facts("Threshold", rows, _threshold)
    lines += _facts("Before comparing", rows, lambda row: row.near_unit)
    lines += _facts("Zero vectors", rows, lambda row: row.zero_vectors)
    lines += _facts("NaN", rows, lambda row: row.nan)
    lines += _facts("Not invertible", rows, lambda row: row.not_invertible)
    lines += _facts("Note", rows, lambda row: row.note)
    return "\n".join(lines) + "\n"


def _evidence(rows: list[Convention]) -> str:
    return ", ".join(dict.fromkeys(row.evidence for row in rows))


def _threshold(row: Convention) -> str:
    parameter = f"`{row.threshold_parameter}`: " if row.threshold_parameter else ""
    note = f"; {row.threshold_note}" if row.threshold_note else ""
    return f"{parameter}{row.threshold}, {row.threshold_unit}{note}"


def _facts(what: str, rows: list[Convention], fact: object) -> list[str]:
    """One line for each text, with the metrics that it holds for unless those are all."""
    metrics: dict[str, list[str]] = {}
    for row in rows:
        text = fact(row)  # type: ignore[operator]
        metrics.setdefault(text, []).append(_metric(row))
    lines = []
    for text, of in metrics.items():
        whose = "" if len(of) == len(rows) else f" ({', '.join(of)})"
        lines += [f"- {what}{whose}: {text.rstrip('.')}."] if text else []
    return lines


def _metric(row: Convention) -> str:
    return row.metric if row.dtype == "any" else f"{row.metric} of {row.dtype}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> None:
    """Writes the page, or compares it."""
    fresh = page()
    if sys.argv[1:] != ["--check"]:
        PAGE.write_text(fresh, encoding="utf-8", newline="\n")
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != fresh:
        sys.exit(f"{PAGE.name} is stale: run tools/write_scores_reference.py")


if __name__ == "__main__":
    main()
