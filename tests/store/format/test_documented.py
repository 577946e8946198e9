"""docs/internals/format.md and the code say the same, number for number and byte for byte."""

import re
import struct
from pathlib import Path

import numpy as np
import pytest

from support.kernel_memory import MemoryIndex
from vdb.errors import CorruptedError, InvalidArgumentError
from vdb.index.text import deleted_documents
from vdb.kernel import BlockTable, Index, Writer, crc32c
from vdb.model import config
from vdb.model.dtypes import DTYPES, LARGEST_ROW
from vdb.model.filters import field_types, paths
from vdb.model.metrics import METRICS
from vdb.store.format import (
    blocks,
    change_log,
    checksums,
    generation,
    headers,
    journal,
    keys,
    limits,
    packing,
    payloads,
    posting_leaves,
    records,
    terms,
    versions,
)
from vdb.store.format.keys import KeyKind
from vdb.store.format.text_header import SegmentCounts, TextHeader

PAGE = Path(__file__).parents[3] / "docs" / "internals" / "format.md"
TEXT = PAGE.read_text(encoding="utf-8")
SALT = bytes(range(16))


def section(title):
    """What stands under a heading, up to the next of the same or a higher rank."""
    found = re.search(rf"^(#+) {re.escape(title)}$", TEXT, re.MULTILINE)
    assert found, title
    rest = TEXT[found.end() :]
    end = re.search(rf"^#{{1,{len(found[1])}}} ", rest, re.MULTILINE)
    return rest[: end.start()] if end else rest


def table(title):
    """The rows of the first table of a section, without its head, backticks removed."""
    lines = []
    for line in section(title).splitlines():
        if line.startswith("|"):
            lines.append([cell.strip().replace("`", "") for cell in line.strip("|").split("|")])
        elif lines:
            break
    return lines[2:]


def number(text):
    """A number as the page writes it."""
    return int(text.replace(",", ""), 0)


def stated(pattern):
    """The one number that a sentence of the page states."""
    (found,) = re.findall(pattern, " ".join(TEXT.split()))
    return number(found)


def test_the_version_is_the_one_that_is_written():
    assert stated(r"Format version \*\*(\d+)\*\*") == versions.FORMAT_VERSION
    assert {int(version): release for version, release, _ in table("Version history")} == (
        versions.RELEASES
    )
    assert f"release {versions.RELEASES[versions.FORMAT_VERSION]}" in TEXT


def test_every_kind_of_key_is_in_the_table_and_the_other_way_round():
    rows = table("Keys")
    assert {int(byte, 16): kind for byte, kind, *_ in rows} == {
        kind.value: kind.name.lower() for kind in KeyKind
    }


def test_the_fields_of_every_key_are_as_in_the_table():
    sizes = {"u8": 1, "u16": 2, "u32": 4, "u64": 8}
    samples = {
        KeyKind.JOURNAL: keys.journal(1),
        KeyKind.COLLECTION: keys.collection(1),
        KeyKind.GENERATION: keys.generation(1, 2),
        KeyKind.CHANGE: keys.change(1, 2, 3, 4),
        KeyKind.BLOCK: keys.block(1, 2, 3, 4, 5),
        KeyKind.RECORD: keys.record(1, 2),
        KeyKind.PART: keys.part(1, 2, 3),
        KeyKind.SEGMENT: keys.segment_part(1, 2, 3, 4),
        KeyKind.TEXT: keys.text(1, 2),
        KeyKind.DELETED: keys.deleted(1, 2, 3, 4),
    }
    for byte, _, then, _ in table("Keys"):
        kind = KeyKind(int(byte, 16))
        if kind in samples:
            fields = re.findall(r"(\w+):(u\d+)", then)
            assert len(samples[kind]) == 1 + sum(sizes[width] for _, width in fields)
            decoded = keys.decode(samples[kind])
            named = [name if name != "kind" else "block_kind" for name, _ in fields]
            assert all(getattr(decoded, name) is not None for name in named)


