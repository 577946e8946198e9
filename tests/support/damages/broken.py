"""A closed database that is opened underneath for breaking, and the blocks that are broken."""

from __future__ import annotations

import struct
from pathlib import Path

import lmdb

import vdb
from vdb.store.format import blocks, generation, headers, keys
from vdb.store.format.checksums import UNSALTED, Seal

COUNT = 300
DOCS, TEXTS = 1, 2  # numbers of the two collections


class Damage:
    """The closed database, open for breaking."""

    def __init__(self, txn: lmdb.Transaction) -> None:
        self.txn = txn
        stored = txn.get(keys.DATABASE)
        self.database = headers.DatabaseHeader.decode(UNSALTED.unwrap(keys.DATABASE, stored))
        self.seal = Seal(self.database.uuid)

    def get(self, key: bytes) -> bytes:
        value = self.txn.get(key)
        assert value is not None
        return bytes(value)

    def put(self, key: bytes, value: bytes) -> None:
        self.txn.put(key, value)

    def delete(self, key: bytes) -> None:
        assert self.txn.delete(key)

    def body(self, key: bytes) -> bytes:
        return self.seal.unwrap(key, self.get(key))

    def seal_in(self, key: bytes, body: bytes) -> None:
        self.put(key, self.seal.wrap(key, body))

    def flip(self, key: bytes, at: int = -1) -> None:
        value = bytearray(self.get(key))
        value[at] ^= 0x40
        self.put(key, bytes(value))

    def header(self, number: int) -> headers.CollectionHeader:
        return headers.CollectionHeader.decode(self.body(keys.collection(number)), number)

    def put_header(self, header: headers.CollectionHeader) -> None:
        self.seal_in(keys.collection(header.number), header.encode())

    def generation(self, number: int) -> generation.GenerationRecord:
        return generation.GenerationRecord.decode(self.body(keys.generation(number, 1)), number, 1)

    def put_generation(self, number: int, record: generation.GenerationRecord) -> None:
        self.seal_in(keys.generation(number, 1), record.encode())

    def change_block(self, key: bytes, at: int, data: bytes) -> None:
        """Change bytes of a block and make its checksum right again."""
        value = bytearray(self.get(key))
        value[at : at + len(data)] = data
        value[40:44] = struct.pack("<I", blocks.checksum(bytes(value), self.database.uuid))
        self.put(key, bytes(value))

    def slot_of(self, number: int, record_id: int | str) -> int:
        return int.from_bytes(self.get(keys.slot_of(number, record_id)), "little")


def vectors_block(number: int = 0) -> bytes:
    return keys.block(DOCS, 1, blocks.VECTORS, 0, number)


def links_block(number: int = 0, level: int = 0) -> bytes:
    return keys.block(DOCS, 1, blocks.LINKS, level, number)


ROW = blocks.vector_row_size(16, "float32")
ROWS = blocks.rows_per_block(blocks.BIG_BLOCK, ROW, blocks.VECTORS)
LINK_ROW = blocks.link_row_size(8, 0)


def break_it(place: Path, damage) -> None:
    with (
        lmdb.open(str(place), lock=False, map_size=1 << 30, lib_version=0) as env,
        env.begin(write=True) as txn,
    ):
        damage(Damage(txn))
    (place / "lock.mdb").unlink(missing_ok=True)


def problems_of(place: Path) -> list[vdb.Problem]:
    with vdb.open(place, create=False) as db:
        return list(db.check())
