"""The names of the objects of a cluster, below the prefix of its URL.

Numbers have twenty digits, so that names sort as numbers do.
"""

from __future__ import annotations

import re

__all__ = [
    "LOGS",
    "MAPS",
    "backup_prefix",
    "is_shard_name",
    "log_name",
    "log_prefix",
    "map_name",
    "number_of",
    "shard_name",
]

MAPS = "map/"
LOGS = "log/"

_SHARD = re.compile(r"[A-Za-z0-9_.\-]{1,128}-[0-9]{6,20}", re.ASCII)
_NUMBERED = re.compile(r"([0-9]{20})(?:\.json)?")


def map_name(version: int) -> str:
    """``map/00000000000000000007.json``, the map of that version."""
    return f"{MAPS}{version:020d}.json"


def log_prefix(shard: str) -> str:
    """``log/papers-000003/``, below which the commits of a shard are."""
    return f"{LOGS}{shard}/"


def log_name(shard: str, seq: int) -> str:
    """``log/papers-000003/00000000000000000007``, the commit of that sequence number."""
    return f"{log_prefix(shard)}{seq:020d}"


def backup_prefix(shard: str) -> str:
    """``backup/papers-000003/``, below which the repository of a shard's backups is."""
    return f"backup/{shard}/"


def shard_name(collection: str, number: int) -> str:
    """``papers-000003``: a shard's name, and that of its directory. Never given out again."""
    return f"{collection}-{number:06d}"


def is_shard_name(text: str) -> bool:
    """Whether a text has the form of a shard's name."""
    return _SHARD.fullmatch(text) is not None


def number_of(name: str) -> int | None:
    """The number of an object's name, or of the last part of it; None where it has none."""
    match = _NUMBERED.fullmatch(name.rpartition("/")[2])
    return None if match is None else int(match[1])
