"""One checksum, the same on every machine."""

import numpy as np
import pytest

from vdb.kernel import crc32c


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", 0x00000000),
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
    ],
)
def test_published_vectors(data: bytes, expected: int) -> None:
    assert crc32c(data) == expected
    assert crc32c(data, portable=True) == expected


def test_portable_and_hardware_agree_at_every_length_and_offset() -> None:
    data = np.random.default_rng(1).integers(0, 256, 300, dtype=np.uint8).tobytes()
    for start in range(9):
        for end in range(start, 200, 7):
            piece = data[start:end]
            assert crc32c(piece) == crc32c(piece, portable=True)


@pytest.mark.parametrize("size", [255, 256, 257, 319, 320, 1000, 4080, 9999, 65_520])
def test_long_data_agree_with_the_portable_sum(size: int) -> None:
    data = np.random.default_rng(size).bytes(size)
    assert crc32c(data, 7) == crc32c(data, 7, portable=True)


def test_a_checksum_continues_over_pieces() -> None:
    data = np.random.default_rng(2).bytes(1000)
    for cut in (0, 1, 8, 333, 1000):
        assert crc32c(data[cut:], crc32c(data[:cut])) == crc32c(data)


def test_anything_but_a_buffer_is_refused() -> None:
    with pytest.raises(TypeError):
        crc32c("text")
