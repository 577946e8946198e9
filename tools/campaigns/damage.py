"""Damage in closed files."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

from tools.campaigns import sample
from tools.campaigns.campaign import Campaign
from tools.campaigns.reader import Reader

PAGE = 4096
Change = Callable[[bytearray, random.Random], None]


def _at(data: bytearray, draw: random.Random, *, used: bool = True) -> int:
    """A place behind the two meta pages."""
    return draw.randrange(2 * PAGE if used else 0, len(data))


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


class Damage(Campaign):
    """Ten classes of damage in turn: what opens after full verification is right."""

    accepted = ("right", "refused")

    def __init__(self, place: Path, seed: int) -> None:
        super().__init__(place, seed)
        sample.make(place / "whole.vdb")
        self._whole = (place / "whole.vdb" / "data.mdb").read_bytes()
        self._reader = Reader()
        self._right = self._reader.ask(place / "whole.vdb", "full")

    def round(self, number: int) -> str:
        draw = random.Random(f"{self.seed} {number}")
        data = bytearray(self._whole)
        CLASSES[number % len(CLASSES)](data, draw)
        copy = self.place / "copy.vdb"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.place / "whole.vdb", copy)
        (copy / "data.mdb").write_bytes(data)
        answer = self._reader.ask(copy, "full")
        if answer == self._right:
            return "right"
        refused = ("CorruptedError", "FormatVersionError", "InvalidArgumentError")
        if answer in refused:
            return "refused"
        name = CLASSES[number % len(CLASSES)].__name__
        wrong = "a wrong answer" if len(answer) == len(self._right) else answer
        return f"{wrong} after {name}"

    def end(self) -> None:
        self._reader.end()
