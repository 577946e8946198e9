"""Places in the errors of an import: ``ids[3]`` of a part becomes a row or a line of a file."""

from __future__ import annotations

import re
from typing import NamedTuple

from vdb.errors import InvalidPayloadError, InvalidVectorError, VdbError
from vdb.sources import Source, SourceBatch

__all__ = ["Placed", "placed", "put_place"]

# Only the beginning of a message is changed: the rest may quote an id that looks like a place.
_PLACES = re.compile(
    r"(?:ids must be all int or all str: )?"
    r"(?P<what>ids|vectors|payloads)\[(?P<row>\d{1,18})\]"
    r"(?: (?P<how>repeats) ids\[(?P<first>\d{1,18})\]"
    r"| is (?P<kind>int|str), ids\[(?P<other>\d{1,18})\] is)?"
)
_KINDS = {"int": ("a number", "text"), "str": ("text", "a number")}


class Placed(NamedTuple):
    """What an error says, in words of the source.

    Attributes:
        row: The place of the record in its batch.
        file: The file.
        place: Where in it.
        reason: What is wrong there.
    """

    row: int
    file: str
    place: str
    reason: str


def placed(error: VdbError, batch: SourceBatch, source: Source) -> Placed | None:
    """What an error of writing a batch says of one record; None where it says nothing of any."""
    message = str(error)
    match = _PLACES.match(message)
    if match is None:
        return None
    row = getattr(error, "row", None)
    row = int(match["row"]) if row is None else row
    others = [int(match[name]) for name in ("first", "other") if match[name]]
    if not all(0 <= one < len(batch) for one in (row, *others)):
        return None  # of something else than this batch
    what, ending = match["what"], message[match.end() :]
    file, place = _where(batch, row, source, of_vector=what == "vectors")
    if match["how"]:
        reason = f"repeats {batch.place(others[0])}{ending.removesuffix(' in one call')}"
        return Placed(row, file, place, reason)
    if match["kind"]:
        kind, other_kind = _KINDS[match["kind"]]
        text = f"the id is {kind}, and that of {batch.place(others[0])} is {other_kind}"
        return Placed(row, file, place, f"{text}; ids must be all numbers or all text")
    if ending.startswith(": "):
        return Placed(row, file, place, ending[2:])
    subject = {"ids": "the id", "vectors": "the vector", "payloads": "payload"}[what]
    return Placed(row, file, place, f"{subject}{ending}")


def put_place(error: VdbError, batch: SourceBatch, source: Source) -> None:
    """Let an error name the file and the place in it instead of a place in the batch."""
    at = placed(error, batch, source)
    if at is None:
        return
    error.message = f"{at.file}: {at.place}: {at.reason}"
    error.args = (error.message,)
    if isinstance(error, InvalidVectorError | InvalidPayloadError):
        error.row = int(batch.rows[at.row])


def _where(batch: SourceBatch, row: int, source: Source, *, of_vector: bool) -> tuple[str, str]:
    """A file and a place in it; vectors may lie in another file than ids and payloads."""
    if batch.file is None:
        return source.info.path, batch.place(row)
    if of_vector and not source.info.optional_vectors:  # row i has the vector of line i
        return source.info.path, f"row {int(batch.rows[row]):,}"
    return batch.file, batch.place(row)
