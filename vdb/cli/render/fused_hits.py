"""Hits of a hybrid search as a table, and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vdb.cli.render import output
from vdb.cli.render.hits import payload_cells

if TYPE_CHECKING:
    from vdb.fusion import FusedHits

__all__ = ["document", "print_table"]


def document(name: str, hits: FusedHits) -> dict[str, Any]:
    """The hits as JSON's types."""
    rows = [{"rank": rank, **row} for rank, row in enumerate(hits.to_dicts(), 1)]
    return {
        "collection": name,
        "fusion": hits.fusion.name,
        "better": hits.direction,
        "window": hits.window,
        "lists": [one._asdict() for one in hits.lists],
        "hits": rows,
    }


def print_table(name: str, hits: FusedHits, show: str | None, *, explain: bool) -> None:
    """Print the hits, with one field of their payloads; and where each score is from."""
    parts = [one.name for one in hits.lists]
    listed = ", ".join(
        f"{one.name}: {one.hits} hits in {one.scores}" for one in hits.lists if one.scores
    )
    cells, field = payload_cells([hit.payload for hit in hits], show)
    output.table(
        f"{name}: {len(hits)} best by {hits.fusion.name} ({hits.direction} is better; {listed})",
        ["rank", "id", "score", *(f"{part} rank" for part in parts), field],
        [
            (
                *(str(rank), str(hit.id), output.number(hit.score)),
                *("-" if one.score is None else str(one.rank) for one in hit.lists),
                cell,
            )
            for rank, (hit, cell) in enumerate(zip(hits, cells, strict=True), 1)
        ],
        numbers=(0, 2, *range(3, 3 + len(parts))),
        shorten=3 + len(parts),
    )
    if explain:
        for line in hits.explain().splitlines():
            output.line(line)
