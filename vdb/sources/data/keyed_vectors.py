"""KeyedVectors as gensim saves them: a pickle, and beside it NAME.vectors.npy where they are many.

The pickle is read without running it. Its attributes: index_to_key, the words; vectors, unless they
lie beside it; expandos, an array for each attribute of words, such as count (gensim 4).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vdb.errors import SourceError
from vdb.sources.batch import Refusal, SourceBatch
from vdb.sources.info import SourceInfo
from vdb.sources.reading.byte_file import ByteFile
from vdb.sources.reading.npy_array import FileRows, file_head
from vdb.sources.reading.number_types import dtype_for, native
from vdb.sources.reading.plain_pickle import (
    ARRAYS,
    PlainObject,
    PlainPickleError,
    array_of,
    plain_values,
)
from vdb.sources.source import Source
from vdb.sources.source_format import Place, SourceFormat

__all__ = ["FORMAT"]

_CLASS: Final = "gensim.models.keyedvectors.KeyedVectors"
_MODULE: Final = b"gensim.models."
_TYPES: Final = {"i": "int", "u": "int", "f": "float", "b": "bool"}


class KeyedVectorsSource(Source):
    """The words of one pickle, with vectors in it or in a file."""

    __slots__ = ("_attributes", "_file", "_keys", "_vectors")

    def __init__(
        self,
        info: SourceInfo,
        keys: list[Any],
        vectors: NDArray[Any] | None,
        file: ByteFile | None,
        attributes: dict[str, NDArray[Any]],
    ) -> None:
        super().__init__(info, *([] if file is None else [file.close]))
        self._keys, self._vectors, self._file, self._attributes = keys, vectors, file, attributes

    def _records(self, rows: int) -> Iterator[SourceBatch]:
        cursor = None
        if self._file is not None:
            head = file_head(self._file)
            cursor = FileRows(self._file, head, head.length, "the vectors")
        for start in range(0, len(self._keys), rows):
            keys = self._keys[start : start + rows]
            numbers = np.arange(start, start + len(keys))
            if cursor is not None:
                part = cursor.take(len(keys))
            else:
                assert self._vectors is not None  # noqa: S101 - one of the two is there
                part = self._vectors[start : start + len(keys)]
            batch = SourceBatch(
                numbers, keys, native(part, self.info.numbers), self._payloads(start, len(keys))
            )
            sound = np.array([isinstance(one, str) for one in keys])
            refusals = [
                Refusal(batch.place(row), None, f"the key is {keys[row]!r:.60}, which is no text")
                for row in np.flatnonzero(~sound).tolist()
            ]
            batch = batch.take(sound)
            batch.refusals = refusals
            yield batch

    def _payloads(self, start: int, count: int) -> list[dict[str, Any]] | None:
        if not self._attributes:
            return None
        columns = [one[start : start + count].tolist() for one in self._attributes.values()]
        return [dict(zip(self._attributes, row, strict=True)) for row in zip(*columns, strict=True)]


def _open(place: Place) -> Source:
    path = place.require_file(FORMAT.name)
    state = _state(path)
    keys = state["index_to_key"]
    vectors, file = None, None
    if "vectors" in (state.get("__numpys") or ()):
        file = _beside(path)
        head = file_head(file)
        shape, kind = head.shape, head.kind
    else:
        vectors = _array(path, "vectors", state.get("vectors"))
        shape, kind = vectors.shape, vectors.dtype
    if len(shape) != 2 or not shape[1] or kind.kind != "f" or shape[0] != len(keys):
        raise _error(path, "vectors", f"are {shape} of {kind.str} for {len(keys):,} words")
    attributes = _attributes(path, state.get("expandos"), len(keys))
    types = {name: _TYPES[one.dtype.kind] for name, one in attributes.items()}
    info = SourceInfo(
        format=FORMAT.name,
        version="KeyedVectors",
        path=place.text,
        count=len(keys),
        dim=shape[1],
        numbers=kind.name,
        dtype=dtype_for(kind.name),
        ids="str",
        fields=types,
        columns=types,
    )
    return KeyedVectorsSource(info, keys, vectors, file, attributes)


def _state(path: Path) -> dict[str, Any]:
    file = ByteFile(path)
    try:
        made = plain_values(file.bytes_at(0, file.size, "the pickle"), {_CLASS, *ARRAYS})
    except PlainPickleError as error:
        text = f"{error}; of a model or of FastText, save the words with model.wv"
        raise _error(path, "the pickle", text) from None
    finally:
        file.close()
    state = made.state if isinstance(made, PlainObject) else None
    if not isinstance(state, dict) or not isinstance(state.get("index_to_key"), list):
        raise _error(path, "the pickle", "holds no words of KeyedVectors")
    return state


def _beside(path: Path) -> ByteFile:
    place = path.with_name(f"{path.name}.vectors.npy")
    if not place.is_file():
        raise _error(path, "vectors", f"lie in {place.name}, which is not there")
    return ByteFile(place)


def _attributes(path: Path, expandos: Any, count: int) -> dict[str, NDArray[Any]]:
    """Arrays of a number for each word, by their names; arrays of other things are left out."""
    if not isinstance(expandos, dict):
        return {}
    attributes = {}
    for name, value in expandos.items():
        if isinstance(name, str) and isinstance(value, PlainObject):
            array = _array(path, name, value)
            if array.shape != (count,):
                raise _error(path, name, f"has the shape {array.shape} for {count:,} words")
            if array.dtype.kind in _TYPES:
                attributes[name] = array
    return attributes


def _array(path: Path, name: str, value: Any) -> NDArray[Any]:
    if not isinstance(value, PlainObject):
        raise _error(path, name, "is no array")
    try:
        return array_of(value)
    except PlainPickleError as error:
        raise _error(path, name, str(error)) from None


def _error(path: Path, place: str, reason: str) -> SourceError:
    return SourceError(f"{path}: {place}: {reason}", path=str(path), place=place)


def _recognise(place: Place) -> bool:
    return place.file is not None and place.head[:1] == b"\x80" and _MODULE in place.head[:200]


FORMAT = SourceFormat(
    name="gensim",
    title="KeyedVectors as gensim saves them",
    kind="data",
    recognise=_recognise,
    open=_open,
    versions="gensim 4.4.0",
    holds="words, vectors, a number for each word such as its count",
    lacks="the metric, which most_similar takes to be cosine; models and FastText are not read",
    metric="asked",
)
