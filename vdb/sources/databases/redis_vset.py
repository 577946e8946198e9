"""Vector sets of a server of Redis 8, read by redis-py.

A vector set keeps unit vectors and their lengths: 32-bit floats (NOQUANT), signed bytes of which
127 stands for the largest number (Q8, the default), or bits (BIN). `VEMB key element RAW` gives the
kind, the bytes, the length and, for bytes, that largest number. VRANDMEMBER with a count as large
as the set lists all of it, on every release. Source: redis.io/commands, the pages of V*; vset.c.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vdb.errors import ClosedError, InvalidArgumentError, RemoteError, SourceError
from vdb.model.records import Id
from vdb.sources.batch import Refusal, SourceBatch
from vdb.sources.engine import Answer, Engine
from vdb.sources.info import SourceInfo
from vdb.sources.reading.graph_parameters import graph_index
from vdb.sources.reading.libraries import needed
from vdb.sources.reading.named_part import named_part
from vdb.sources.reading.plain_json import PlainJsonError, plain_json
from vdb.sources.reading.server_address import require_plain_user, without_secrets
from vdb.sources.source import Source
from vdb.sources.source_format import Option, Place, SourceFormat

__all__ = ["FORMAT"]

_ADDRESS: Final = re.compile(r"rediss?://")
_SECONDS: Final = 10
_PIPELINE: Final = 1_000
"""Elements that are asked for at once."""
_BY_DISTANCE: Final = ((8, 0, 3), (8, 2, 1))
"""The last releases of 8.0 and 8.2 whose EPSILON bounds the distance; 8.1 was never released."""
_KINDS: Final = {b"f32": "float32", b"fp32": "float32", b"int8": "int8", b"bin": "bit"}
_NOTES: Final = {
    "float32": "vectors were brought to unit length and back, which changes last bits",
    "int8": "vectors are decoded from 8-bit codes, whose own scores differ in the third digit",
    "bit": "vectors have 1 for positive numbers and -1 for others, as the server compares them",
}


class _Server:
    """A connection.

    Attributes:
        address: Where it leads, without a password.
    """

    def __init__(self, address: str) -> None:
        """Raises InvalidArgumentError, ImportError, RemoteError."""
        self._redis = needed("redis", "redis", "reading a server of Redis")
        self.address = without_secrets(address)
        require_plain_user(address)
        try:
            pool = self._redis.ConnectionPool.from_url(address, socket_connect_timeout=_SECONDS)
        except (ValueError, TypeError):  # its message may show a part of the password
            raise InvalidArgumentError(
                f"{self.address} is no address of Redis, which is redis://user:password@host:port/0",
                expected="redis://host:port/0",
                received=self.address,
            ) from None
        pool.connection_kwargs["decode_responses"] = False
        self._client = self._redis.Redis(connection_pool=pool)
        self._is_open = True

    def ask(self, *command: Any) -> Any:
        """The answer to a command."""
        with self._failure_told(str(command[0])):
            return self._client.execute_command(*command)

    def ask_all(self, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        """The answers to several commands, which are sent at once."""
        with self._failure_told(str(commands[0][0])):
            pipeline = self._client.pipeline(transaction=False)
            for command in commands:
                pipeline.execute_command(*command)
            answers: list[Any] = pipeline.execute()
            return answers

    def release(self) -> tuple[int, ...]:
        """The version of the server, such as (8, 2, 3); empty where it does not say it."""
        try:
            version = str(self.ask("INFO", "server")["redis_version"])
        except (RemoteError, LookupError, TypeError):  # not everybody may ask
            return ()
        return tuple(int(part) for part in re.findall(r"\d+", version)[:3])

    def vector_sets(self) -> list[str]:
        """The keys of all vector sets, of which there may be few among many keys."""
        with self._failure_told("SCAN"):
            keys = self._client.scan_iter(count=1_000, _type="vectorset")
            return sorted(key.decode("utf-8", "backslashreplace") for key in keys)

    def close(self) -> None:
        """End the connection."""
        self._is_open = False
        self._client.close()
        self._client.connection_pool.disconnect()

    @contextmanager
    def _failure_told(self, what: str) -> Iterator[None]:
        """Errors of redis-py as `RemoteError`."""
        if not self._is_open:
            raise ClosedError(f"the connection to {self.address} is closed")
        try:
            yield
        except self._redis.RedisError as error:
            text = f"{self.address}: {what}: {' '.join(str(error).split())}"
            raise RemoteError(text, url=self.address, name=what) from None


class RedisVectorSet(Source):
    """One vector set."""

    __slots__ = ("_key", "_kind", "_reduced", "_server")

    def __init__(
        self, info: SourceInfo, server: _Server, key: str, kind: str, *, reduced: bool
    ) -> None:
        super().__init__(info, server.close)
        self._server, self._key, self._kind, self._reduced = server, key, kind, reduced

    def _records(self, rows: int) -> Iterator[SourceBatch]:
        names = sorted(self._server.ask("VRANDMEMBER", self._key, 2**31) or [])
        size = min(rows, _PIPELINE)
        for start in range(0, len(names), size):
            yield self._batch(names[start : start + size], start)

    def _batch(self, names: list[bytes], start: int) -> SourceBatch:
        commands: list[tuple[Any, ...]] = [("VEMB", self._key, name, "RAW") for name in names]
        commands += [("VGETATTR", self._key, name) for name in names]
        answers = self._server.ask_all(commands)
        dim = self.info.dim or 0
        ids: list[Id] = []
        rows: list[int] = []
        vectors: list[NDArray[np.float32]] = []
        payloads: list[Any] = []
        refusals: list[Refusal] = []
        parts = zip(names, answers[: len(names)], answers[len(names) :], strict=True)
        for row, (name, raw, attributes) in enumerate(parts, start):
            if raw is None:
                self.skipped["deleted"] += 1
                continue
            own_id, place = name.decode("utf-8", "backslashreplace"), f"element {row:,}"
            try:
                payload = _payload(attributes)
                own_id = name.decode()
            except UnicodeDecodeError:
                refusals.append(Refusal(place, own_id, "the name of the element is not UTF-8"))
            except PlainJsonError as error:
                refusals.append(Refusal(place, own_id, f"the attributes: {error}"))
            else:
                ids.append(own_id)
                rows.append(row)
                vectors.append(self._decoded(raw, dim, place))
                payloads.append(payload)
        matrix = np.stack(vectors) if vectors else np.empty((0, dim), np.float32)
        return SourceBatch(
            np.array(rows, np.int64), ids, matrix, payloads, None, refusals, unit="element"
        )

    def _decoded(self, raw: Any, dim: int, place: str) -> NDArray[np.float32]:
        """A vector as the server decodes it."""
        try:
            kind, data, length, *rest = raw
            largest = float(rest[0]) if rest else 0.0
            vector = _decoded(_KINDS[bytes(kind)], data, float(length), largest, dim)
        except (TypeError, ValueError, LookupError) as error:
            text = f"{self.info.path}: {place}: VEMB gave what is not known: {error}"
            raise SourceError(text, path=self.info.path, place=place) from error
        return vector

    def _library(self, metric: str) -> Engine | None:  # noqa: ARG002 - it has one metric
        """The server; None where it compares something else than these vectors.

        Under Q8 it multiplies codes, which are not brought to unit length again; with REDUCE it
        multiplies queries by a matrix.
        """
        if self._reduced or self._kind == "int8":
            return None
        return _Library(self._server, self._key, self.info)


class _Library:
    """The server, which compares the query with every vector (TRUTH)."""

    exact = True

    def __init__(self, server: _Server, key: str, info: SourceInfo) -> None:
        self.name = info.version or "Redis"
        self._server, self._key = server, key

    def search(self, queries: NDArray[Any], k: int) -> Sequence[Answer]:
        """As `Engine.search`."""
        answers = []
        for query in queries:
            data = query.astype("<f4").tobytes()
            reply = self._server.ask(
                "VSIM", self._key, "FP32", data, "WITHSCORES", "COUNT", k, "TRUTH"
            )
            pairs = list(reply.items()) if isinstance(reply, dict) else _pairs(reply)
            ids = [bytes(name).decode("utf-8", "backslashreplace") for name, _ in pairs]
            answers.append(Answer(ids, [float(score) for _, score in pairs]))
        return answers


def _decoded(
    kind: str, data: bytes, length: float, largest: float, dim: int
) -> NDArray[np.float32]:
    """A vector from what VEMB ... RAW says, in the server's own arithmetic."""
    if kind == "bit":
        if len(data) * 8 < dim:
            raise ValueError(f"{8 * len(data):,} bits, not {dim:,}")
        bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little", count=dim)
        return bits.astype(np.float32) * 2 - 1
    numbers = np.frombuffer(data, "<f4" if kind == "float32" else np.int8).astype(np.float32)
    if len(numbers) != dim:
        raise ValueError(f"{len(numbers):,} numbers, not {dim:,}")
    if kind == "int8":
        numbers = numbers * np.float32(largest) / np.float32(127)
    return numbers * np.float32(length)


