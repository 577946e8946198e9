"""After a commit that failed in LMDB: what the database shows now, as an error that says so."""

from __future__ import annotations

import lmdb

from vdb.errors import CommitUnknownError, DiskError, VdbError
from vdb.store.files.lmdb_errors import is_disk_full, shown, translate
from vdb.store.handle import StoreHandle

__all__ = ["after_failed_commit"]


def after_failed_commit(
    handle: StoreHandle, error: lmdb.Error, commit: int, needed: int, token: int
) -> Exception:
    """What to raise for a commit that LMDB could not do. Reopens the file.

    When the disk refused pages, the previous commit stands, and nothing is lost. When it
    refused the meta page, LMDB refuses everything from then on, and only a look at the file
    tells which commit it has, and not whether the disk has it too.
    """
    unknown = handle.file.is_failed()
    if not unknown and is_disk_full(error, handle.directory.here, needed):
        return translate(error, handle.directory.here, needed=needed)
    kind = CommitUnknownError if unknown else DiskError
    what = f"the disk under {handle.path} failed while commit {commit} was written ({shown(error)})"
    try:
        with handle.remapping(own=frozenset((token,)), end_held=True):
            handle.file.reopen()
    except VdbError as second:
        handle.gate.fail(f"the disk failed while commit {commit} was written: {error}")
        learn = " to learn whether the batch is there" if unknown else "; nothing was changed"
        return kind(
            f"{what}, and the database could not be reopened ({second}); close it and open it "
            f"again{learn}",
            expected=commit,
        )
    shows = handle.file.header.commit
    if not unknown:
        return kind(f"{what}; nothing was changed", expected=commit, received=shows)
    outcome = "is there" if shows == commit else "is not there"
    return kind(
        f"{what}; after reopening, the database shows commit {shows}: the batch {outcome}",
        expected=commit,
        received=shows,
    )
