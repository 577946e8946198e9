"""What tests of `vdb import` share."""

from vdb.api import database

CREATE = ("--create", "--metric", "cosine")


def contents(path, name="docs"):
    """The records of a collection by id."""
    with database.open(path, read_only=True) as db:
        return {record.id: record for record in db.collection(name).scan()}
