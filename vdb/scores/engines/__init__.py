"""The data of the table: engine by engine, metric by metric. To add an engine, add rows."""

from __future__ import annotations

from vdb.scores.engines import databases, embedded, graphs, libraries, lucene, servers, vespa

__all__ = ["ENGINES"]

ENGINES = (
    *lucene.ENGINES,
    *vespa.ENGINES,
    *libraries.ENGINES,
    *graphs.ENGINES,
    *embedded.ENGINES,
    *databases.ENGINES,
    *servers.ENGINES,
)
