"""The compiled kernel. Import it as vdb.kernel."""

from collections.abc import Sequence
from typing import Annotated

import numpy
from numpy.typing import NDArray
from typing_extensions import CapsuleType


def end_calls() -> None:
    """
    The calling thread is about to end the process: calls of others raise ClosedError, and no threads are started.
    """

def keep_out() -> None:
    """From now on the others stand still when they come back to Python."""

def asking() -> int:
    """
    How many threads wait for the GIL at this moment, in calls of this module.
    """

def forked() -> None:
    """This is a forked child: threads that waited are not here."""

def adjacent_rows(rows: list[object], shortest: int) -> list[NDArray[numpy.uint8]] | None:
    """
    Rows of one type and length as matrices of bytes, in place: one for all that lie behind each other in memory. They keep the list alive, which must not change. An empty list where they would have fewer than `shortest` rows on average; None where the rows are not of one class, type and length.
    """

def bfloat16_bits(tensor: object) -> NDArray[numpy.uint16]:
    """
    The bits of a tensor of bfloat16 in memory of the processor, which speaks DLPack, in place. numpy has no such type.
    """

class TableColumn:
    """Some rows of one column of a table, as Arrow lays them out. Copies."""

def number_column(array: Annotated[NDArray[numpy.generic], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> TableColumn:
    """
    A column of numbers, (n,): int64, float64, float32, float16, int8 or uint8.
    """

def vector_column(rows: Annotated[NDArray[numpy.generic], dict(shape=(None, None), order='C', device='cpu', writable=False)], present: Annotated[NDArray[numpy.bool_], dict(shape=(None,), order='C', device='cpu', writable=False)] | None = None) -> TableColumn:
    """
    A column of lists of one length, (n, length), of the same types; null where `present`, (n,), is not.
    """

def text_column(texts: list[str] | list[str | None]) -> TableColumn:
    """A column of texts, null where there is None."""

def payload_columns(bodies: list[bytes | None], fields: list[tuple[tuple[str, ...], str, bool]], *, text: bool) -> tuple[list[TableColumn]] | tuple[int, int, str]:
    """
    Columns of payloads as they are stored: of each field (names of its path, type of one value, whether there is a list of them), and with `text` of JSON. Where that cannot be done: the first row at fault, the number of the field (-1: no payload at all), and why.
    """

def payload_parts(bodies: list[bytes | None], most_rows: int, most_bytes: int) -> list[int]:
    """
    Where parts of the bodies end that have so many rows and bytes at most, or one row.
    """

class TableSchema:
    """Names and types of the columns of a table."""

    def __init__(self, fields: list[tuple[str, str, bool, dict[str, str], list[object]]], metadata: dict[str, str]) -> None:
        """
        Fields are (name, format of the Arrow C data interface, nullable, metadata, fields).
        """

    def capsule(self) -> CapsuleType:
        """A capsule "arrow_schema"."""

    def stream(self, batches: object) -> CapsuleType:
        """
        A capsule "arrow_array_stream". Batches are taken from the iterator when they are read, by whatever thread reads them.
        """

class ArrowNode:
    """
    One array of Arrow's, or a child of one; its memory lives as long as it or a view of its buffers.
    """

    @property
    def length(self) -> int: ...

    @property
    def offset(self) -> int: ...

    @property
    def null_count(self) -> int:
        """-1: not counted."""

    @property
    def buffers(self) -> list[bool]:
        """Which of the buffers are there."""

    @property
    def children(self) -> list[ArrowNode]: ...

    @property
    def dictionary(self) -> ArrowNode | None:
        """The values that its own are indices of."""

    def buffer(self, number: int, start: int, size: int) -> Annotated[NDArray[numpy.uint8], dict(shape=(None,), writable=False)]:
        """
        `size` bytes of a buffer from `start` on, in place. That they are there is the caller's to know.
        """

class ArrowStream:
    """Arrays of one type, one after the other."""

    def __init__(self, capsule: object) -> None:
        """Takes over the stream in what `__arrow_c_stream__` returned."""

    def type(self) -> tuple[object, ...]:
        """
        The type of its arrays: format, name, metadata, flags, children, dictionary.
        """

    def next(self) -> ArrowNode | None:
        """
        The next array, None at the end. OSError with the words of the library that fails.
        """

def import_arrow_array(schema: object, array: object) -> tuple[tuple[object, ...], ArrowNode]:
    """
    Takes over the array in the two capsules that `__arrow_c_array__` returned; its type is as `ArrowStream.type` has it.
    """

def encode_columns(columns: list[tuple[object, object, int]], names: list[str] | None, count: int, largest: int) -> list[bytes | None] | None:
    """
    Payloads of `count` rows in msgpack: a map of the columns by their names, or, without names, the value of the one column itself, None where it is null. A column is its type (format, name, children, type of the dictionary), an `ArrowNode` or a contiguous array of numpy's, and its first row. None where a type or a value has no form there, or a payload would take more than `largest` bytes.
    """

NONE: int = 4294967295

def sub_batch_size(nodes: int) -> int:
    """How many vectors are linked at once into a graph of so many."""

def level_limit(M: int) -> int:
    """
    How many levels (level 0 included) a graph with this M can have: one link table each.
    """

def link_row_size(M: int, level: int) -> int:
    """Bytes of a row of links on a level."""

def crc32c(data: object, value: int = 0, *, portable: bool = False) -> int:
    """CRC-32C of a buffer, continued from `value`."""

def instruction_sets() -> list[str]:
    """Those that this processor runs, best first."""

def instruction_set() -> str:
    """The one in use."""

def use_instruction_set(name: str) -> None:
    """
    Chooses one for the whole process, '' for the best. For tests and measurements.
    """

def postings_to_mask(mask: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu')], slots: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)], starts: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], ends: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> None:
    """
    Sets mask[slots[starts[i]:ends[i]]] to 1 for each i; CorruptedError for a slot beyond the mask.
    """

def postings_to_bits(bits: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu')], slots: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)], starts: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], ends: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], size: int) -> int:
    """
    Sets the bits (of `size` slots, bit s mod 8 of byte s div 8, all clear) of slots[starts[i]:ends[i]] for each i; how many were set. CorruptedError for a slot beyond.
    """

def ordered_dots(a: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], b: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], *, lanes: int, registers: int, rounds: int, fused: bool, fold: str, gather: str, blocks: str, rest: str, narrow_fused: bool, rest_fused: bool, fours_apart: bool) -> Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C')]:
    """
    Inner products of float32 rows (n, dim) of a and b, (n,), added up in the order given; simd/ordered_dot.h says what the words mean.
    """

def distances(a: Annotated[NDArray[numpy.generic], dict(shape=(None, None), order='C', device='cpu', writable=False)], b: Annotated[NDArray[numpy.generic], dict(shape=(None, None), order='C', device='cpu', writable=False)], *, dtype: str) -> Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C')]:
    """
    (n, 9): dot, squared L2 and L1 of each row of a (as queries have them) with the row of b at its place, from the loops for one row, for four, and in float64; for tests.
    """

def merge_hits(shards: Sequence[tuple[NDArray[numpy.int64] | Sequence[object], NDArray[numpy.float64], NDArray[numpy.generic], NDArray[numpy.int64]]], queries: int, most: int | None, offset: int, higher_values: bool, higher_scores: bool) -> tuple[NDArray[numpy.int64], NDArray[numpy.int64]]:
    """
    (rows i64, starts i64 (queries + 1,)): the `most` nearest of each query among the hits of several shards, by value and id, in the order of hits, without the first `offset`. A shard is (ids, values, scores, counts (queries,)): its hits, one query after the other. Rows count through the columns of one shard after the other.
    """

def page_bytes() -> int:
    """Bytes of a page of memory, as the system says."""

class AddressPredictor:
    """Predicts the addresses of blocks that were not looked up yet."""

    def __init__(self, stride: int) -> None: ...

    def predict(self, number: int) -> int | None:
        """The address of a block; None where nothing can be predicted."""

    def observe(self, number: int, blocks: int, address: int) -> None:
        """Block `number` of about `blocks` lies there."""

class Residency:
    """
    What searches of one collection had to read from disk, and the prefetch policy of the next one.
    """

    def __init__(self) -> None: ...

    def policy(self) -> tuple[bool, bool, bool]:
        """
        Whether the next search prefetches for its walk, prefetches the vectors to rerank, and evicts those again.
        """

    def record(self, walk: int, rerank: int, guide: int) -> None:
        """
        A search read so many bytes in its walk and in reranking; `guide`: bytes of links and codes.
        """

def float_rows(rows: object, first: int, count: int, width: int, single: bool = False) -> NDArray[numpy.float32] | NDArray[numpy.float64] | None:
    """
    `count` rows from the `first` on, (count, width), of a list or tuple of lists or tuples of floats; None where one of them is anything else. As float64; or, `single`, rounded to float32, and None where a number is not finite there, or becomes 0.
    """

def id_keys(prefix: bytes, ids: list[int | str]) -> list[bytes] | None:
    """
    The prefix and each id as it stands in a key, of a list of exact int of 64 bits or str; None where one of them is anything else.
    """

def plain_payloads(payloads: list[object], deepest: int, largest: int) -> list[bytes | None]:
    """
    Each payload in msgpack, as Python's own module encodes it; None for None, and where one holds anything but None and the exact types bool, int, float, str, list and dict with keys of str, or what a payload cannot hold, or is nested more than `deepest` deep, or takes more than `largest` bytes.
    """

def msgpack_fault(body: bytes, deepest: int, *, payload: bool = False) -> str | None:
    """
    What keeps the bytes from being one value in msgpack, nested at most so deep and at most 64, every count in it held by bytes that are there; None where nothing does. Nothing is made of them. `payload`: and of the types that payloads have.
    """

def are_payloads(bodies: list[bytes | None], deepest: int) -> bool:
    """Whether `msgpack_fault` finds nothing in any of them."""

def sealed_records(collection: int, slots: NDArray[numpy.uint32], ids: list[int | str], payloads: list[bytes | None], start: int, room: int) -> list[tuple[bytes, bytes] | None]:
    """
    The key of each record and its value with its seal; None where id and payload take more than `room` bytes. `start` is the checksum of the salt.
    """

def read_records(lookup: object, collection: int, slots: NDArray[numpy.uint32], start: int, text: bool, payloads: bool) -> tuple[list[int | str], list[bytes | None]]:
    """
    Ids of records, and their payloads as they are stored (None: there is none, or they are not asked for), up to the first that is not plain, sound and in one piece. `lookup` finds values by key; `start` is the checksum of the salt; `text` says which kind ids are.
    """

class ResidentMemory:
    """
    How many bytes of private memory tables may take for copies of blocks that searches read often.
    """

    def __init__(self, *, limit: int, least: int = 0, mapped: bool = False) -> None: ...

    @property
    def limit(self) -> int: ...

    @limit.setter
    def limit(self, arg: int, /) -> None: ...

    @property
    def least(self) -> int:
        """Collections with fewer bytes of links and codes have no copies."""

    @least.setter
    def least(self, arg: int, /) -> None: ...

    @property
    def used(self) -> int:
        """Bytes that are set aside by now."""

class BlockTable:
    """
    Addresses of the blocks of one (collection, generation, kind, level), as of one commit; resolved when first touched.
    """

    def __init__(self, *, prefix: bytes, salt: bytes, collection: int, generation: int, kind: int, level: int, block_size: int, row_size: int, slots: int, span: int = 1, memory: ResidentMemory | None = None) -> None: ...

    @property
    def prefix(self) -> bytes: ...

    @property
    def collection(self) -> int: ...

    @property
    def generation(self) -> int: ...

    @property
    def kind(self) -> int: ...

    @property
    def level(self) -> int: ...

    @property
    def block_size(self) -> int: ...

    @property
    def row_size(self) -> int: ...

    @property
    def rows(self) -> int:
        """Rows in a block."""

    @property
    def blocks(self) -> int:
        """Blocks that the slots need."""

    def resolved(self) -> int:
        """How many blocks have an address by now."""

    def resident_bytes(self) -> int:
        """
        Bytes of the blocks that are read from copies in memory of the process's own.
        """

    def successor(self, rewritten: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, slots: int) -> BlockTable:
        """
        The table at a later commit: the listed blocks (None: all) are resolved anew. The same one where nothing changed.
        """

    def check(self, fetch: object, number: int) -> bool:
        """Whether a block is there; CorruptedError where it is damaged."""

class TextSegment:
    """
    A segment of a text field: some documents, their words, and where each word occurs. Documents are numbered (`ordinal`) by rising slot. Bytes are read, and checked, when they are first needed: every method raises CorruptedError where they are damaged.
    """

    def __init__(self, parts: Sequence[object], start: int | None = None, prefix: bytes = ...) -> None:
        """
        Over its stored parts (objects with the buffer protocol, which must not change), each with its seal: `start` is the checksum of the salt, and the key of part n is `prefix` and n as big-endian u32. Without `start`: bodies as `build_text_segment` returns them.
        """

    @property
    def documents(self) -> int: ...

    @property
    def terms(self) -> int:
        """Different words."""

    @property
    def postings(self) -> int:
        """Pairs of a document and a word that it has."""

    @property
    def length_sum(self) -> int:
        """Tokens of all documents."""

    @property
    def positions(self) -> bool:
        """Whether tokens are kept in their order: for phrases and `tokens_of`."""

    def slots(self) -> Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C')]:
        """Slot of each document, u32 (documents,), rising."""

    def lengths(self) -> Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C')]:
        """Tokens of each document, gaps not counted, u32 (documents,)."""

    def ordinal_of(self, slot: int) -> int | None:
        """Number of the document of a slot; None where there is none."""

    def tokens_of(self, ordinal: int) -> list[str | None]:
        """
        Tokens of a document in their order, list of str or None (a gap). ValueError without positions.
        """

    def verify(self) -> None:
        """Reads everything; CorruptedError for what contradicts itself."""

def build_text_segment(slots: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)], documents: list[list[str | None]], positions: bool = True) -> list[bytes]:
    """
    The parts (bytes of at most 65,516 each, without seals) of a segment of documents: slots u32 (n,), rising, and the tokens of each, lists of str or None (a gap, where a word was left out). A document may have no tokens. The same documents give the same bytes. ValueError for slots that do not rise, an empty token, or one of more than 32,000 bytes.
    """

