"""Indexes of NGT: directories of prf, obj and grp, as `Index.save` writes them.

prf has a line a property, name and value with a tab between. obj has, little-endian, u64 places,
then for each place a byte, "+" with an object behind it or "-" for none; place 0 is never used, and
ngtpy's id is the place less one. An object has the numbers of a vector and nothing else, under
InnerProduct one more, which is the library's own. A place whose object was removed is given to the
next one. Source: ObjectRepository.h and Property.h of NGT 2.8.0.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb.sources.batch import SourceBatch
from vdb.sources.engine import Answer, Engine
from vdb.sources.info import SourceInfo
from vdb.sources.reading.byte_file import ByteFile
from vdb.sources.reading.libraries import version_of
from vdb.sources.reading.number_types import dtype_for
from vdb.sources.source import Source
from vdb.sources.source_format import Place, SourceFormat

__all__ = ["FORMAT", "NgtSource"]

_PROPERTIES: Final = "prf"
_OBJECTS: Final = "obj"
_GRAPH: Final = "grp"
_HEAD: Final = 8
_MOST_PROPERTIES: Final = 1 << 20  # bytes of prf
_THERE: Final = ord("+")
_NONE: Final = ord("-")
_NUMBERS: Final = {"Float-4": "float32", "Float-2": "float16", "Integer-1": "uint8"}
_FLOATS: Final = ("float32", "float16")


class _Distance(NamedTuple):
    """A distance of NGT as a metric and a convention of scores; `unit`: of vectors of length 1."""

    metric: str
    convention: str
    unit: bool = False


_DISTANCES: Final = {
    "L2": _Distance("l2", "ngt"),
    "L1": _Distance("l1", "ngt"),
    "Cosine": _Distance("cosine", "ngt"),
    "Angle": _Distance("cosine", "ngt-angle"),
    "NormalizedCosine": _Distance("cosine", "ngt", unit=True),
    "NormalizedAngle": _Distance("cosine", "ngt-angle", unit=True),
    "NormalizedL2": _Distance("cosine", "native", unit=True),
    "InnerProduct": _Distance("ip", "native"),
}
_OF_BYTES: Final = {
    "L2": _Distance("l2", "ngt"),
    "L1": _Distance("l1", "ngt"),
    "Cosine": _Distance("cosine", "ngt"),
    "Angle": _Distance("cosine", "ngt-angle"),
    "Hamming": _Distance("hamming", "native"),
    "InnerProduct": _Distance("ip", "native"),
}


class _Slots(NamedTuple):
    """Places that have an object, in order, with its bytes (n, width)."""

    places: NDArray[np.int64]
    objects: NDArray[np.uint8]


class NgtSource(Source):
    """One directory."""

    __slots__ = ("_columns", "_directory", "_file", "_kind", "_places")

    def __init__(  # noqa: PLR0917 - a file and its layout
        self,
        info: SourceInfo,
        directory: Path,
        file: ByteFile,
        kind: Any,
        columns: int,
        places: int,
    ) -> None:
        """`columns`: numbers of an object; `kind`: their dtype."""
        super().__init__(info, file.close)
        self._directory, self._file = directory, file
        self._kind, self._columns, self._places = np.dtype(kind), columns, places

    def _records(self, rows: int) -> Iterator[SourceBatch]:
        width = self._columns * self._kind.itemsize
        own = self.info.dim or 0
        if self.info.dtype == "bit":
            own //= 8
        for slots in _slots(self._file, self._places, width, rows, self.skipped):
            vectors = slots.objects.view(self._kind)[:, :own]
            yield SourceBatch(slots.places - 1, slots.places - 1, vectors)

    def _library(self, metric: str) -> Engine | None:  # noqa: ARG002 - of the file
        """NGT, with the directory opened; none where its distances have no convention."""
        if self.info.convention == "native" or self.info.numbers not in ("float32", "uint8"):
            return None
        graph = self._directory / _GRAPH
        if not graph.is_file() or not graph.stat().st_size:  # NGT does not open it then
            return None
        return _Library(self._directory)


class _Library:
    """NGT itself, with the directory opened."""

    exact = True

    def __init__(self, directory: Path) -> None:
        ngtpy = importlib.import_module("ngtpy")
        self.name = version_of("ngt")
        self._index = ngtpy.Index(str(directory), read_only=True)

    def search(self, queries: NDArray[Any], k: int) -> Sequence[Answer]:
        """As `Engine.search`, by its linear search: that of the graph may be for L2 here."""
        answers = [self._index.linear_search(query, k) for query in queries]
        return [Answer([one for one, _ in row], [score for _, score in row]) for row in answers]


def _slots(file: ByteFile, places: int, width: int, rows: int, skipped: Any) -> Iterator[_Slots]:
    """The objects, at most `rows` at a time."""
    offset, place, wide = _HEAD, 0, width + 1
    while place < places:
        length = min(max(wide, rows * wide), file.size - offset)
        block = np.frombuffer(file.bytes_at(offset, length, "the objects"), np.uint8)
        inside, numbers, objects = 0, [], []
        while place < places and inside < length:
            letter = block[inside]
            if letter == _THERE:
                whole = block[inside:][: (length - inside) // wide * wide].reshape(-1, wide)
                if not len(whole):
                    break
                run = _run(whole[: places - place, 0], _THERE)
                numbers.append(np.arange(place, place + run))
                objects.append(whole[:run, 1:])
                inside += run * wide
            elif letter == _NONE:
                run = _run(block[inside : inside + places - place], _NONE)
                removed = run - (place == 0)  # place 0 never had one
                if removed:
                    skipped["deleted"] += removed
                inside += run
            else:
                raise file.error(f"object {place:,}", f"begins with byte {int(letter)}")
            place += run
        if not inside:
            raise file.error(f"object {place:,}", "is cut short")
        offset += inside
        if numbers:
            yield _Slots(np.concatenate(numbers), np.ascontiguousarray(np.concatenate(objects)))


def _run(letters: NDArray[np.uint8], letter: int) -> int:
    """How many of the first ones are `letter`."""
    other = np.flatnonzero(letters != letter)
    return int(other[0]) if len(other) else len(letters)


def _open(place: Place) -> Source:
    directory = place.require_directory(FORMAT.name)
    texts, properties = _properties(directory)
    numbers, dim = _NUMBERS.get(texts.get("ObjectType", "")), texts.get("Dimension", "")
    if numbers is None:
        kind = texts.get("ObjectType", "none")
        raise properties.error("ObjectType", f"is {kind}; {', '.join(_NUMBERS)} are read")
    if not (dim.isascii() and dim.isdigit() and 0 < int(dim) < 1 << 31):
        raise properties.error("Dimension", f"is {dim!r:.40}, no number of dimensions")
    name = texts.get("DistanceType", "none")
    distance = (_DISTANCES if numbers in _FLOATS else _OF_BYTES).get(name)
    columns = int(dim) + (name == "InnerProduct")
    file = ByteFile(directory / _OBJECTS)
    (places,) = file.numbers_at(0, "<Q", "the number of places")
    width = columns * np.dtype(numbers).itemsize
    count, rest = divmod(file.size - _HEAD - places, width)
    if rest or not 0 <= count <= max(0, places - 1):
        raise file.error(
            "the number of places",
            f"is {places:,}; with objects of {width:,} bytes, {dim} numbers of {numbers}, the file "
            f"has another size than {file.size:,} bytes",
        )
    bits = distance is not None and distance.metric == "hamming"
    info = SourceInfo(
        format=FORMAT.name,
        version=f"{name}, {texts['ObjectType']}",
        path=place.text,
        count=count,
        deleted=max(0, places - 1) - count,
        dim=8 * int(dim) if bits else int(dim),
        numbers="bit" if bits else numbers,
        dtype="bit" if bits else dtype_for(numbers),
        metric=None if distance is None else distance.metric,
        convention="native" if distance is None else distance.convention,
        ids="int",
        vectors="normalized" if distance is not None and distance.unit else "exact",
        notes=tuple(_notes(name, numbers, distance)),
    )
    return NgtSource(info, directory, file, np.dtype(numbers).newbyteorder("<"), columns, places)


def _notes(name: str, numbers: str, distance: _Distance | None) -> Iterator[str]:
    if distance is None:
        yield f"the index was built for {name} of {numbers}, which vdb does not have"
        return
    if distance.unit:
        yield "vectors were brought to unit length when they were added"
        yield "zero vectors were left out; ids behind one are lower than the numbers of their rows"
    if distance.convention == "native":
        yield f"NGT's distances for {name} have no convention here: scores are vdb's own"


def _properties(directory: Path) -> tuple[dict[str, str], ByteFile]:
    file = ByteFile(directory / _PROPERTIES)
    if file.size > _MOST_PROPERTIES:
        raise file.error("the properties", f"have {file.size:,} bytes")
    text = file.bytes_at(0, file.size, "the properties").decode("utf-8", "replace")
    pairs = (line.split("\t", 1) for line in text.splitlines() if "\t" in line)
    return {pair[0]: pair[1].strip() for pair in pairs}, file


def _recognise(place: Place) -> bool:
    directory = place.directory
    return directory is not None and all(
        (directory / name).is_file() for name in (_PROPERTIES, _OBJECTS, _GRAPH)
    )


FORMAT = SourceFormat(
    name="ngt",
    title="indexes of NGT",
    kind="index",
    recognise=_recognise,
    open=_open,
    versions="NGT 2.8.0.post1",
    holds="the distance, ids, vectors as float32, float16 or uint8",
    lacks="the lengths of vectors under the normalised distances. Ids count from 0, as in ngtpy; "
    "NGT's command line counts from 1",
    metric="in the file",
)
