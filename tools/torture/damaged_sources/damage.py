"""Faults of bytes: flipped, lost, doubled, moved, cut, and numbers where lengths may be."""

from __future__ import annotations

import random
import re
from pathlib import Path

HUGE = (0, 1, 255, 2**15, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**63 - 1, 2**63, 2**64 - 1)
_LARGE = 8 << 20  # a file that is not rewritten for every fault
_WIDTHS = (1, 2, 4, 8, 64)


def damage_file(draw: random.Random, path: Path, spans: list[tuple[int, int]]) -> bool:
    """Damage a file; whether it is one flipped bit. Of a large file `spans` are what is not 0."""
    if path.stat().st_size > _LARGE:
        _in_place(draw, path, spans)
        return False
    data = path.read_bytes()
    if draw.random() < 0.3 and data:
        changed = bytearray(data)
        changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
        path.write_bytes(changed)
        return True
    path.write_bytes(damaged(draw, data))
    return False


def damaged(draw: random.Random, data: bytes) -> bytes:
    """The bytes with one to four faults."""
    changed = bytearray(data)
    for _ in range(draw.choice((1, 1, 1, 2, 4))):
        if not changed:
            break
        _fault(draw, changed)
    return bytes(changed)


def _fault(draw: random.Random, changed: bytearray) -> None:
    place = draw.randrange(len(changed))
    near_head = draw.randrange(min(len(changed), 256))
    width = draw.choice(_WIDTHS)
    match draw.randrange(10):
        case 0:
            changed[place] ^= 1 << draw.randrange(8)
        case 1:
            changed[near_head] = draw.randrange(256)
        case 2:
            del changed[place:]
        case 3:
            del changed[place : place + width]
        case 4:
            changed[place:place] = draw.randbytes(width)
        case 5:
            start = near_head if draw.random() < 0.5 else place
            _put(draw, changed, start)
        case 6:
            _put(draw, changed, place & ~7)
        case 7:  # a sector that was never written
            changed[place & ~511 : (place & ~511) + 512] = bytes(len(changed[place & ~511 :][:512]))
        case 8:
            _other_digit(draw, changed)
        case _:
            other = draw.randrange(len(changed))
            changed[place : place + 16] = changed[other : other + 16]


def _put(draw: random.Random, changed: bytearray, start: int) -> None:
    width = draw.choice((2, 4, 8))
    number = draw.choice(HUGE) % (1 << 8 * width)
    end = min(len(changed), start + width)
    changed[start:end] = number.to_bytes(width, "little")[: end - start]


def _other_digit(draw: random.Random, changed: bytearray) -> None:
    """Another number where a text has one; a flipped bit where it has none."""
    places = [found.start() for found in re.finditer(rb"[0-9]", changed[: 1 << 16])]
    if places:
        place = draw.choice(places)
        changed[place : place + 1] = draw.choice((b"0", b"9", b"-", b"99999999999", b"1e9", b""))


def _in_place(draw: random.Random, path: Path, spans: list[tuple[int, int]]) -> None:
    if draw.random() < 0.05:
        with path.open("r+b") as file:
            file.truncate(draw.randrange(path.stat().st_size))
        return
    for _ in range(draw.choice((1, 1, 2))):
        start, length = draw.choice(spans)
        with path.open("r+b") as file:
            file.seek(start)
            part = bytearray(file.read(length))
            place = draw.randrange(len(part))
            if draw.random() < 0.5:
                part[place] ^= 1 << draw.randrange(8)
            else:
                _put(draw, part, place)
            file.seek(start)
            file.write(part)