def merge_text_segments(segments: Sequence[TextSegment], deleted: Sequence[object | None]) -> list[bytes]:
    """
    The parts of one segment with the documents of several, less those whose bit is set in `deleted` (bytes or None for each segment; bit o mod 8 of byte o div 8 for ordinal o). The bytes are those that `build_text_segment` gives for the documents. It has positions where all have. ValueError where a slot is in two of them.
    """

class TextScorer:
    """
    The arithmetic of one engine's BM25, in its precision and order of steps, over the statistics of a field. Immutable.
    """

    def __init__(self, family: str, *, documents: int, length_sum: int, k1: float | None = None, b: float | None = None, delta: float | None = None, negative_idf: float = 0.0) -> None:
        """
        `documents` (N) and `length_sum` (the sum of dl over them) as the engine counts them; constants are the engine's unless they are given. `negative_idf` stands for an idf below 0 (rank-bm25-okapi only). ValueError for an unknown family, k1 < 0, b outside 0 to 1.
        """

    @property
    def family(self) -> str: ...

    @property
    def k1(self) -> float: ...

    @property
    def b(self) -> float: ...

    @property
    def delta(self) -> float: ...

    @property
    def documents(self) -> int: ...

    @property
    def length_sum(self) -> int: ...

    @property
    def single(self) -> bool:
        """Whether scores are float32 numbers."""

    def idf(self, df: int) -> float:
        """
        idf of a word that `df` documents have. ValueError for more than there are.
        """

    def idf_sum(self, idfs: Sequence[float]) -> float:
        """idf of a phrase whose words have these, where the engine adds them up."""

    def seen_length(self, length: int) -> int:
        """
        The length that the formula works with: rounded down to Lucene's byte in the families lucene and tantivy.
        """

    def tf_part(self, tf: int, length: int) -> float:
        """The score of a word with an idf of 1."""

    def score(self, idf: float, tf: int, length: int, count: int = 1) -> float:
        """
        The score of a query of one clause for a document that has it `tf` times, 0 included; `count`: how often it stands in the query, where the engine makes that a larger weight.
        """

