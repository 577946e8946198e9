"""The data of the table: engine by engine, metric by metric. To add an engine, add rows."""

from __future__ import annotations

from vdb.scores.engines import embedded, libraries, lucene, servers, vespa

__all__ = ["ENGINES"]

ENGINES = (
    *lucene.ENGINES,
    *vespa.ENGINES,
    *libraries.ENGINES,
    *embedded.ENGINES,
    *servers.ENGINES,
)
