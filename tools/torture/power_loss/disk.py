"""What a disk may hold after a power cut, given the calls that were made before it.

Nothing is certain but what was flushed. Of the rest

- each 4 KiB piece of a file is as it was when it was flushed last, or as any later call left it, or
  *torn*: each of its 512-byte sectors from one of two such moments;
- a file is as long as it was at any moment since it was flushed last;
- each change of a directory was done or not: all up to some moment, as a journal of the file system
  would have it, or any of them. A rename inside a directory is one change, from one directory to
  another it is two.

Flushing a file makes its bytes and its length certain, not its name; flushing a directory makes
its names certain. A write through a descriptor that flushes what it writes makes the pieces that it
touched certain.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tools.torture.power_loss.log import Call, Entry

PIECE = 4096
SECTOR = 512


@dataclass(slots=True)
class File:
    """A file: what is certain, and what was done since."""

    certain: bytearray = field(default_factory=bytearray)
    now: bytearray = field(default_factory=bytearray)
    pieces: dict[int, list[bytes]] = field(default_factory=dict)  # number -> later contents
    lengths: list[int] = field(default_factory=list)

    def write(self, offset: int, data: bytes) -> None:
        """As the call does."""
        end = offset + len(data)
        if end > len(self.now):
            self.resize(end)
        self.now[offset:end] = data
        for number in range(offset // PIECE, -(-end // PIECE)):
            piece = bytes(self.now[number * PIECE : (number + 1) * PIECE])
            self.pieces.setdefault(number, []).append(piece.ljust(PIECE, b"\0"))

    def resize(self, length: int) -> None:
        """As the call does; nothing that is followed here makes a file shorter."""
        if length < len(self.now):
            raise ValueError(f"a file was cut from {len(self.now)} to {length} bytes")
        self.now.extend(bytes(length - len(self.now)))
        self.lengths.append(length)

    def sync(self) -> None:
        """All of it is certain from now on."""
        self._keep(list(self.pieces))
        _set_length(self.certain, len(self.now))
        self.lengths.clear()

    def sync_range(self, offset: int, length: int) -> None:
        """The pieces that hold these bytes are."""
        end = offset + length
        self._keep(list(range(offset // PIECE, -(-end // PIECE))))
        _set_length(self.certain, max(len(self.certain), end))
        self.lengths = [length for length in self.lengths if length > len(self.certain)]

    def _keep(self, numbers: list[int]) -> None:
        for number in numbers:
            if self.pieces.pop(number, None):
                at = number * PIECE
                if len(self.certain) < at:
                    _set_length(self.certain, at)
                self.certain[at : at + PIECE] = self.now[at : at + PIECE]

    def after_a_cut(self, draw: random.Random, kept: float) -> bytes:
        """What may be left; each piece is as new as can be with the chance `kept`."""
        content = bytearray(self.certain)
        lengths = [len(self.certain), *self.lengths]
        length = lengths[-1] if draw.random() < kept else draw.choice(lengths)
        _set_length(content, length)
        for number, later in self.pieces.items():
            at = number * PIECE
            if at < length:
                before = bytes(self.certain[at : at + PIECE]).ljust(PIECE, b"\0")
                piece = _drawn([before, *later], draw, kept)
                content[at : at + PIECE] = piece[: length - at]
        return bytes(content)


def _set_length(content: bytearray, length: int) -> None:
    if length < len(content):
        del content[length:]
    else:
        content.extend(bytes(length - len(content)))


def _drawn(moments: list[bytes], draw: random.Random, kept: float) -> bytes:
    chance = draw.random()
    if chance < kept:
        return moments[-1]
    if chance < kept + (1 - kept) / 2:
        return moments[0]
    one, other = draw.choice(moments), draw.choice(moments)
    if draw.random() < 0.5:
        return one
    return b"".join(draw.choice((one, other))[at : at + SECTOR] for at in range(0, PIECE, SECTOR))


@dataclass(slots=True)
class Change:
    """One change of a directory: names, and what they stand for from then on (0: nothing)."""

    moment: int
    names: dict[str, int]


@dataclass(slots=True)
class Directory:
    """A directory: what is certain, and what was done since."""

    certain: dict[str, int] = field(default_factory=dict)
    now: dict[str, int] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)

    def change(self, moment: int, names: dict[str, int]) -> None:
        """As a call does."""
        self.changes.append(Change(moment, names))
        _apply(self.now, names)

    def sync(self) -> None:
        """All names are certain from now on."""
        self.certain = dict(self.now)
        self.changes.clear()


def _apply(names: dict[str, int], change: dict[str, int]) -> None:
    for name, inode in change.items():
        if inode:
            names[name] = inode
        else:
            names.pop(name, None)


class Disk:
    """A directory tree as the calls made it.

    Attributes:
        acknowledged: Lines that were written to the file `acks` at the top: it is not part of the
            disk, but tells what the program believed.
    """

    ACKS = "acks"

    def __init__(self) -> None:
        self.acknowledged: list[str] = []
        self._files: dict[int, File] = {}
        self._directories: dict[int, Directory] = {}
        self._root = 0
        self._acks = 0
        self._moment = 0

    def follow(self, entries: Iterable[Entry]) -> None:
        """Do what these calls did."""
        for entry in entries:
            self._moment += 1
            if entry.names:
                self._follow_names(entry)
            elif entry.inode == self._acks:
                self.acknowledged += entry.data.decode().splitlines()
            else:
                self._follow_data(entry)

    def _follow_data(self, entry: Entry) -> None:
        file = self._files.get(entry.inode)
        if file is None:
            self._directories[entry.inode].sync()
        elif entry.call is Call.RESIZE:
            file.resize(entry.offset)
        elif entry.call is Call.SYNC:
            file.sync()
        else:
            file.write(entry.offset, entry.data)
            if entry.synced:
                file.sync_range(entry.offset, len(entry.data))

    def _follow_names(self, entry: Entry) -> None:
        name = entry.names[0]
        match entry.call:
            case Call.MKDIR:
                self._directories[entry.inode] = Directory()
                if name:
                    self._put(entry.inode, name)
                else:
                    self._root = entry.inode
            case Call.CREATE if name == self.ACKS:
                self._acks = entry.inode
            case Call.CREATE:
                self._files[entry.inode] = File()
                self._put(entry.inode, name)
            case Call.LINK:
                self._put(self._inode(name), entry.names[1])
            case Call.UNLINK:
                self._put(0, name)
            case Call.RENAME:
                self._rename(*entry.names)

    def _inode(self, path: str) -> int:
        inode = self._root
        for name in PurePosixPath(path).parts:
            inode = self._directories[inode].now[name]
        return inode

    def _parent(self, path: str) -> tuple[Directory, str]:
        where = PurePosixPath(path)
        return self._directories[self._inode(str(where.parent))], where.name

    def _put(self, inode: int, path: str) -> None:
        directory, name = self._parent(path)
        directory.change(self._moment, {name: inode})

    def _rename(self, old: str, new: str) -> None:
        inode = self._inode(old)
        (source, old_name), (target, new_name) = self._parent(old), self._parent(new)
        if source is target:
            source.change(self._moment, {old_name: 0, new_name: inode})
        else:
            source.change(self._moment, {old_name: 0})
            target.change(self._moment, {new_name: inode})

    def cut(self, place: Path, draw: random.Random, kept: float | None = None) -> None:
        """Write what a power cut at this moment may leave to a directory that does not exist.

        `kept` is the chance of each change since it was last flushed to be there; 1: all are.
        """
        if kept is None:
            kept = draw.choice((0.0, 0.05, 0.3, 0.7, 0.95, 1.0))
        until = draw.randint(0, self._moment) if draw.random() < 0.5 else None
        if kept == 1:
            until = self._moment
        self._write(self._root, place, draw, kept, until)

    def _write(
        self, inode: int, place: Path, draw: random.Random, kept: float, until: int | None
    ) -> None:
        directory = self._directories.get(inode)
        if directory is None:
            place.write_bytes(self._files[inode].after_a_cut(draw, kept))
            return
        place.mkdir()
        names = dict(directory.certain)
        for change in directory.changes:
            if change.moment <= until if until is not None else draw.random() < kept:
                _apply(names, change.names)
        for name in sorted(names):
            self._write(names[name], place / name, draw, kept, until)