def text_families() -> list[str]:
    """Names of the formulas of TextScorer."""

def text_length_byte(length: int) -> int:
    """Lucene's byte of a length."""

def text_byte_length(byte: int) -> int:
    """The length that Lucene's byte stands for."""

class TextIndex:
    """
    The words of one text field at one moment. May be used by any number of threads.
    """

    def __init__(self, segments: Sequence[TextSegment], deleted: Sequence[object | None]) -> None:
        """
        Its segments (list of TextSegment) and the deleted documents of each (bytes or None; bit o mod 8 of byte o div 8 for ordinal o, zeros behind the end).
        """

    @property
    def documents(self) -> int:
        """Documents that are not deleted, those without tokens included."""

    @property
    def length_sum(self) -> int:
        """Tokens of these documents."""

    def statistics(self, terms: Sequence[str]) -> Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C')]:
        """
        df of each term, u32 (n,): how many documents have it that are not deleted.
        """

    def prefix(self, text: str, limit: int) -> list[str]:
        """
        Words that begin so and that a document has, sorted by their UTF-8, at most `limit`.
        """

    def frequencies(self, slot: int, terms: Sequence[str]) -> tuple[list[int], int] | None:
        """
        (tf of each term, length) of the document of a slot; None where there is none.
        """

    def mean_okapi_idf(self, documents: int) -> float:
        """
        Mean of log(N - df + 0.5) - log(df + 0.5) over all words, added up in the order in which they first occur, by slots (rank_bm25's average_idf); 0 without words.
        """

    def search(self, query: Sequence[tuple[str, Sequence[str | None]]], scorer: TextScorer, k: int, *, operator: str = 'or', bits: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)] | None = None, ties: bool = True, prune: bool = True) -> tuple[Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C')], Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C')]]:
        """
        (slots u32 (n,), scores f64 (n,)), best first, equal scores by slot: the k best, and with `ties` all behind them whose score equals that of the k-th. The query is a list of clauses in the order of the text: ('term', [word]), ('prefix', [beginning]) or ('phrase', [words; None for a gap]). `bits`: only slots whose bit is set (bit s mod 8 of byte s div 8). Documents that match no clause are hits only in the families that score them. fts5's scores are without their minus. `prune` False scores every document, for tests.
        """

