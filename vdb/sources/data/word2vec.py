"""Word vectors: the text and the binary format of word2vec, GloVe's text, packed by gzip or not.

word2vec: a line with the number of words and of dimensions; then for each word itself, a space and
its numbers, as text up to the end of the line, or as float32 of little-endian, after which a
newline may follow. GloVe has no first line. In text a word may hold spaces, for numbers are counted
from the right; in the binary format what is after the space is read as numbers, and the next word
begins too early, so both are refused where that shows. A word that comes again is refused, as the
first one counts in gensim too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb.errors import SourceError
from vdb.sources.batch import Refusal, SourceBatch
from vdb.sources.data.repeated_words import RepeatedWords
from vdb.sources.info import SourceInfo
from vdb.sources.reading.byte_stream import ByteStream, unpacked_head
from vdb.sources.source import Source
from vdb.sources.source_format import Option, Place, SourceFormat

__all__ = ["FORMAT"]

_HEAD: Final = re.compile(rb"[ \t]*(\d{1,18})[ \t]+(\d{1,9})[ \t]*\r?\n")
_NUMBER: Final = re.compile(rb"[+-]?((\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|nan|inf)")
_LONGEST_WORD: Final = 1 << 16
_LONGEST_LINE: Final = 16 << 20
_SAMPLE: Final = 1000
"""Lines that are looked at for the dimension, where none says it."""
_LARGEST: Final = 1 << 24
_FIRST_LETTER: Final = 0x20
"""Bytes below it are of no word."""
_LEAST_NUMBERS: Final = 8
"""In the first line of a file without a head."""

Entry: TypeAlias = tuple[str, int, bytes, NDArray[np.float32] | str]
"""What an entry is called and its number, its word, and its numbers, or why there are none."""


class WordVectors(Source):
    """One file."""

    __slots__ = ("_binary", "_headed", "_path")

    def __init__(self, info: SourceInfo, path: Path, *, headed: bool, binary: bool) -> None:
        super().__init__(info)
        self._path, self._headed, self._binary = path, headed, binary

    def _records(self, rows: int) -> Iterator[SourceBatch]:
        seen = RepeatedWords()
        with closing(ByteStream(self._path)) as stream:
            if self._headed:
                stream.until(b"\n", _LONGEST_LINE, "line 1")
            entries = self._binary_words(stream) if self._binary else self._lines(stream)
            start = 0
            while True:
                part = list(_first(entries, rows))
                if not part:
                    return
                yield self._batch(part, start, seen)
                start += len(part)

    def _batch(
        self,
        part: list[Entry],
        start: int,
        seen: RepeatedWords,
    ) -> SourceBatch:
        repeats = seen.of([word for _, _, word, _ in part])
        ids: list[str] = []
        vectors: list[NDArray[np.float32]] = []
        places: list[int] = []
        counted: list[int] = []
        refusals: list[Refusal] = []
        for row, ((unit, number, word, numbers), repeated) in enumerate(
            zip(part, repeats, strict=True)
        ):
            text: str | None = None
            reason = ""
            try:
                text = word.decode("utf-8")
            except UnicodeDecodeError as error:
                reason = f"the word is not UTF-8 at byte {error.start}"
            if isinstance(numbers, str):
                reason = numbers
            elif repeated:
                reason = "the word has come before"
            if reason or text is None or isinstance(numbers, str):
                refusals.append(Refusal(f"{unit} {number:,}", text, reason))
                continue
            ids.append(text)
            vectors.append(numbers)
            places.append(start + row)
            counted.append(number)
        matrix = np.array(vectors, np.float32).reshape(len(vectors), self.info.dim or 0)
        return SourceBatch(
            np.array(places, np.int64),
            ids,
            matrix,
            refusals=refusals,
            unit=part[0][0],
            numbers=np.array(counted, np.int64),
        )

    def _lines(self, stream: ByteStream) -> Iterator[Entry]:
        dim = self.info.dim or 0
        number = int(self._headed)
        count = 0
        while (line := stream.until(b"\n", _LONGEST_LINE, f"line {number + 1:,}")) is not None:
            number += 1
            line = line.rstrip(b" \t\r")
            if not line:
                continue
            count += 1
            word, *texts = line.rsplit(b" ", dim)
            if len(texts) < dim:
                yield "line", number, word, f"has {len(texts):,} numbers, where others have {dim:,}"
                continue
            if _holds_a_vector(word, dim):
                yield (
                    "line",
                    number,
                    word,
                    "holds two words: an end of a line is missing",
                )
                continue
            try:
                numbers = np.array(texts).astype(np.float64).astype(np.float32)
                yield "line", number, word, numbers
            except ValueError:
                text = f"the vector is {b' '.join(texts)!r:.60}, not {dim:,} numbers"
                yield "line", number, word, text
        if self._headed and count != self.info.count:
            said = self.info.count or 0
            raise stream.error(f"line {number:,}", f"is the last of {count:,}, not of {said:,}")

    def _binary_words(self, stream: ByteStream) -> Iterator[Entry]:
        """The entries; one is held back until the word after it is known to be one."""
        dim, count = self.info.dim or 0, self.info.count or 0
        newline: bool | None = None
        before: Entry | None = None
        for number in range(1, count + 1):
            place = f"word {number:,}"
            if number > 1:
                passed = stream.pass_over(b"\n", place)
                newline = passed if newline is None else newline
                if passed != newline:
                    raise stream.error(place, "does not begin where the others do")
            word = stream.until(b" ", _LONGEST_WORD, place)
            if word is None:
                raise stream.error(place, "was cut short")
            numbers = np.frombuffer(stream.exactly(4 * dim, place), "<f4")
            entry: Entry = "word", number, word, numbers
            if not _is_word(word):
                entry = "word", number, word, f"the word is {word!r:.60}"
                if before is not None:
                    before = *before[:3], "the word may hold a space: the next one is no text"
            if before is not None:
                yield before
            before = entry
        if before is not None:
            yield before
        stream.pass_over(b"\n", "the end")
        if stream.until(b" ", _LONGEST_LINE, "the end"):
            raise stream.error("the end", f"comes after more than {count:,} words")


def _holds_a_vector(word: bytes, dim: int) -> bool:
    """Whether a word with spaces has the numbers of another word behind its first part."""
    parts = word.split(b" ", dim)
    return dim > 1 and len(parts) > dim and all(map(_is_number, parts[1:dim]))


def _is_word(word: bytes) -> bool:
    try:
        word.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all(byte >= _FIRST_LETTER for byte in word)


def _first(entries: Iterator[Entry], most: int) -> Iterator[Entry]:
    for _, entry in zip(range(most), entries, strict=False):
        yield entry


def _open(place: Place, *, kind: str | None = None, dim: int | None = None) -> Source:
    path = place.require_file(FORMAT.name)
    head = _HEAD.match(unpacked_head(place.head))
    with closing(ByteStream(path)) as stream:
        if head is None:
            if kind == "binary":
                raise stream.error("line 1", "does not say how many words and dimensions there are")
            count, dim = None, dim or _dim_of_lines(stream)
            binary = False
        else:
            count, dim = int(head[1]), int(head[2])
            binary = kind == "binary" or (kind is None and not _is_text(stream, dim))
        least = (4 * dim + 1 if binary else 2) * (count or 0)
        size = path.stat().st_size
        if not 0 < dim <= _LARGEST or (not stream.packed and least > size):
            raise stream.error(
                "line 1",
                f"says {count or 0:,} words of {dim:,} numbers; the file has {size:,} bytes",
            )
    info = SourceInfo(
        format=FORMAT.name,
        version="GloVe" if head is None else "binary" if binary else "text",
        path=place.text,
        count=count,
        dim=dim,
        metrics=(),
        ids="str",
    )
    return WordVectors(info, path, headed=head is not None, binary=binary)


def _dim_of_lines(stream: ByteStream) -> int:
    """The numbers that most of the first lines have, the least of them where several have as many.

    A word that holds spaces makes them seem more, and a damaged line fewer.
    """
    counts = Counter[int]()
    for number in range(1, _SAMPLE + 1):
        line = stream.until(b"\n", _LONGEST_LINE, f"line {number:,}")
        if line is None:
            break
        spaces = line.rstrip(b" \t\r").count(b" ")
        if spaces:
            counts[spaces] += 1
    if not counts:
        raise stream.error("line 1", "has no word with numbers")
    most = max(counts.values())
    return min(spaces for spaces, times in counts.items() if times == most)


def _is_text(stream: ByteStream, dim: int) -> bool:
    """Whether the numbers of the first word are text."""
    stream.until(b"\n", _LONGEST_LINE, "line 1")
    try:
        line = stream.until(b"\n", _LONGEST_LINE, "word 1") or b""
    except SourceError:  # no end of a line in 16 MiB
        return False
    numbers = line.rstrip(b" \t\r").rsplit(b" ", dim)[1:]
    return bool(numbers) and all(map(_is_number, numbers))


def _recognise(place: Place) -> bool:
    """By the line with two numbers, or the name and a word with numbers."""
    if place.file is None:
        return False
    head = unpacked_head(place.head)
    names = [one.lower() for one in place.file.suffixes]
    if _HEAD.match(head):
        return not any(one in names for one in (".csv", ".tsv", ".mtx", ".svm"))
    line = head.split(b"\n", 1)[0].rstrip(b" \t\r").split(b" ")
    known = ".vec" in names or ".txt" in names
    return known and len(line) > _LEAST_NUMBERS and all(map(_is_number, line[-_LEAST_NUMBERS:]))


def _is_number(text: bytes) -> bool:
    return _NUMBER.fullmatch(text) is not None


FORMAT = SourceFormat(
    name="word2vec",
    title="word vectors: word2vec's text and binary format, GloVe's and fastText's text",
    kind="data",
    recognise=_recognise,
    open=_open,
    options=(
        Option(
            "kind", "text or binary, where the first word may be both", choices=("text", "binary")
        ),
        Option("dim", "numbers of a vector, where no first line says it", kind="int"),
    ),
    versions="gensim 4.4.0",
    holds="words, vectors",
    lacks="the metric, counts of words",
    metric="asked",
)