def test_the_bounds_of_names_and_ids_are_the_ones_in_use():
    assert stated(r"name, 1 to (\d+) bytes") == keys.LONGEST_NAME
    assert stated(r"id, 1 to (\d+) bytes") == keys.LONGEST_ID
    assert stated(r"bound, 1 to (\d+) bytes") == keys.LONGEST_BOUND
    assert keys.LONGEST_BOUND == 1 + terms.LONGEST + 2 + posting_leaves.SLOT_SIZE


def test_the_checksum_is_the_one_described():
    assert stated(r"`123456789` it is (0x\w+)") == crc32c(b"123456789")
    assert checksums.Seal(SALT).wrap(b"k", b"v") == struct.pack("<I", crc32c(SALT + b"kv")) + b"v"


@pytest.mark.parametrize(
    ("title", "record"),
    [
        ("Database header", headers.DatabaseHeader),
        ("Collection header", headers.CollectionHeader),
        ("Generation record", generation.GenerationRecord),
    ],
)
def test_the_fields_of_every_record_are_the_ones_in_the_table(title, record):
    names = list(record.__dataclass_fields__)
    if record is headers.CollectionHeader:
        names.remove("text_fields")  # which stand among the others
    assert [name for name, *_ in table(title)] == names


def test_the_header_of_a_text_field_is_the_one_in_its_table():
    assert [name for name, *_ in table("Text fields")] == list(TextHeader.__dataclass_fields__)
    assert stated(r"at most ([\d,]+), by rising number, each a list") == limits.MOST_SEGMENTS
    assert stated(r"each a list of (\d+) ints") == len(SegmentCounts._fields)
    assert stated(r"both are texts of at most (\d+) bytes") == limits.LONGEST_ANALYZER


