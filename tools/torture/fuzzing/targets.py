"""What is fuzzed: functions of bytes that end well for all of them.

Each takes anything, and lets no exception out but vdb's own. What it decodes it encodes again where
it can: the same value must come back. An AssertionError is a finding like any other exception.
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
import numpy as np

import vdb
from vdb import kernel, scores
from vdb.cli.arguments import numbers, options, schema, where
from vdb.cli.queries import labels, vectors
from vdb.maintenance.repository import chunk, manifest, stream
from vdb.model import config, filters
from vdb.model.filters.field_types import field_types
from vdb.model.inputs import ids
from vdb.sources.reading import lines_beside, record_lines
from vdb.store.format import (
    blocks,
    change_log,
    checksums,
    generation,
    headers,
    journal,
    keys,
    payloads,
    posting_leaves,
    records,
    terms,
    text_header,
    versions,
)

Target = Callable[[bytes], None]

TARGETS: dict[str, Target] = {}

_PLACE = "somewhere"
_SCRATCH = Path(tempfile.gettempdir())


def _target(one: Target) -> Target:
    def guarded(data: bytes) -> None:
        with suppress(vdb.VdbError):
            one(data)

    TARGETS[one.__name__.strip("_")] = guarded
    return guarded


def same(one: Any, other: Any) -> None:
    """Raise AssertionError where a value did not come back."""
    if one != other:
        raise AssertionError(f"{one!r} became {other!r}")


# What lies in a file


@_target
def _database(data: bytes) -> None:
    header = headers.DatabaseHeader.decode(data)
    same(headers.DatabaseHeader.decode(header.encode()), header)


@_target
def _collection(data: bytes) -> None:
    header = headers.CollectionHeader.decode(data, 1)
    same(headers.CollectionHeader.decode(header.encode(), 1), header)


@_target
def _text(data: bytes) -> None:
    header = text_header.TextHeader.decode(data, _PLACE)
    same(text_header.TextHeader.decode(header.encode(), _PLACE), header)


@_target
def _generation(data: bytes) -> None:
    record = generation.GenerationRecord.decode(data, 1, 1)
    same(generation.GenerationRecord.decode(record.encode(), 1, 1), record)


@_target
def _identity(data: bytes) -> None:
    identity = versions.Identity.decode(data)
    same(identity.encode(), data)
    identity.check()


@_target
def _key(data: bytes) -> None:
    str(keys.decode(data))
    keys.decode_id(data, "str" if len(data) % 2 else "int", where=_PLACE)


@_target
def _journal(data: bytes) -> None:
    entries = journal.decode(data, 7)
    for tables in entries.values():
        journal.merge(tables, tables)
    journal.encode(entries, largest=4000)


@_target
def _change(data: bytes) -> None:
    slots = change_log.slots_in(data, 3, _PLACE)
    for _, part in change_log.parts(slots):
        same(change_log.united(part, part), data)


@_target
def _record(data: bytes) -> None:
    length = records.total_length(data, _PLACE)
    if length is not None:
        records.further_parts(length, 4080)
        data = records.join(data, [data[:50]], length, _PLACE)
    record_id, payload = records.divided(data, _PLACE)
    if payload is not None:
        value = payloads.decode(payload, _PLACE)
        list(payloads.Payloads([payload, None], [1, 2], 1))
        body = records.encode(record_id, payloads.encode(value))
        same(records.divided(body, _PLACE)[0], record_id)


@_target
def _sealed_records(data: bytes) -> None:
    # As the kernel reads them: under their keys and checksums, many at a time.
    stored = {}
    for slot, body in enumerate(data.split(b"\xc1\xc1")[:8]):
        key = keys.record(1, slot)
        stored[key] = checksums.Seal(b"salt" * 4).wrap(key, body)
    slots = np.arange(len(stored) + 1, dtype=np.uint32)
    start = kernel.crc32c(b"salt" * 4)
    for text in (True, False):
        sound, bodies = kernel.read_records(stored.get, 1, slots, start, text, True)
        same(len(sound), len(bodies))
        for one in sound:
            same(type(one), str if text else int)


@_target
def _payload(data: bytes) -> None:
    value = payloads.decode(data, _PLACE)
    same(payloads.decode(payloads.encode(value), _PLACE), value)


@_target
def _leaf(data: bytes) -> None:
    leaf = posting_leaves.Leaf(data, _PLACE)
    for kind in ("int", "float", "keyword", "bool", "datetime"):
        value_of = terms.value_of(kind)
        for term in leaf.terms()[0][:50]:
            with suppress(ValueError, struct.error):  # callers of values handle these
                value_of(term)
    for low in (b"", b"\x02", data[:9], data[-9:]):
        leaf.between(low, low + b"\xff")
        leaf.place(low)
    same(
        posting_leaves.Leaf(posting_leaves.encode(leaf.postings()), _PLACE).postings(),
        leaf.postings(),
    )


@_target
def _block(data: bytes) -> None:
    blocks.BlockHeader.decode(data, _PLACE)
    blocks.checksum(data, b"salt" * 4)


# What comes from users


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass" if len(data) % 2 else "replace")


def _value(data: bytes) -> Any:
    """Anything that JSON can say, or text."""
    with suppress(ValueError, RecursionError):
        return json.loads(data)
    with suppress(UnicodeDecodeError):
        return _text(data)
    return data


@_target
def _filter(data: bytes) -> None:
    rule, _, payload = data.partition(b"\n")
    tree = filters.parse(_value(rule))
    passes = filters.predicate(tree)
    passes(_value(payload))
    same(filters.parse(tree), tree)
    repr(tree)


@_target
def _where(data: bytes) -> None:
    with suppress(UnicodeDecodeError):
        where.where_from(data.decode("utf-8", "surrogateescape"))


@_target
def _fields(data: bytes) -> None:
    field_types(_value(data))
    with suppress(UnicodeDecodeError):
        schema.field_types_from(tuple(_text(data).split("\n")))


@_target
def _name(data: bytes) -> None:
    try:
        text: Any = _text(data)
    except UnicodeDecodeError:
        text = data
    for check in (
        config.collection_name,
        config.model_text,
        config.durability_name,
        config.verification,
        config.search_width,
        config.index_config,
        ids.one_id,
        ids.id_list,
        scores.conventions,
    ):
        with suppress(vdb.VdbError):
            check(text)
        with suppress(vdb.VdbError):
            check(_value(data))
    with suppress(vdb.VdbError):
        keys.encode_id(ids.one_id(text))
    if isinstance(text, str):
        for parse in (options.a_path, numbers.a_size):
            with suppress(click.BadParameter):
                parse(text)


@_target
def _score(data: bytes) -> None:
    names, _, number = data.partition(b"\0")
    metric, _, convention = names.decode("latin-1").partition(" ")
    for call in (scores.score, scores.value):
        with suppress(vdb.VdbError):
            call(_value(number), metric=metric, convention=convention)


def _in_file(data: bytes, name: str, read: Callable[[Path], object]) -> None:
    with tempfile.TemporaryDirectory(dir=_SCRATCH, prefix="vdb-fuzz-") as directory:
        path = Path(directory) / name
        path.write_bytes(data)
        read(path)


@_target
def _chunk(data: bytes) -> None:
    items = chunk.items_of(data, _PLACE)
    same(b"".join(chunk.chunks(items)), data)


@_target
def _manifest(data: bytes) -> None:
    # The checksum is made right, or nothing behind it would be reached.
    body = data.partition(b'"manifest":')[2][:-2] or data
    sum_ = hashlib.sha256(body).hexdigest().encode()
    document = b'{"sha256":"' + sum_ + b'","manifest":' + body + b"}\n"
    decoded = manifest.Manifest.decode(document, _PLACE)
    same(manifest.Manifest.decode(decoded.encode(), _PLACE), decoded)


@_target
def _stream(data: bytes) -> None:
    for _ in stream.StreamReader(io.BytesIO(data), _PLACE).items():
        pass


@_target
def _array(data: bytes) -> None:
    def read(path: Path) -> None:
        with suppress(vdb.VdbError):
            array = vectors.queries_from(path)
            if array.nbytes > len(data):
                raise AssertionError(f"{array.nbytes} bytes of a file of {len(data)}")
        with vdb.sources.open(path) as source:
            for part in source.batches(3):
                np.asarray(part.vectors).sum()

    _in_file(data, "some.npy", read)


@_target
def _lines(data: bytes) -> None:
    def read(path: Path) -> None:
        rows = record_lines.count_lines(path)
        lines = lines_beside.RecordLines.of(path, "some.npy", rows, id="id", optional=False)
        for batch, _ in lines.batches(3):
            for record_id, payload in zip(batch.ids, batch.payload_list(), strict=True):
                with suppress(vdb.VdbError):
                    ids.one_id(record_id)
                with suppress(vdb.VdbError):
                    same(payloads.decode(payloads.encode(payload), _PLACE), payload)

    _in_file(data, "some.jsonl", read)


def _array_of(rows: int) -> bytes:
    file = io.BytesIO()
    np.save(file, np.zeros((rows, 2), np.float32))
    return file.getvalue()


@_target
def _labels(data: bytes) -> None:
    def read(path: Path) -> None:
        queries = path.with_name("queries.npy")
        queries.write_bytes(_array_of(max(1, data.count(b"\n"))))
        labels.read_queries(queries, path, None, "id")

    _in_file(data, "some.jsonl", read)