class Index:
    """One collection at one moment. May be used by any number of threads."""

    def __init__(self, *, metric: str, dim: int, dtype: str, vectors: BlockTable, links: Sequence[BlockTable], M: int, ef_construction: int, seed: int, slots: int, entry: int, longest: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)], unlinked: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)] | None = None, codes: BlockTable | None = None, code_type: str = '') -> None: ...

    @property
    def slots(self) -> int: ...

    @property
    def entry(self) -> int: ...

    @property
    def longest(self) -> Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C')]: ...

    @property
    def unlinked(self) -> Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C')]:
        """Slots of stored vectors that wait for their links."""

    def search(self, fetch: object, queries: Annotated[NDArray[numpy.generic], dict(shape=(None, None), order='C', device='cpu', writable=False)], k: int, ef: int, threads: int = 1) -> tuple[Annotated[NDArray[numpy.uint32], dict(shape=(None, None), order='C')], Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C')], Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C')]]:
        """
        (slots u32 (n, k), values f64 (n, k), counts u32 (n,)), best first, ties by slot; k is cut to the number of slots.
        """

    def search_nodes(self, fetch: object, queries: Annotated[NDArray[numpy.generic], dict(shape=(None, None), order='C', device='cpu', writable=False)], k: int, ef: int, threads: int = 1) -> tuple[Annotated[NDArray[numpy.uint32], dict(shape=(None, None), order='C')], Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C')], Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C')]]:
        """
        As search, but of vectors that are equal number for number only the node that stands for them.
        """

    def count_distances(self, fetch: object, queries: Annotated[NDArray[numpy.generic], dict(shape=(None, None), order='C', device='cpu', writable=False)], k: int, ef: int, threads: int = 1) -> Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C')]:
        """How many distances each of these searches computes, u32 (n,)."""

    def scan(self, fetch: object, queries: Annotated[NDArray[numpy.generic], dict(shape=(None, None), order='C', device='cpu', writable=False)], k: int, threads: int = 1, metric: str | None = None) -> tuple[Annotated[NDArray[numpy.uint32], dict(shape=(None, None), order='C')], Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C')], Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C')]]:
        """
        As search, exactly; under another metric than the index's own when one is named.
        """

    def scan_filtered(self, fetch: object, queries: Annotated[NDArray[numpy.generic], dict(shape=(None, None), order='C', device='cpu', writable=False)], bits: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)], count: int, k: int, threads: int = 1) -> tuple[Annotated[NDArray[numpy.uint32], dict(shape=(None, None), order='C')], Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C')], Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C')]]:
        """
        As search, exactly, among the slots whose bits are set, `count` of them; k is cut to `count`.
        """

    def search_filtered(self, fetch: object, queries: Annotated[NDArray[numpy.generic], dict(shape=(None, None), order='C', device='cpu', writable=False)], bits: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)], count: int, k: int, ef: int, threads: int = 1) -> tuple[Annotated[NDArray[numpy.uint32], dict(shape=(None, None), order='C')], Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C')], Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C')], Annotated[NDArray[numpy.uint64], dict(shape=(None,), order='C')], Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C')]]:
        """
        As search, among the slots whose bits are set, `count` of them; and (compared u64 (n,), scanned u8 (n,)): vectors each query was compared with, and whether they were scanned because a walk did not do. k is cut to `count`.
        """

    def search_nodes_filtered(self, fetch: object, queries: Annotated[NDArray[numpy.generic], dict(shape=(None, None), order='C', device='cpu', writable=False)], bits: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)], count: int, k: int, ef: int, threads: int = 1) -> tuple[Annotated[NDArray[numpy.uint32], dict(shape=(None, None), order='C')], Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C')], Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C')], Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C')]]:
        """
        As search_nodes, among the slots whose bits are set, `count` of them: nodes that stand for one at least; and failed u8 (n,): queries for which a walk did not do, which have no hits.
        """

    def free_slots(self, fetch: object, free_head: int, free_count: int) -> Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C')]:
        """The slots on the free list, in its order."""

    def vectors(self, fetch: object, slots: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> Annotated[NDArray[numpy.generic], dict(shape=(None, None))]:
        """
        Copies of the vectors in these slots, as they are stored: (n, dim), bits packed.
        """

    def norm_stats(self, fetch: object) -> tuple[int, float, float, float]:
        """(count, min, max, mean) of the norms of all vectors."""

    def norms(self, fetch: object) -> Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C')]:
        """
        The stored norm of every slot, float32 (slots,); -1 where it is free, -2 where its record has no vector.
        """

    def graph_statistics(self, fetch: object) -> tuple[int, int, int, int, list[tuple[int, Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C')], Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C')]]]]:
        """
        (nodes, duplicates, nodes with duplicates, slots reached, levels); a level is (nodes, histogram of links out u32, of links in u32). ValueError for a flat index.
        """

    def neighborhood(self, fetch: object, slot: int) -> tuple[int, Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C')], list[Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C')]]]:
        """
        (node that stands for the slot, slots that share its vector u32, its links u32 by level). CorruptedError for a slot that has no place in the graph.
        """

    def norms_of(self, fetch: object, slots: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C')]:
        """Norms of these slots, float32 (n,), as norms has them."""

    def linked(self, fetch: object, slots: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> Annotated[NDArray[numpy.bool_], dict(shape=(None,), order='C')]:
        """Which of these slots stand in the graph, bool (n,)."""

    def verify(self, fetch: object, free_head: int, free_count: int, bare: int = 0) -> list[tuple[str, str]]:
        """Every broken invariant of vectors and graph as (where, what)."""

    def duplicates(self, fetch: object, nodes: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)], most: int) -> tuple[Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C')], Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C')]]:
        """
        (slots u32, sizes u32 (n,)): each node, and behind it those it stands for, `most` together.
        """

    def ties(self, fetch: object, queries: Annotated[NDArray[numpy.generic], dict(shape=(None, None), order='C', device='cpu', writable=False)], values: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)], bits: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)] | None = None, count: int = 0, threads: int = 1) -> tuple[Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C')], Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C')]]:
        """
        (slots u32, sizes u32 (n,)): for each query the slots whose value is exactly values[i], rising, by looking at every one; with `bits`, at those that are set.
        """