def _payload(attributes: bytes | None) -> dict[str, Any] | None:
    """The attributes of an element, which may be any text: only an object is a payload."""
    if not attributes:
        return None
    value = plain_json(bytes(attributes))
    if not isinstance(value, dict):
        raise PlainJsonError("are JSON, but not an object")
    return value


def _pairs(reply: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Names and values of an answer in which they take turns."""
    return list(zip(reply[::2], reply[1::2], strict=True))


def _open(place: Place, *, key: str | None = None) -> Source:
    server = _Server(place.require_address(FORMAT.name))
    try:
        key = _only_key(server) if key is None else key
        return _source(server, key, _facts(server, key))
    except BaseException:
        server.close()
        raise


def _facts(server: _Server, key: str) -> dict[str, Any]:
    """What the server says of a vector set."""
    answer = server.ask("VINFO", key)
    if not answer:
        raise InvalidArgumentError(
            f"there is no vector set {key!r} at {server.address}", received=key
        )
    pairs = answer.items() if isinstance(answer, dict) else _pairs(answer)
    return {name.decode() if isinstance(name, bytes) else name: value for name, value in pairs}


def _only_key(server: _Server) -> str:
    keys = server.vector_sets()
    if not keys:
        raise InvalidArgumentError(
            f"there is no vector set at {server.address}", expected="the address of a database"
        )
    return named_part("key", f"{server.address} has several vector sets", None, keys)


def _source(server: _Server, key: str, facts: dict[str, Any]) -> Source:
    number: Callable[[str], int] = lambda name: int(facts.get(name, 0))  # noqa: E731
    quantization = facts.get("quant-type", b"")
    quantization = quantization.encode() if isinstance(quantization, str) else quantization
    kind = _KINDS.get(bytes(quantization))
    if kind is None:
        text = f"the vector set {key!r} has vectors of {quantization!r}, which is not known"
        raise SourceError(f"{server.address}: {text}", path=server.address, place="VINFO")
    release = server.release()
    before = any(release[:2] == last[:2] and release <= last for last in _BY_DISTANCE)
    notes = [_NOTES[kind]]
    reduced = number("projection-input-dim")
    if reduced:
        dim = number("vector-dim")
        notes.append(f"vectors of {reduced:,} numbers were reduced to {dim:,} by random directions")
    info = SourceInfo(
        format=FORMAT.name,
        version=f"Redis {'.'.join(map(str, release))}" if release else None,
        path=server.address,
        count=number("size"),
        deleted=None,
        dim=number("vector-dim"),
        numbers="float32",
        dtype="float32",
        metric="cosine",
        metrics=("cosine",),
        convention="redis-vset-8.0" if before else "redis-vset",
        ids="str",
        vectors="rounded" if kind == "float32" and not reduced else "quantized",
        index=graph_index(number("hnsw-m")),
        notes=tuple(notes),
    )
    return RedisVectorSet(info, server, key, kind, reduced=bool(reduced))


FORMAT = SourceFormat(
    name="redis",
    title="vector sets of a server of Redis 8, at redis://host:port/database",
    kind="server",
    recognise=lambda place: place.address is not None and bool(_ADDRESS.match(place.address)),
    open=_open,
    options=(Option("key", "the key of the vector set, where the database has several"),),
    library="redis",
    versions="Redis 8.0.2 and 8.2.3, redis-py 8.1.0",
    holds="names as ids, vectors with their lengths, attributes, M",
    lacks="ef; the last bit of vectors, and more under Q8 and BIN. Changes while it is read are "
    "seen in part. The names of all elements are held in memory",
    metric="cosine",
)
