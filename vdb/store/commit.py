"""The steps of a commit: what a batch changed goes into its transaction (1 to 3; see `batch`).

A record that a file of the present format version cannot have brings the identity of a later one
with it, so that no moment of the database has the one without the other.
"""

from __future__ import annotations

from operator import itemgetter

from vdb.errors import CorruptedError
from vdb.store import generations
from vdb.store.format import journal, keys
from vdb.store.format.checksums import UNSALTED
from vdb.store.format.headers import DatabaseHeader
from vdb.store.transaction import Transaction
from vdb.store.writable_collection import WritableCollection

__all__ = ["flush", "put_commit"]


def flush(
    txn: Transaction, collection: WritableCollection, commit_number: int
) -> journal.Changes | None:
    """Steps 1 and 2: put all that changed of a collection.

    Returns the blocks that were put, for the journal; None where nothing had changed.

    Raises:
        CorruptedError: What is to be put could not be read again.
    """
    header, view, writer = collection.header, collection.view, collection.writer
    if collection.texts is not None:
        collection.texts.seal()
    blocks = [] if writer is None else writer.seal(commit_number)
    new_header = collection.created or header != view.header
    new_generation = collection.created or collection.generation != view.generation
    if not (collection.touched or blocks or new_header or new_generation):
        return None
    generations.log_changes(txn, collection)
    generations.remove_retired(txn, collection, generations.REMOVED_BY_OTHERS)
    new_header = new_header or header != view.header
    changes = dict(collection.rewritten)
    if writer is not None and blocks:
        txn.put_many(sorted(blocks, key=itemgetter(0)))
        for generation, kind, level, numbers in writer.rewritten():
            changes[generation, kind, level] = numbers
    if new_header:
        _put_header(txn, collection)
    if new_generation:
        _put_generation(txn, collection)
    return changes


# A slip in memory must not become one on disk: new records are held to a reader's rules.


def _put_header(txn: Transaction, collection: WritableCollection) -> None:
    header = collection.header
    body = header.encode()
    header.verify_encoded(body, None if collection.created else collection.view.header)
    txn.require_format(header.format_version)
    txn.put_sealed(keys.collection(header.number), body)


def _put_generation(txn: Transaction, collection: WritableCollection) -> None:
    number, generation = collection.header.number, collection.generation
    body = generation.encode()
    if generation.number != collection.header.generation:
        raise CorruptedError(
            f"generation {generation.number} is not in use", where=f"collection {number}"
        )
    generation.verify_encoded(
        body, number, None if collection.created else collection.view.generation
    )
    txn.require_format(generation.format_version)
    txn.put_sealed(keys.generation(number, generation.number), body)


def put_commit(
    txn: Transaction, database: DatabaseHeader, before: DatabaseHeader, changed: journal.Journal
) -> None:
    """Step 3: put the journal of the commit, and the new header of the database."""
    number = database.commit
    txn.put_sealed(keys.journal(number), journal.encode(changed, largest=txn.small_block - 4))
    oldest = number - journal.KEPT
    if oldest > 0:
        txn.delete(keys.journal(oldest))
    header = database.encode()
    database.verify_encoded(header, before)
    txn.put(keys.DATABASE, UNSALTED.wrap(keys.DATABASE, header))
