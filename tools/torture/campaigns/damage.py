"""Damage in closed files."""

from __future__ import annotations

import random
from collections.abc import Callable

from tools.torture.shared.closed_files import ClosedFiles

PAGE = 4096
Change = Callable[[bytearray, random.Random], None]


def _at(data: bytearray, draw: random.Random) -> int:
    """A place behind the two meta pages."""
    return draw.randrange(2 * PAGE, len(data))


def _flip(data: bytearray, draw: random.Random) -> None:
    data[_at(data, draw)] ^= 1 << draw.randrange(8)


def _flips(data: bytearray, draw: random.Random) -> None:
    for _ in range(64):
        _flip(data, draw)


def _byte(data: bytearray, draw: random.Random) -> None:
    data[_at(data, draw)] = draw.randrange(256)


def _zeros(data: bytearray, draw: random.Random) -> None:
    at = _at(data, draw)
    end = min(len(data), at + draw.choice([8, 64, 512]))
    data[at:end] = bytes(end - at)


def _noise(data: bytearray, draw: random.Random) -> None:
    at = _at(data, draw)
    end = min(len(data), at + draw.choice([8, 64, 512]))
    data[at:end] = draw.randbytes(end - at)


def _page(data: bytearray, draw: random.Random) -> int:
    return draw.randrange(2, len(data) // PAGE) * PAGE


def _zero_page(data: bytearray, draw: random.Random) -> None:
    at = _page(data, draw)
    data[at : at + PAGE] = bytes(PAGE)


def _noise_page(data: bytearray, draw: random.Random) -> None:
    at = _page(data, draw)
    data[at : at + PAGE] = draw.randbytes(PAGE)


def _swap_pages(data: bytearray, draw: random.Random) -> None:
    a, b = _page(data, draw), _page(data, draw)
    data[a : a + PAGE], data[b : b + PAGE] = data[b : b + PAGE], data[a : a + PAGE]


def _copy_page(data: bytearray, draw: random.Random) -> None:
    a, b = _page(data, draw), _page(data, draw)
    data[a : a + PAGE] = data[b : b + PAGE]


def _meta(data: bytearray, draw: random.Random) -> None:
    data[draw.randrange(2 * PAGE)] ^= 1 << draw.randrange(8)


CLASSES: tuple[Change, ...] = (
    _flip, _flips, _byte, _zeros, _noise, _zero_page, _noise_page, _swap_pages, _copy_page, _meta,
)  # fmt: skip


class Damage(ClosedFiles):
    """Ten classes of damage in turn: what opens after full verification is right."""

    refusals = ("CorruptedError", "FormatVersionError", "InvalidArgumentError")
    full = 10_000

    def round(self, number: int) -> str:
        data = bytearray(self.whole)
        change = CLASSES[number % len(CLASSES)]
        change(data, random.Random(f"{self.seed} {number}"))
        outcome = self.outcome(bytes(data), "full")
        return outcome if outcome in self.accepted else f"{outcome} after {change.__name__}"