class IdCache:
    """Ids by slot, for one state of a collection."""

    def __init__(self, *, slots: int, text: bool) -> None: ...

class PlainSearch:
    """
    The search for one query without a filter or a threshold, prepared for one state of a collection.
    """

    def __init__(self, *, index: Index, ids: IdCache, k: int, neighbors: int, ef: int, exact: bool, low: float, high: float, collection: int, start: int) -> None: ...

    def find(self, fetch: object, lookup: object, query: object, numbers: NDArray[numpy.int64] | None, values: NDArray[numpy.float64], payloads: bool) -> tuple[int, list[int | str] | NDArray[numpy.int64], list[int], list[bytes | None]] | tuple[NDArray[numpy.uint32], NDArray[numpy.float64], NDArray[numpy.uint32]] | None:
        """
        None for a query that is not plain. Else (count, ids, slots, payloads): the values of the hits are in `values`, ids that are numbers in `numbers`, which is `ids`; slots and payloads are empty unless asked for. Or (slots, values, counts), as `Index.search` has them, where k cuts a tie or a record is not plain.
        """

class Writer:
    """Private copies of the blocks that a batch changes."""

    def __init__(self, base: Index, *, free_head: int, free_count: int) -> None: ...

    @property
    def index(self) -> Index:
        """The collection with the changes so far."""

    @property
    def free_head(self) -> int: ...

    @property
    def free_count(self) -> int: ...

    def allocate(self, fetch: object, count: int) -> Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C')]:
        """Slots for new vectors: free ones first."""

    def locality_order(self, parts: Sequence[Annotated[NDArray[numpy.generic], dict(shape=(None, None), order='C', device='cpu', writable=False)]], threads: int = 1) -> Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C')]:
        """
        Numbers of rows that lie in several matrices, counted through, in the order in which they best lie: near ones beside each other.
        """

    def put(self, fetch: object, slots: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)], rows: Annotated[NDArray[numpy.generic], dict(shape=(None, None), order='C', device='cpu', writable=False)]) -> None:
        """Stores vectors and their norms."""

    def insert(self, fetch: object, slots: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)], *, nodes: int, threads: int = 1, offer_long_links: bool = False, progress: object | None = None) -> None:
        """
        Links stored vectors into the graph that holds about `nodes` already.

        `offer_long_links`: each may be linked to nodes farther off as well, as is wanted where nodes come and go.
        """

    def defer(self, fetch: object, slots: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> None:
        """Keeps stored vectors, found by every search, for a later insert."""

    def remove(self, fetch: object, slots: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)], *, progress: object | None = None) -> None:
        """Takes slots out of the graph, with repair."""

    def release(self, fetch: object, slots: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> None:
        """Erases vectors and gives their slots to the free list."""

    def put_bare(self, fetch: object, slots: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> None:
        """Marks slots, out of the graph, whose records have no vector."""

    def seal(self, commit: int, first: int = 0, count: int | None = None) -> list[tuple[bytes, NDArray[numpy.uint8]]]:
        """
        [(key, block)] of the blocks changed (all, or `count` from the `first` on), header and checksum filled in; the arrays are views that keep the Writer alive.
        """

    def stored(self) -> None:
        """
        The blocks that were changed lie where `fetch` will find them: let go of them.
        """

    def follow(self, newer: Index) -> None:
        """
        Sees the vectors of a later commit from now on. Slots whose vectors differ are to be removed first, and may then be inserted again.
        """

    def grow(self, slots: int) -> None:
        """
        Where the vectors are its own: there are so many slots now; the new ones are to be put.
        """

    def copy_empty(self, fetch: object, index: Index, slots: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> None:
        """
        Marks slots without a vector as they are in another table of the same slots: bare, or free with their place in its list.
        """

    def fill(self, fetch: object, first: int) -> None:
        """
        Makes blocks of links and codes where slots from `first` on have none, because none was linked.
        """

    @property
    def dirty_blocks(self) -> int:
        """How many blocks were changed."""

    @property
    def dirty_bytes(self) -> int:
        """Their bytes."""

    def rewritten(self) -> list[tuple[int, int, int, NDArray[numpy.uint32]]]:
        """[(generation, kind, level, block numbers)] of every block changed."""