def test_deleted_documents_are_marked_as_described():
    bits = deleted_documents.no_bits(8193)
    deleted_documents.mark(bits, np.array([17, 8192]))
    (first, one), (second, other) = deleted_documents.chunks(bits, None)
    assert (first, second) == (0, 1)
    assert len(one) == 1024
    assert one[17 // 8] == 1 << 17 % 8
    assert other[0] == 1


def test_the_fields_of_a_build_are_the_ones_in_its_table():
    rows = re.findall(r"^\| `(\w+)` \|", section("Generation record"), re.MULTILINE)
    whole = len(generation.GenerationRecord.__dataclass_fields__)
    assert rows[whole:] == list(generation.Build.__dataclass_fields__)


def test_the_bounds_of_the_history_are_the_ones_in_use():
    assert stated(r"`reason` str of at most (\d+) bytes") == limits.LONGEST_REASON
    assert stated(r"of more than (\d+) the first") == limits.KEPT_HISTORY
    assert stated(r"the first and the newest (\d+)") == limits.KEPT_HISTORY - 1


def test_a_part_of_a_log_is_as_described():
    assert stated(r"stands for the ([\d,]+) slots from") == change_log.SLOTS
    assert stated(r"its body has ([\d,]+) bytes") == change_log.PART
    ((number_, bits),) = change_log.parts(np.array([8192 + 17], dtype=np.uint32))
    assert number_ == 1
    assert bits[17 // 8] == 1 << 17 % 8


def test_the_words_that_fields_may_hold_are_listed():
    fields = {name: meaning for name, _, meaning in table("Collection header")}
    assert re.split(r", | or ", fields["metric"]) == list(limits.METRICS)
    assert re.split(r", | or ", fields["dtype"].split(";")[0]) == list(limits.DTYPES)
    assert all(kind in fields["id_kind"] for kind in limits.ID_KINDS)
    index = {name: meaning for name, _, meaning in table("Generation record")}["index"]
    assert re.findall(r'"type": "(\w+)"', index) == list(limits.INDEX_TYPES)
    assert number(re.search(r"or (\d+) for none", fields["free_head"])[1]) == limits.NO_SLOT
    assert stated(r"at most ([\d,]+) bytes in a row") == headers.LARGEST_ROW == LARGEST_ROW
    assert stated(r"come from, at most ([\d,]+) bytes of UTF-8") == limits.LONGEST_MODEL


def test_the_dtypes_are_those_of_the_table():
    assert [(name, int(bits)) for name, bits, _ in table("Vectors (kind 1)")] == [
        (row.name, row.bits) for row in DTYPES.values()
    ]
    assert list(DTYPES) == list(limits.DTYPES)
    assert list(METRICS) == list(limits.METRICS)


def test_the_length_of_a_model_is_counted_in_bytes_by_whoever_writes_or_reads_it():
    def encoded(model):
        return headers.CollectionHeader(
            name="docs",
            number=1,
            dim=2,
            metric="l2",
            dtype="float32",
            scores="native",
            model=model,
            created=0.0,
            version="0.1.0",
        ).encode()

    longest = "é" * (limits.LONGEST_MODEL // 2)
    assert config.model_text(longest) == longest
    assert headers.CollectionHeader.decode(encoded(longest), 1).model == longest
    with pytest.raises(InvalidArgumentError, match=f"{limits.LONGEST_MODEL} bytes"):
        config.model_text(longest + "x")
    with pytest.raises(CorruptedError, match=f"at most {limits.LONGEST_MODEL} bytes"):
        headers.CollectionHeader.decode(encoded(longest + "x"), 1)


def test_the_types_of_declared_fields_are_listed():
    fields = {name: meaning for name, _, meaning in table("Collection header")}["fields"]
    assert number(re.search(r"at most (\d+),", fields)[1]) == field_types.MOST_FIELDS
    assert number(re.search(r"of at most (\d+) bytes", fields)[1]) == paths.LONGEST_PATH
    kinds = re.findall(r"^\| `(\w+)` \| ", section("Postings"), re.MULTILINE)
    assert set(kinds) - {"00", "01"} == set(field_types.BASES)
    assert stated(r"of more than (\d+) such bytes") == terms.LONGEST


def test_terms_and_leaves_are_as_described():
    assert terms.terms("int", 5) == {b"\0", b"\2" + (5 + 2**63).to_bytes(9, "big")}
    assert terms.terms("float", -1.5) == {
        b"\0",
        b"\2" + bytes(b ^ 255 for b in struct.pack(">d", -1.5)),
    }
    assert terms.terms("float", 2) == {b"\0", b"\2" + struct.pack(">Q", 0xC000000000000000)}
    assert terms.terms("datetime", "1970-01-01T00:00:01") == {
        b"\0",
        b"\2" + struct.pack(">Q", 10**6 + 2**63),
    }
    assert terms.terms("bool[]", [True, False]) == {b"\0", b"\2\0", b"\2\1"}
    assert terms.terms("keyword", "a\0b") == {b"\0", b"\2a\0\xffb\0\1"}
    assert terms.terms("keyword", "x" * 239 + "\0y") == {b"\0", b"\2" + b"x" * 239 + b"\0\2"}
    assert terms.terms("keyword", None) == {b"\0", b"\1"}
    held = [
        posting_leaves.posting(b"\2ab", 7),
        posting_leaves.posting(b"\2ac", 1),
        posting_leaves.posting(b"\2ac", 258),
    ]
    body = struct.pack("<5H2H3I", 2, 3, 2, 1, 0, 1, 2, 7, 1, 258) + b"\2abc"
    assert posting_leaves.encode(held) == body
    assert posting_leaves.Leaf(body, "here").postings() == held


def test_the_number_of_slots_is_the_one_in_use():
    assert "0 to 2³¹-3" in section("Keys")
    assert limits.MOST_SLOTS == 2**31 - 2
    readme = (PAGE.parents[2] / "README.md").read_text(encoding="utf-8")
    assert "at most 2³¹ − 2 records" in readme  # noqa: RUF001 - the README's minus sign


def test_the_limits_of_the_journal_are_the_ones_in_use():
    assert stated(r"At most ([\d,]+) numbers are listed") == journal.MOST_NUMBERS
    assert stated(r"journals of the newest (\d+) commits") == journal.KEPT


def test_the_limits_of_records_are_the_ones_in_use():
    assert stated(r"nested at most (\d+) deep") == payloads.DEEPEST
    assert "at most 1 MiB" in section("Records")
    assert payloads.LARGEST == packing.LARGEST == 1 << 20
    assert f"the byte `{records.CUT:02X}`" in section("Records")


def test_the_block_header_is_laid_out_as_in_the_table():
    letters = {"u8": "B", "u16": "H", "u32": "I", "u64": "Q"}
    rows = table("Blocks")
    offsets = [int(at) for at, *_ in rows]
    layout = "<" + "".join(letters[width] for _, _, width, _ in rows)
    assert struct.calcsize(layout) == blocks.HEADER_SIZE
    assert offsets == [struct.calcsize(layout[: i + 1]) for i in range(len(rows))]  # no gaps
    values = {name: i + 1 for i, (_, name, *_) in enumerate(rows)}
    values |= {"magic": blocks.MAGIC, "layout": blocks.LAYOUT, "reserved": 0}
    encoded = struct.pack(layout, *values.values())
    decoded = blocks.BlockHeader.decode(encoded, "here")
    for name in ("kind", "level", "collection", "generation", "number", "row_size", "rows"):
        assert getattr(decoded, name) == values[name]
    for name in ("count", "commit", "checksum"):
        assert getattr(decoded, name) == values[name]


def test_the_kinds_of_block_are_numbered_as_described():
    kinds = {name: meaning for _, name, _, meaning in table("Blocks")}["kind"]
    assert kinds == f"{blocks.VECTORS} vectors, {blocks.LINKS} links, {blocks.CODES} codes"
    magic = {name: meaning for _, name, _, meaning in table("Blocks")}["magic"]
    assert number(magic.split(",")[0]) == blocks.MAGIC
    assert magic.split(", ")[1].encode()[::-1] == blocks.MAGIC.to_bytes(4, "big")
    assert "Vectors (kind 1)" in TEXT
    assert "Links, level 0 (kind 2)" in TEXT
    assert "Codes (kind 3)" in TEXT


def test_the_sizes_of_blocks_are_the_ones_in_use():
    fields = {name: meaning for name, _, meaning in table("Database header")}
    assert number(fields["big_block"]) == blocks.BIG_BLOCK
    assert fields["small_block"] == "page_size - 16"
    assert blocks.small_block(4096) == 4096 - 16


class TestExample:
    """The worked example, made anew."""

    @pytest.fixture
    def shown(self):
        plain = {}
        for key, value, *_ in table("An example"):
            plain[bytes.fromhex(key)] = bytes.fromhex(value)
        return plain

    @pytest.fixture
    def block(self):
        """The kernel's own block of the one vector, as of commit 2."""
        vectors = BlockTable(
            prefix=keys.block_prefix(1, 1, 1, 0),
            salt=SALT,
            collection=1,
            generation=1,
            kind=blocks.VECTORS,
            level=0,
            block_size=blocks.BIG_BLOCK,
            row_size=blocks.vector_row_size(2, "float32"),
            slots=0,
        )
        nothing = {}.get
        index = Index(
            metric="l2",
            dim=2,
            dtype="float32",
            vectors=vectors,
            links=[],
            M=2,
            ef_construction=1,
            seed=0,
            slots=0,
            entry=limits.NO_SLOT,
            longest=np.empty(0, np.uint32),
        )
        writer = Writer(index, free_head=limits.NO_SLOT, free_count=0)
        slots = writer.allocate(nothing, 1)
        writer.put(nothing, slots, np.array([[3, 4]], np.float32))
        ((key, value),) = writer.seal(2)
        return bytes(key), bytes(value)

    def test_the_small_records_are_those(self, shown):
        seal = checksums.Seal(SALT)
        one = np.array([0], np.uint32)
        body = records.encode("a", payloads.encode({"n": 1}))
        made = {
            keys.IDENTITY: versions.Identity(1, "0.1.0").encode(),
            keys.name("docs"): (1).to_bytes(4, "little"),
            keys.record(1, 0): body,
            keys.journal(2): journal.encode({1: {(1, 1, 0): one}}, largest=4000),
        }
        sealed = {k: v if k == keys.IDENTITY else seal.wrap(k, v) for k, v in made.items()}
        sealed[keys.slot_of(1, "a")] = (0).to_bytes(4, "little")
        assert shown == sealed

    def test_the_block_begins_and_ends_like_that(self, block):
        key, value = block
        text = section("An example")
        (said,) = re.findall(r"under key `(20 [\da-f ]+)`", text)
        assert bytes.fromhex(said) == key
        start = bytes.fromhex("".join(re.findall(r"^    ([\da-f ]+)$", text, re.MULTILINE)))
        assert value[:64] == start
        (rows, at, norm) = re.search(
            r"([\d,]+) rows fit;.* = ([\d,]+), stands the norm of row 0: `(\w+)`", text, re.DOTALL
        ).groups()
        assert number(rows) == blocks.rows_per_block(blocks.BIG_BLOCK, 16, blocks.VECTORS)
        assert number(at) == blocks.HEADER_SIZE + 16 * number(rows)
        assert value[number(at) :][:4] == bytes.fromhex(norm) == struct.pack("<f", 5)

    @pytest.fixture
    def links(self):
        """The kernel's own rows of level 0 for the vectors that the page names."""
        text = " ".join(section("An example").split())
        m, vectors = re.search(r"HNSW with M = (\d+), .* the vectors (.*) at slots", text).groups()
        points = [
            [float(n) for n in point.split(",")] for point in re.findall(r"\((.*?)\)", vectors)
        ]
        index = MemoryIndex("l2", 2, M=int(m))
        index.add(np.array(points, np.float32))
        (block,) = [value for key, value in index.blocks().items() if key.startswith(b"links00")]
        size = blocks.link_row_size(int(m), 0)
        rows = block[blocks.HEADER_SIZE :]
        return [rows[start : start + size] for start in range(0, (len(points) + 1) * size, size)]

    def test_the_rows_of_links_are_those(self, links):
        shown = re.findall(r"^\| (\d) \| `([\da-f ]+)` \|", section("An example"), re.MULTILINE)
        assert [(int(slot), bytes.fromhex(row)) for slot, row in shown] == list(enumerate(links))

    def test_the_words_of_links_are_as_described(self, links):
        node, plain, last, first, unused = [np.frombuffer(row, "<u4").tolist() for row in links]
        text = " ".join(section("Links, level 0 (kind 2)").split())
        (none,) = re.findall(r"duplicate word\*\* is (\d+) for a node without", text)
        (end,) = re.findall(r"or (\d+) at the end;", text)
        (stop,) = re.findall(r"2M links, ended early by (\d+)", text)
        (low,) = re.findall(r"a slot in its low (\d+) bits", text)
        (tree,) = re.findall(r"bit (\d+) says that it belongs to the spanning tree", text)
        (duplicate,) = re.findall(r"its duplicate word has bit (\d+) set", text)
        tree, duplicate, stop = 1 << int(tree), 1 << int(duplicate), int(stop)
        assert tree == 1 << int(low)
        assert int(none) == int(end) >= limits.MOST_SLOTS  # which is no slot
        assert node == [3, 1 | tree, stop, stop, stop]
        assert plain == [int(none), 0 | tree, stop, stop, stop]
        assert first == [2 | duplicate, 0, 0, stop, stop]
        assert last == [int(end) | duplicate, 0, 3, stop, stop]
        assert unused == [2**32 - 1] * 5

    def test_the_checksum_of_the_block_is_made_as_described(self, block):
        value = bytearray(block[1])
        stored = blocks.BlockHeader.decode(value, "here").checksum
        assert stored == blocks.checksum(value, SALT)
        value[40:44] = bytes(4)
        assert stored == crc32c(SALT + bytes(value))
