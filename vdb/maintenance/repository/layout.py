"""The objects of a repository, and the order in which they come and go.

=========================  ====================================================================
`repository.json`          the uuid of the one database whose backups these are; put first
`chunks/ab/abcd...`        a chunk, named by its SHA-256; never changed
`manifests/TIME-N.json`    a backup; put last, when all its chunks are there
`removed/TIME-N.json`      the manifest of a backup that was removed, until its chunks may go
=========================  ====================================================================
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from vdb.errors import CorruptedError, InvalidArgumentError, NotFoundError, RemoteError
from vdb.maintenance.repository.manifest import (
    FORMAT,
    LARGEST_MANIFEST,
    VERSION,
    Manifest,
    check_version,
    is_name,
    name_of,
)
from vdb.maintenance.repository.object_store import Entry, ObjectStore

__all__ = [
    "CHUNKS",
    "GRACE",
    "MANIFESTS",
    "REMOVED",
    "chunk_name",
    "claim",
    "digest_of",
    "manifest_at",
    "names",
    "owner",
    "publish",
    "read_manifest",
]

CHUNKS, MANIFESTS, REMOVED = "chunks/", "manifests/", "removed/"
_OWNER = "repository.json"
_LARGEST_OWNER = 4096
_MOST_IN_A_SECOND = 9999

GRACE = 86400.0
"""Seconds that a chunk stays after the last backup that names it was removed. A backup must take
less than half of them; see `prune`."""


def chunk_name(digest: bytes) -> str:
    """The object that holds a chunk."""
    text = digest.hex()
    return f"{CHUNKS}{text[:2]}/{text}"


def digest_of(entry: Entry) -> bytes | None:
    """The chunk that an object holds; None for an object that is none of ours."""
    try:
        digest = bytes.fromhex(entry.name.rpartition("/")[2])
    except ValueError:
        return None
    return digest if chunk_name(digest) == entry.name else None


def claim(store: ObjectStore, uuid: str) -> None:
    """Make the store the repository of a database, unless it is.

    Raises:
        InvalidArgumentError: It is that of another one.
    """
    fields = {"format": FORMAT, "version": VERSION, "uuid": uuid}
    document = json.dumps(fields, separators=(",", ":")).encode() + b"\n"
    if store.create(_OWNER, document):
        return
    other = owner(store)
    if other != uuid:
        raise InvalidArgumentError(
            f"{store.url} holds backups of another database ({other}); give each database a prefix "
            "of its own",
            expected=uuid,
            received=other,
        )


def owner(store: ObjectStore) -> str:
    """The uuid of the database whose backups the store holds.

    Raises:
        NotFoundError: It is no repository.
        CorruptedError, FormatVersionError: It is none that this release knows.
    """
    document = store.get(_OWNER, _LARGEST_OWNER)
    if document is None:
        raise NotFoundError(f"there are no backups at {store.url}", received=store.url)
    where = f"{store.url}/{_OWNER}"
    try:
        fields = json.loads(document)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict) or fields.get("format") != FORMAT:
        raise CorruptedError("this is no repository of backups", where=where)
    check_version(fields.get("version"), where)
    return str(fields.get("uuid"))


def names(store: ObjectStore, folder: str = MANIFESTS) -> list[str]:
    """The names of the backups, oldest first."""
    entries = (entry.name.removeprefix(folder) for entry in store.entries(folder))
    texts = (text.removesuffix(".json") for text in entries if text.endswith(".json"))
    return sorted(filter(is_name, texts))


def read_manifest(store: ObjectStore, name: str, folder: str = MANIFESTS) -> Manifest | None:
    """The manifest of a backup; None where it was removed."""
    document = store.get(f"{folder}{name}.json", LARGEST_MANIFEST)
    where = f"{store.url}/{folder}{name}.json"
    return None if document is None else Manifest.decode(document, where)


def manifest_at(store: ObjectStore, at: str | None) -> tuple[str, Manifest]:
    """A backup by its name, or the newest: its name and manifest.

    Raises:
        NotFoundError: There is none, or none of that name.
        InvalidArgumentError: `at` is no name.
    """
    owner(store)
    if at is not None and not is_name(at):
        raise InvalidArgumentError(
            f"at must be the name of a backup, such as 20261130T095300Z-0001, got {at!r}",
            expected="the name of a backup",
            received=at,
        )
    choice = names(store)[-1:] if at is None else [at]
    if not choice:
        raise NotFoundError(f"there is no finished backup at {store.url}", received=store.url)
    manifest = read_manifest(store, choice[0])
    if manifest is None:
        raise NotFoundError(f"there is no backup {choice[0]} at {store.url}", received=at)
    return choice[0], manifest


def publish(store: ObjectStore, manifest: Manifest) -> str:
    """Put a manifest under a new name, behind all others, and return the name."""
    existing = names(store)
    document = manifest.encode()
    for name in _later(existing[-1] if existing else "", manifest.created):
        if store.create(f"{MANIFESTS}{name}.json", document):
            return name
    raise RemoteError(f"no name is left at {store.url} for another backup", url=store.url)


def _later(newest: str, when: float) -> Iterator[str]:
    """Names behind the newest one, also where a clock was set back."""
    first = name_of(when, 1)
    moment, _, number = newest.partition("-")
    if newest and moment >= first.partition("-")[0]:
        yield from (f"{moment}-{n:04d}" for n in range(int(number) + 1, _MOST_IN_A_SECOND + 1))
    else:
        moment = first.partition("-")[0]
        yield from (f"{moment}-{n:04d}" for n in range(1, _MOST_IN_A_SECOND + 1))
