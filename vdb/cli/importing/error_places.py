"""Places in the errors of an import: ``ids[3]`` of a part becomes a line or row of a file."""

from __future__ import annotations

import re

from vdb.cli.formats.file_reader import FileReader, Part
from vdb.cli.render.wording import in_options
from vdb.errors import VdbError

__all__ = ["message_with_places"]

# Only the beginning of a message is changed: the rest may quote an id that looks like a place.
PLACES = re.compile(
    r"(?:ids must be all int or all str: )?"
    r"(?P<what>ids|vectors|payloads)\[(?P<row>\d+)\]"
    r"(?: (?P<how>repeats) ids\[(?P<first>\d+)\]| is (?P<kind>int|str), ids\[(?P<other>\d+)\] is)?"
)
KINDS = {"int": "a number", "str": "text"}


def message_with_places(error: VdbError, source: FileReader, part: Part) -> str:
    """The error's message, with places in the part replaced by places in the files."""
    original = str(error)
    message = in_options(original)
    match = PLACES.match(original)
    if match is None:
        return message

    def place(number: int) -> str:
        return source.place(part.rows[number], of_vector=match["what"] == "vectors")

    row = getattr(error, "row", None)
    ending = in_options(original[match.end() :])
    try:
        text = place(int(match["row"]) if row is None else row)
        if match["how"]:
            return f"{text} repeats {place(int(match['first']))}{ending}"
        if match["kind"]:
            kind, other_kind = (
                KINDS[match["kind"]],
                KINDS["str" if match["kind"] == "int" else "int"],
            )
            return (
                f"ids must be all numbers or all text: {text} has {kind}, "
                f"{place(int(match['other']))} {other_kind}"
            )
    except (IndexError, TypeError, ValueError):
        return message  # a number outside this part: the message stays unchanged
    if match["what"] == "payloads" and ending[:1] in {".", "["}:
        return f"{text}, payload{ending}"
    if match["what"] == "ids" and source.id_field is not None and ending.startswith(" "):
        return f"{text}: {source.id_field!r}{ending}"
    return f"{text}{ending}"
