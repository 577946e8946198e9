"""Hits of a search as a table, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from vdb.cli.render import output
from vdb.model.grouped_hits import GroupedHits
from vdb.model.hits import WORDS, Hits, order_text
from vdb.model.records import Hit, Payload

__all__ = ["document", "payload_cells", "print_table"]

MAX_TEXT = 400  # characters of a payload that a table starts from; the terminal cuts further
TEXT = "text"  # the field that is shown unless another is named


def document(name: str, hits: Hits | GroupedHits) -> dict[str, Any]:
    """The hits as JSON's types; those of groups in their groups."""
    if isinstance(hits, Hits):
        return {"collection": name, **_units(hits), "hits": _hit_maps(hits)}
    units = _units(hits[0].hits) if len(hits) else {}
    groups = [{"value": group.value, "hits": _hit_maps(group.hits)} for group in hits]
    return {"collection": name, **units, "group_by": hits.field, "groups": groups}


def print_table(name: str, hits: Hits | GroupedHits, show: str | None) -> None:
    """Print the hits, with one field of their payloads."""
    if isinstance(hits, GroupedHits):
        rows = [(str(group.value), hit) for group in hits for hit in group.hits]
        count, some = f"{len(hits)} nearest groups", hits[0].hits if rows else None
    else:
        rows = [("", hit) for hit in hits]
        count, some = f"{len(hits)} {'best' if hits.metric == WORDS else 'nearest'}", hits
    by = ""
    if some is not None:
        by = f" by {some.metric} (scores: {some.convention}, {order_text(some)})"
    _print(f"{name}: {count}{by}", rows, show, group=getattr(hits, "field", None))


def _units(hits: Hits) -> dict[str, str]:
    return {"metric": hits.metric, "scores": hits.convention, "closer": hits.direction}


def _hit_maps(hits: Hits) -> list[dict[str, Any]]:
    return [
        {
            "rank": rank,
            "id": hit.id,
            "score": hit.score,
            "value": hit.value,
            "payload": hit.payload,
        }
        for rank, hit in enumerate(hits, 1)
    ]


def _print(title: str, rows: list[tuple[str, Hit]], show: str | None, group: str | None) -> None:
    cells, field = payload_cells([hit.payload for _, hit in rows], show)
    headings = ["rank", "id", "score", "value", field]
    lines = [
        (str(rank), str(hit.id), output.number(hit.score), output.number(hit.value), cell)
        for rank, ((_, hit), cell) in enumerate(zip(rows, cells, strict=True), 1)
    ]
    if group is None:
        output.table(title, headings, lines, numbers=(0, 2, 3), shorten=4)
        return
    values = [value for value, _ in rows]
    output.table(
        title,
        [group, *headings[1:]],
        [(value, *line[1:]) for value, line in zip(values, lines, strict=True)],
        numbers=(2, 3),
        shorten=4,
    )


def payload_cells(payloads: Sequence[Payload], show: str | None) -> tuple[list[str], str]:
    """One field of each payload as text, and the heading of the column.

    `show` names the field; None: the text, or else the whole payload.
    """
    field = TEXT if show is None else show
    cells = [_field_text(payload, field, whole=show is None) for payload in payloads]
    if show is None and not any(isinstance(p, dict) and TEXT in p for p in payloads):
        field = "payload"
    return cells, field


def _field_text(payload: Payload, field: str, *, whole: bool) -> str:
    """One field of a payload as text; without it the payload as JSON if `whole`, else nothing."""
    if isinstance(payload, dict) and payload.get(field) is not None:
        payload = payload[field]
    elif payload is None or not whole:
        return ""
    text = payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False)
    return " ".join((text[:MAX_TEXT] if output.is_bounded() else text).split())
