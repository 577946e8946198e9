"""What a shard knows of itself: records of the collection ``_cluster`` in its own file.

They change in the same commit as the records of the shard, so they are never ahead of them and
never behind. docs/internals/cluster-format.md describes them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple
from uuid import uuid4

from vdb.api.collection import Collection
from vdb.api.database import Database
from vdb.cluster.metadata.map_parts import Slots
from vdb.errors import CorruptedError, FormatVersionError
from vdb.model.config import Flat
from vdb.model.results import WriteCounts
from vdb.store.format.decoder import Fields

__all__ = [
    "COLLECTION",
    "FORMAT_VERSION",
    "TOKENS",
    "Freeze",
    "Identity",
    "Inherited",
    "ShardState",
    "StateRecords",
    "decode_result",
    "encode_result",
]

FORMAT_VERSION: Final = 1
TOKENS: Final = 1024
"""Writes whose results a shard keeps, so that it does nothing twice."""

COLLECTION: Final = "_cluster"
_MOST: Final = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Identity:
    """What a directory is; never changes.

    Attributes:
        cluster: The uuid of the cluster.
        collection: The name of the collection.
        shard: The name of the shard.
        directory: Made by chance for each directory, so that two of the same shard differ.
    """

    cluster: str
    collection: str
    shard: str
    directory: str


@dataclass(frozen=True, slots=True)
class Freeze:
    """Writes are refused, for a change of the cluster.

    Attributes:
        owner: The token of the change.
        seconds: How long it lasts, in each process from the moment when that process first saw it.
        stamp: Made by chance for each time that it was renewed.
    """

    owner: str
    seconds: float
    stamp: str

    @classmethod
    def new(cls, owner: str, seconds: float) -> Freeze:
        """A freeze that begins now."""
        return cls(owner, seconds, uuid4().hex)


@dataclass(frozen=True, slots=True)
class ShardState:
    """What changes.

    Attributes:
        seq: The number of the shard's last commit, which is that of its entry in the log.
        writes: How many writes there were; of the last of them the tokens are known.
        frozen: Why writes are refused; None where they are not.
        retired: Why the shard has no part in the cluster any more; "" where it has.
        journal: Who has changed ids written down; "" for nobody.
    """

    seq: int = 0
    writes: int = 0
    frozen: Freeze | None = None
    retired: str = ""
    journal: str = ""


class Inherited(NamedTuple):
    """What is known of a write that shards carried out which this one replaced.

    Attributes:
        slots: The slots of this shard that they had: rows of these are done.
        result: What they returned, for all their rows.
        whole: The same for one of the heirs of each of those shards, and nothing for the others.
    """

    slots: Slots
    result: Any
    whole: Any


class StateRecords:
    """The collection ``_cluster`` of an open shard. Threads may share it, but for the tokens.

    Tokens are read and written inside a batch, so by one thread at a time; they are remembered, and
    read again where another process has written.
    """

    def __init__(self, db: Database) -> None:
        self._records: Collection = db.collection(COLLECTION)
        self._where = str(db.path)
        self._tokens: dict[str, tuple[int, Any]] = {}  # with the places
        self._places: dict[int, str] = {}
        self._writes = 0  # of which the last are in the two before
        self._pending: list[tuple[str, Any]] = []  # of the batch that is open

    @staticmethod
    def create(db: Database, cluster: str, collection: str, shard: str) -> None:
        """Makes the collection, inside the batch that makes the shard."""
        records = db.create_collection(
            COLLECTION, dim=1, metric="l2", index=Flat(), optional_vectors=True
        )
        identity = Identity(cluster, collection, shard, uuid4().hex)
        payloads = [_encode_identity(identity), _encode_state(ShardState())]
        records.add(["shard", "state"], None, payloads)

    def put_identity(self, identity: Identity) -> None:
        """Makes the directory that of another shard, or another one of the same shard."""
        self._records.set_payloads("shard", _encode_identity(identity))

    def identity(self) -> Identity:
        """What the directory is.

        Raises:
            FormatVersionError: A later release made it.
            CorruptedError: The record is missing or damaged.
        """
        fields = self._fields("shard")
        if fields.text("format", 32) != "vdb-shard":
            fields.refuse("format", "vdb-shard", "another")
        version = fields.whole("format_version", 1, _MOST)
        if version > FORMAT_VERSION:
            raise FormatVersionError(
                f"{self._where} is a shard of format {version}; this release knows format "
                f"{FORMAT_VERSION}. Use the release of vdb that the other nodes have",
                expected=FORMAT_VERSION,
                received=version,
            )
        identity = Identity(
            fields.text("cluster", 64),
            fields.text("collection", 128),
            fields.text("shard", 256),
            fields.text("directory", 64),
        )
        fields.end()
        return identity

    def read(self) -> ShardState:
        """The state now, or in the batch of the calling thread."""
        fields = self._fields("state")
        frozen = fields.or_none(fields.map, "frozen")
        state = ShardState(
            fields.whole("seq", 0, _MOST),
            fields.whole("writes", 0, _MOST),
            None if frozen is None else _freeze(frozen),
            fields.text("retired", 4096),
            fields.text("journal", 4096),
        )
        fields.end()
        return state

    def write(self, state: ShardState) -> None:
        """Puts the state, in the batch of the calling thread."""
        self._records.set_payloads("state", _encode_state(state))

    # Tokens

    def known(self, token: str, state: ShardState) -> tuple[bool, Any]:
        """Whether a write of that token was carried out, and its result."""
        for pending, encoded in reversed(self._pending):
            if pending == token:
                return True, decode_result(encoded, self._where)
        committed = state.writes - len(self._pending)
        if self._writes != committed:
            self._read_tokens(committed)
        if token not in self._tokens:
            return False, None
        return True, decode_result(self._tokens[token][1], self._where)

    def last(self, since: int = 0) -> tuple[list[tuple[str, dict[str, Any]]], int]:
        """The tokens of the last writes and their results, as they are stored, oldest first.

        Those behind the first `since` writes only; and how many writes there were.
        """
        writes = self.read().writes
        first = max(0, writes - TOKENS, since)
        names = [_token_id(number) for number in range(first, writes)]
        tokens: dict[str, dict[str, Any]] = {}
        for name, record in zip(names, self._records.get(names), strict=True):
            fields = Fields(None if record is None else record.payload, f"{self._where}: {name}")
            token = fields.text("token", 4096)
            tokens.pop(token, None)  # the newest result counts
            tokens[token] = fields.map("result").rest()
        return list(tokens.items()), writes

    def put_tokens(
        self, tokens: Sequence[tuple[str, Mapping[str, Any]]], state: ShardState
    ) -> ShardState:
        """Adds writes and their results as they are stored, in a batch; the state with them.

        `committed` or `undone` follows, when the batch is.
        """
        last = list(tokens)[-TOKENS:]
        first = state.writes + len(tokens) - len(last)
        self._records.upsert(
            [_token_id(first + number) for number in range(len(last))],
            None,
            [{"token": token, "seq": state.seq, "result": dict(one)} for token, one in last],
        )
        self._pending += tokens
        return replace(state, writes=state.writes + len(tokens))

    def committed(self) -> None:
        """The batch with the tokens that were put is committed."""
        for token, encoded in self._pending:
            self._remember(token, encoded)
        self._pending.clear()

    def undone(self) -> None:
        """The batch with the tokens that were put is not, or nobody knows."""
        self._pending.clear()

    def _remember(self, token: str, encoded: Any) -> None:
        place = self._writes % TOKENS
        old = self._places.get(place)
        if old is not None and self._tokens[old][0] == place:  # else it came again since
            del self._tokens[old]
        self._places[place] = token
        self._tokens[token] = place, encoded
        self._writes += 1

    def _read_tokens(self, writes: int) -> None:
        """Read the tokens of the last writes, or of those that others have made since."""
        if not writes - TOKENS <= self._writes <= writes:
            self._tokens.clear()
            self._places.clear()
            self._writes = max(0, writes - TOKENS)
        names = [_token_id(number) for number in range(self._writes, writes)]
        for name, record in zip(names, self._records.get(names), strict=True):
            where = f"{self._where}: {name}"
            fields = Fields(None if record is None else record.payload, where)
            token = fields.text("token", 4096)
            fields.whole("seq", 0, _MOST)
            self._remember(token, fields.map("result").rest())
            fields.end()

    def _fields(self, name: str) -> Fields:
        record = self._records.get(name)
        if record is None:
            raise CorruptedError(f"the record {name!r} is missing", where=self._where)
        return Fields(record.payload, f"{self._where}: {name}")


def _token_id(write: int) -> str:
    return f"token/{write % TOKENS:04d}"


def _freeze(fields: Fields) -> Freeze:
    freeze = Freeze(
        fields.text("owner", 4096), fields.number("seconds", 0.0, 1e9), fields.text("stamp", 64)
    )
    fields.end()
    return freeze


def _encode_identity(identity: Identity) -> dict[str, Any]:
    return {
        "format": "vdb-shard",
        "format_version": FORMAT_VERSION,
        "cluster": identity.cluster,
        "collection": identity.collection,
        "shard": identity.shard,
        "directory": identity.directory,
    }


def _encode_state(state: ShardState) -> dict[str, Any]:
    frozen = state.frozen
    return {
        "seq": state.seq,
        "writes": state.writes,
        "frozen": None
        if frozen is None
        else {"owner": frozen.owner, "seconds": frozen.seconds, "stamp": frozen.stamp},
        "retired": state.retired,
        "journal": state.journal,
    }


def encode_result(result: Any) -> dict[str, Any]:
    """What a write returned, as a payload."""
    if isinstance(result, WriteCounts):
        return {"counts": [result.added, result.replaced, result.skipped]}
    if isinstance(result, Inherited):
        parts = {"result": encode_result(result.result), "whole": encode_result(result.whole)}
        return {"slots": [list(one) for one in result.slots], **parts}
    return {"value": result}


def decode_result(encoded: Any, where: str) -> Any:
    """The inverse of `encode_result`; raises CorruptedError."""
    fields = Fields(encoded, where)
    if "counts" in encoded:
        counts = fields.items("counts", 3)
        if [type(one) for one in counts] != [int, int, int]:
            fields.refuse("counts", "three ints", counts)
        fields.end()
        return WriteCounts(*counts)
    if "slots" in encoded:
        ranges = fields.items("slots", 4096)
        if any(type(one) is not list or [type(end) for end in one] != [int, int] for one in ranges):
            fields.refuse("slots", "pairs of slots", ranges)
        return Inherited(
            tuple((start, stop) for start, stop in ranges),
            decode_result(fields.map("result").rest(), where),
            decode_result(fields.map("whole").rest(), where),
        )
    return encoded.get("value")
