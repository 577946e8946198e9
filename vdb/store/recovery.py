"""After a commit that LMDB could not do: what the database shows now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lmdb

from vdb.errors import CommitUnknownError, VdbError
from vdb.store.failures import is_disk_full, translate

if TYPE_CHECKING:
    from vdb.store.lifetime import Lifetime

__all__ = ["after_failed_commit"]


def after_failed_commit(
    env: Lifetime, error: lmdb.Error, commit: int, needed: int, token: int
) -> Exception:
    """What to raise for a commit that LMDB could not do. Reopens the file if that may help.

    When the disk refused pages, the previous commit stands, and nothing is lost. When it
    refused the meta page, LMDB refuses everything from then on, and only a look at the file
    tells which commit it has.
    """
    if not env.file.is_failed() and is_disk_full(error, env.path, needed):
        return translate(error, env.path, needed=needed)
    try:
        with env.remapping(own=frozenset((token,)), end_held=True):
            env.file.reopen()
    except VdbError as second:
        env.gate.fail(f"the disk failed while commit {commit} was written: {error}")
        return CommitUnknownError(
            f"the disk under {env.path} failed while commit {commit} was written ({error}), "
            f"and the database could not be reopened ({second}); close it and open it again "
            "to learn whether the batch is there",
            expected=commit,
        )
    shown = env.file.header.commit
    outcome = "is there" if shown == commit else "is not there, nothing was changed"
    return CommitUnknownError(
        f"the disk under {env.path} failed while commit {commit} was written ({error}); "
        f"after reopening, the database shows commit {shown}: the batch {outcome}",
        expected=commit,
        received=shown,
    )
