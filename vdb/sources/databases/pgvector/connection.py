"""A connection to a server of PostgreSQL by psycopg: one transaction that only reads.

All of it is seen as it was at one moment, since the transaction is REPEATABLE READ. It ends with
the connection. A statement that fails, or a reading that ends early, is undone to a savepoint.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from vdb.errors import ClosedError, InvalidArgumentError, RemoteError
from vdb.sources.reading.libraries import needed
from vdb.sources.reading.server_address import require_plain_user, without_secrets

__all__ = ["Connection", "is_address"]

_SCHEME: Final = re.compile(r"postgres(?:ql)?(?:\+\w+)?://")
_SECONDS: Final = 10
"""To wait for a server that does not answer, unless the address says it."""

_SETTINGS: Final = {
    # Forms of values as `columns` reads them.
    "DateStyle": "ISO",
    "TimeZone": "UTC",
    "IntervalStyle": "iso_8601",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    # Rows come in the same order each time: none from the middle on, and none by several workers.
    "synchronize_seqscans": "off",
    "max_parallel_workers_per_gather": "0",
    # A reading waits while its records are written.
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    # Indexes of vectors are approximate.
    "enable_indexscan": "off",
}


def is_address(text: str) -> bool:
    """Whether it is the address of a server of PostgreSQL, also in SQLAlchemy's form."""
    return _SCHEME.match(text) is not None


class Connection:
    """One connection.

    Attributes:
        address: Where it leads, without a password.
        sql: psycopg's module that puts names into statements.
    """

    def __init__(self, address: str) -> None:
        """Raises InvalidArgumentError, ImportError, RemoteError."""
        self._psycopg = needed("psycopg", "psycopg[binary]", "reading a server of PostgreSQL")
        self.sql = self._psycopg.sql
        self.address = without_secrets(address)
        self._reading = False
        require_plain_user(address)
        address = _SCHEME.sub("postgresql://", address, count=1)
        try:
            settings = self._psycopg.conninfo.conninfo_to_dict(address)
        except self._psycopg.Error:  # its message may show a part of the password
            raise InvalidArgumentError(
                f"{self.address} is no address of PostgreSQL, which is "
                "postgresql://user:password@host:port/database?parameter=value",
                expected="postgresql://user@host/database",
                received=self.address,
            ) from None
        settings["client_encoding"] = "utf8"
        settings.setdefault("fallback_application_name", "vdb")
        if "PGCONNECT_TIMEOUT" not in os.environ:
            settings.setdefault("connect_timeout", _SECONDS)
        with self.failure_told("the connection"):
            self._connection = self._psycopg.connect(**settings, prepare_threshold=None)
            kinds = self._psycopg.IsolationLevel
            self._connection.isolation_level = kinds.REPEATABLE_READ
            self._connection.read_only = True
            for name, value in _SETTINGS.items():
                self._connection.execute("SELECT set_config(%s, %s, true)", [name, value])

    def rows(self, statement: Any, values: Mapping[str, Any] | None = None) -> list[Any]:
        """The rows of a statement, whose parameters have these values."""
        self._require_rest()
        with self.failure_told("the catalogue"), self._connection.transaction():
            rows: list[Any] = self._connection.execute(statement, values).fetchall()
            return rows

    def copied(self, query: Any) -> Iterator[tuple[int, tuple[bytes | None, ...]]]:
        """The rows of a query with their numbers from 0, by COPY in binary, as they come.

        Raises:
            RemoteError: The server ends the statement or the connection.
        """
        self._require_rest()
        statement = self.sql.SQL("COPY ({}) TO STDOUT (FORMAT binary)").format(query)
        number = 0
        self._reading = True
        try:
            with (
                self.failure_told("the rows"),
                self._connection.transaction(),
                self._connection.cursor() as cursor,
                cursor.copy(statement) as copy,
            ):
                for row in copy.rows():
                    yield number, row
                    number += 1
        finally:
            self._reading = False

    def close(self) -> None:
        """End the transaction and the connection."""
        self._connection.close()

    def _require_rest(self) -> None:
        if self._connection.closed:
            raise ClosedError(f"the connection to {self.address} is closed")
        if self._reading:
            raise InvalidArgumentError(
                f"a reading of {self.address} is under way, and a connection has one at a time: "
                "finish it, close it, or open the source again"
            )

    @contextmanager
    def failure_told(self, place: str) -> Iterator[None]:
        """Errors of psycopg as `RemoteError`, without what they were made of."""
        try:
            yield
        except self._psycopg.Error as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            text = f"{self.address}: {place}: {reason}"
            raise RemoteError(text, url=self.address, name=place) from None
