"""Looking after a database. `check` and the reports only read; `rebuild` writes.

=============================  =================================================
`check.check`                  walks everything and yields every problem
`report.collection_info`       one collection: what it is, how large
`report.database_info`         the database: versions, sizes, readers
`rebuild`                      a collection under another metric or index, while in use
=============================  =================================================
"""

from __future__ import annotations

from vdb.maintenance.check import check
from vdb.maintenance.report import collection_info, database_info

__all__ = ["check", "collection_info", "database_info"]
