"""An index over blocks in memory: the kernel without a database under it."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from support import oracle
from vdb import kernel
from vdb.model.codes import CODES
from vdb.model.dtypes import DTYPES

SALT = bytes(range(16))
SMALL, BIG = 4080, 65520
HEADER, CHECKSUM_AT = 48, 40

Fetch = Callable[[bytes], bytes | memoryview | None]


def resealed(block: bytearray) -> bytes:
    """A block with the checksum that its bytes have."""
    block[CHECKSUM_AT : CHECKSUM_AT + 4] = bytes(4)
    checksum = kernel.crc32c(bytes(block), kernel.crc32c(SALT))
    block[CHECKSUM_AT : CHECKSUM_AT + 4] = struct.pack("<I", checksum)
    return bytes(block)


def nothing_stored(key: bytes) -> None:
    """The fetch of an index whose blocks all lie in a Writer."""


def table(
    prefix: bytes,
    kind: int,
    row_size: int,
    slots: int,
    memory: kernel.ResidentMemory | None = None,
    **more: int,
) -> kernel.BlockTable:
    shape = {"generation": 1, "level": 0, "block_size": BIG} | more
    return kernel.BlockTable(
        prefix=prefix,
        salt=SALT,
        collection=1,
        kind=kind,
        row_size=row_size,
        slots=slots,
        memory=memory,
        **shape,
    )


def vector_table(
    dim: int,
    slots: int = 0,
    dtype: str = "float32",
    memory: kernel.ResidentMemory | None = None,
) -> kernel.BlockTable:
    row_size = -(-DTYPES[dtype].row_bytes(dim) // 16) * 16
    return table(b"vectors", 1, row_size, slots, memory, generation=0)


def link_tables(
    M: int, slots: int = 0, memory: kernel.ResidentMemory | None = None
) -> list[kernel.BlockTable]:
    return [
        table(
            b"links%02d" % level,
            2,
            kernel.link_row_size(M, level),
            slots,
            memory,
            level=level,
            block_size=SMALL,
            span=M**level,
        )
        for level in range(kernel.level_limit(M))
    ]


def code_table(
    dim: int, codes: str, slots: int = 0, memory: kernel.ResidentMemory | None = None
) -> kernel.BlockTable:
    return table(b"codes", 3, CODES[codes].row_bytes(dim), slots, memory)


def make_index(
    metric: str,
    dim: int,
    *,
    dtype: str = "float32",
    M: int = 8,
    ef_construction: int = 64,
    seed: int = 0,
    slots: int = 0,
    entry: int = kernel.NONE,
    longest: tuple[int, ...] = (),
    unlinked: tuple[int, ...] = (),
    codes: str = "",
    memory: kernel.ResidentMemory | None = None,
) -> kernel.Index:
    return kernel.Index(
        metric=metric,
        dim=dim,
        dtype=dtype,
        vectors=vector_table(dim, slots, dtype, memory),
        links=link_tables(M, slots, memory),
        M=M,
        ef_construction=ef_construction,
        seed=seed,
        slots=slots,
        entry=entry,
        longest=np.array(longest, dtype=np.uint32),
        unlinked=np.array(unlinked, dtype=np.uint32),
        codes=code_table(dim, codes, slots, memory) if codes else None,
        code_type=codes,
    )


class MemoryIndex:
    """A Writer with the bookkeeping that a batch does: which slots hold which vectors."""

    def __init__(self, metric: str, dim: int, *, dtype: str = "float32", **parameters: Any) -> None:
        base = make_index(metric, dim, dtype=dtype, **parameters)
        self.metric, self.dim, self.dtype, self.parameters = metric, dim, dtype, parameters
        self.row_type = DTYPES[dtype].stored
        self.query_type = DTYPES[DTYPES[dtype].queries].stored
        self.writer = kernel.Writer(base, free_head=kernel.NONE, free_count=0)
        self.rows: dict[int, NDArray[Any]] = {}

    @property
    def index(self) -> kernel.Index:
        return self.writer.index

    def add(self, vectors: NDArray[Any], *, threads: int = 1) -> NDArray[np.uint32]:
        vectors = np.ascontiguousarray(vectors, dtype=self.row_type)
        slots = self.writer.allocate(nothing_stored, len(vectors))
        self.writer.put(nothing_stored, slots, vectors)
        self.writer.insert(nothing_stored, slots, nodes=len(self.rows), threads=threads)
        self.rows.update(zip(slots.tolist(), vectors, strict=True))
        return slots

    def remove(self, slots: list[int]) -> None:
        array = np.array(slots, dtype=np.uint32)
        self.writer.remove(nothing_stored, array)
        self.writer.release(nothing_stored, array)
        for slot in slots:
            del self.rows[slot]

    def replace(self, slots: list[int], vectors: NDArray[Any]) -> None:
        array = np.array(slots, dtype=np.uint32)
        self.writer.remove(nothing_stored, array)
        self.writer.put(nothing_stored, array, vectors)
        self.writer.insert(nothing_stored, array, nodes=len(self.rows) - len(slots))
        self.rows.update(zip(slots, vectors, strict=True))

    def search(
        self, queries: NDArray[Any], k: int, ef: int = 64, *, threads: int = 1
    ) -> tuple[NDArray[np.uint32], NDArray[np.float64], NDArray[np.uint32]]:
        queries = np.ascontiguousarray(queries, dtype=self.query_type)
        return self.index.search(nothing_stored, queries, k, ef, threads)

    def scan(
        self, queries: NDArray[Any], k: int, *, threads: int = 1
    ) -> tuple[NDArray[np.uint32], NDArray[np.float64], NDArray[np.uint32]]:
        queries = np.ascontiguousarray(queries, dtype=self.query_type)
        return self.index.scan(nothing_stored, queries, k, threads)

    def problems(self) -> list[tuple[str, str]]:
        return self.index.verify(nothing_stored, self.writer.free_head, self.writer.free_count)

    def blocks(self, commit: int = 1) -> dict[bytes, bytes]:
        """Every block, sealed, as a store would keep it."""
        return {key: bytes(block) for key, block in self.writer.seal(commit)}

    def stored(
        self, blocks: dict[bytes, bytes], memory: kernel.ResidentMemory | None = None
    ) -> kernel.Index:
        """The index that a reader of these blocks has; with copies of them in `memory`."""
        return make_index(
            self.metric,
            self.dim,
            dtype=self.dtype,
            slots=self.index.slots,
            entry=self.index.entry,
            longest=tuple(self.index.longest.tolist()),
            memory=memory,
            **self.parameters,
        )


def nearest_values(
    metric: str, query: NDArray[Any], rows: NDArray[Any], k: int, dtype: str = "float32"
) -> NDArray[np.float64]:
    """The k best natural values, best first."""
    values = np.sort(oracle.values(metric, query, rows, dtype))
    return values[:k] if oracle.lower_is_closer(metric) else values[::-1][:k]
