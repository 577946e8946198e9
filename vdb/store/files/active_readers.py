"""The read transactions that are open now, as LMDB's own table of readers lists them."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["ActiveReader", "active"]


class ActiveReader(NamedTuple):
    """One read transaction of any process: the process, and the transaction that it sees."""

    process: int
    transaction: int


def active(table: str) -> list[ActiveReader]:
    """The rows of the text that LMDB makes of the table: process, thread, transaction.

    A row that is not in use has no transaction.
    """
    rows = (line.split() for line in table.splitlines()[1:])
    return [
        ActiveReader(int(row[0]), int(row[2]))
        for row in rows
        if len(row) == 3 and row[0].isdecimal() and row[2].isdecimal()
    ]
