"""Where an error of an import lies: ``ids[3]`` of a part becomes a line or a row of the files."""

from __future__ import annotations

import re

from vdb.cli.formats.file_reader import FileReader, Part
from vdb.cli.render.wording import in_options
from vdb.errors import VdbError

__all__ = ["placed"]

# Only the beginning of a message is changed: further on it may quote an id that looks like a place.
PLACES = re.compile(
    r"(?:ids must be all int or all str: )?"
    r"(?P<what>ids|vectors|payloads)\[(?P<row>\d+)\]"
    r"(?: (?P<how>repeats) ids\[(?P<first>\d+)\]| is (?P<kind>int|str), ids\[(?P<other>\d+)\] is)?"
)
KINDS = {"int": "a number", "str": "text"}


def placed(error: VdbError, source: FileReader, part: Part) -> str:
    """The error's message, with places in the part turned into places in the files."""
    message = in_options(str(error))
    found = PLACES.match(message)
    if found is None:
        return message

    def place(number: int) -> str:
        return source.place(part.rows[number], of_vector=found["what"] == "vectors")

    stated = getattr(error, "row", None)
    rest = message[found.end() :]
    try:
        text = place(int(found["row"]) if stated is None else stated)
        if found["how"]:
            return f"{text} repeats {place(int(found['first']))}{rest}"
        if found["kind"]:
            there, other = KINDS[found["kind"]], KINDS["str" if found["kind"] == "int" else "int"]
            return (
                f"ids must be all numbers or all text: {text} has {there}, "
                f"{place(int(found['other']))} {other}"
            )
    except (IndexError, TypeError, ValueError):
        return message  # a number that is no place in this part: then the message as it is
    if found["what"] == "payloads" and rest[:1] in {".", "["}:
        return f"{text}, payload{rest}"
    if found["what"] == "ids" and source.id_field is not None and rest.startswith(" "):
        return f"{text}: {source.id_field!r}{rest}"
    return f"{text}{rest}"
