"""Writes docs/reference/cluster.md from signatures and docstrings; with --check, compares it."""

from __future__ import annotations

from pathlib import Path

from reference_pages import write_or_check
from write_python_reference import thing

import vdb.cluster

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "cluster.md"

OPENING = """\
# The Python interface of a cluster

Written by `tools/write_cluster_reference.py` from the signatures and docstrings themselves, so that
`help(vdb.cluster.ShardedCollection)` says the same.

`import vdb.cluster` is needed: `import vdb` does not load it. Names, arguments, results and errors
are those of [Database and Collection](python.md); a test compares them. What is not there has no
meaning over several files:

- `batch`, of calls or collections: a commit is one of a shard.
- `search_text`, `search_hybrid` and `explain_text`: a score of words needs the statistics of all
  records, and a shard knows its own.
- `rename_collection` and aliases: the names of collections are in those of directories and logs.
- `dim="auto"`, and analyzers of your own.

What holds over several shards:

- A read sees each shard at its own moment, and everything that this program has written before.
- A search asks every shard for k, and the best of all are chosen by value: exact searches are those
  of one collection, to the last bit.
- A shard that does not answer raises `ShardUnavailableError` after `timeout=` seconds. Searches
  with `partial="allow"` say what is missing in `hits.missing`.
- A write is checked before anything is sent, and is whole on each shard.
- A write that some shards have and others have not raises `PartialWriteError`, with the ids; the
  same call with `token=error.token` finishes it, and does nothing twice.
"""


def page() -> str:
    """The whole page."""
    parts = [OPENING]
    for name in vdb.cluster.__all__:
        parts.extend(thing(f"vdb.cluster.{name}", getattr(vdb.cluster, name)))
    return "\n".join(parts)


if __name__ == "__main__":
    write_or_check(PAGE, page(), Path(__file__).name)
