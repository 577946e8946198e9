"""Where the inverted lists of a file of faiss begin.

Four letters "ilar"; u64 lists, u64 bytes of a code; "full" and a size for each list, or "sprs" and
pairs of a list's number and its size; then of each list the codes and i64 ids.
"""

from __future__ import annotations

from vdb.sources.indexes.faiss.cursor import Cursor, Region

__all__ = ["list_places"]


def list_places(cursor: Cursor, lists: int, width: int, count: int) -> list[Region]:
    """Where the codes of each list begin, and how many they are; the cursor is left at the end.

    `width` is the size of a code, and `count` the number of vectors in all lists together.

    Raises:
        SourceError: The lists are not in this file, or are not so many.
    """
    letters = cursor.letters()
    if letters == "il00" and not count:
        return []
    if letters != "ilar":
        raise cursor.error("the lists", f"are not in this file: they are of kind {letters!r}")
    own, size = cursor.number("Q", "the lists"), cursor.number("Q", "the size of a code")
    if (own, size) != (lists, width):
        raise cursor.error("the lists", f"are {own:,} of {size:,} bytes a code")
    places = []
    for length in _sizes(cursor, lists):
        places.append(Region(cursor.offset, length))
        cursor.offset += length * (width + 8)
        if cursor.offset > cursor.file.size:
            raise cursor.error("the lists", f"end at byte {cursor.offset:,}, behind the file")
    total = sum(place.numbers for place in places)
    if total != count:
        raise cursor.error("the lists", f"have {total:,} vectors, the head says {count:,}")
    return places


def _sizes(cursor: Cursor, lists: int) -> list[int]:
    form = cursor.letters()
    sizes: list[int] = cursor.array("<u8", "the sizes of the lists").tolist()
    if form == "full" and len(sizes) == lists:
        return sizes
    if form != "sprs" or len(sizes) % 2:
        raise cursor.error("the lists", f"are {lists:,}, with {len(sizes):,} sizes ({form!r})")
    table = [0] * lists
    for number, length in zip(sizes[::2], sizes[1::2], strict=True):
        if number >= lists:
            raise cursor.error("the lists", f"name list {number:,} of {lists:,}")
        table[number] = length
    return table
