"""Looking after a database. `check` and `info` only read; `rebuild`, `repair` and `restore` write.

=============================  =================================================
`check.check`                  walks everything and yields every problem
`info.collection_info`         one collection: what it is, how large
`info.database_info`           the database: versions, sizes, readers
`rebuild`                      a collection under another metric or index, while in use
`repair`                       a new file from what can be read of a damaged one
`restore`                      a backup in the place of a database
=============================  =================================================
"""

from __future__ import annotations

from vdb.maintenance.info import collection_info, database_info

__all__ = ["collection_info", "database_info"]
