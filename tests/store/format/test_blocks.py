"""Block headers and the arithmetic of rows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vdb import kernel
from vdb.errors import CorruptedError
from vdb.kernel import BlockTable
from vdb.model.dtypes import DTYPES
from vdb.store.format import blocks, keys
from vdb.store.format.blocks import BlockHeader

U32 = st.integers(0, 2**32 - 1)
HEADERS = st.builds(
    BlockHeader,
    st.integers(0, 255),
    st.integers(0, 255),
    *[U32] * 6,
    st.integers(0, 2**64 - 1),
    U32,
)


@given(HEADERS)
def test_a_header_comes_back_and_has_48_bytes(header):
    encoded = header.encode()
    assert len(encoded) == blocks.HEADER_SIZE == 48
    assert BlockHeader.decode(encoded + b"rows", "here") == header


@given(st.binary(max_size=100))
def test_arbitrary_bytes_are_called_damaged(value):
    with pytest.raises(CorruptedError) as caught:
        BlockHeader.decode(value, "here")
    assert caught.value.where == "here"


@given(HEADERS, st.integers(0, 47), st.integers(1, 255))
def test_a_damaged_magic_layout_or_reserved_field_is_named(header, at, flip):
    value = bytearray(header.encode())
    value[at] ^= flip
    named = {0: "magic", 1: "magic", 2: "magic", 3: "magic", 6: "layout", 7: "layout"}
    named |= dict.fromkeys(range(44, 48), "reserved")
    if at in named:
        with pytest.raises(CorruptedError, match=named[at]):
            BlockHeader.decode(value, "here")
    else:
        assert BlockHeader.decode(value, "here") != header


@pytest.mark.parametrize("page_size", [4096, 8192, 16384, 32768])
def test_blocks_get_pages_of_their_own_at_every_page_size(page_size):
    assert blocks.small_block(page_size) > blocks.largest_inline(page_size)
    assert blocks.largest_inline(page_size) < blocks.BIG_BLOCK


def test_the_first_row_lies_at_a_multiple_of_64():
    assert (blocks.PAGE_HEADER + blocks.HEADER_SIZE) % 64 == 0


def test_a_row_of_the_largest_vectors_fits_a_block():
    for dtype in DTYPES.values():
        size = blocks.vector_row_size(dtype.largest_dim, dtype.name)
        assert blocks.rows_per_block(blocks.BIG_BLOCK, size, blocks.VECTORS) == 1


@given(st.integers(1, 2000).map(lambda n: 8 * n), st.sampled_from(list(DTYPES.values())))
def test_a_row_of_vectors_is_padded_to_16_bytes(dim, dtype):
    size = blocks.vector_row_size(dim, dtype.name)
    assert size % 16 == 0
    assert 0 <= size - dim * dtype.bits // 8 < 16


@pytest.mark.parametrize("M", [2, 3, 16, 48, 256])
def test_the_kernel_agrees_on_levels_and_rows(M):
    assert blocks.link_levels(M) == kernel.level_limit(M)
    for level in range(3):
        assert blocks.link_row_size(M, level) == kernel.link_row_size(M, level)


@pytest.mark.parametrize("kind", [blocks.VECTORS, blocks.LINKS])
@given(row_size=st.integers(1, 1000).map(lambda n: 4 * n), slots=st.integers(0, 100_000))
def test_the_kernel_agrees_on_rows_of_a_block(kind, row_size, slots):
    table = BlockTable(
        prefix=keys.block_prefix(1, 1, kind, 0),
        salt=b"s" * 16,
        collection=1,
        generation=1,
        kind=kind,
        level=0,
        block_size=4080,
        row_size=row_size,
        slots=slots,
        span=1,
    )
    assert table.rows == blocks.rows_per_block(4080, row_size, kind)
    assert table.blocks == -(-slots // table.rows)
