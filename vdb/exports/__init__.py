"""Collections, as files of other systems.

    >>> import vdb
    >>> [row.name for row in vdb.exports.formats() if row.kind == "data"]  # doctest: +ELLIPSIS
    [...]

`Collection.export` writes a collection at one moment; `vdb.sources` is the way back. A format says
what it cannot hold before the first byte is written. `docs/exports.md` lists the formats.

`indexes`      files of libraries that search
`databases`    files that databases load
`data`         arrays, tables and texts
`writing`      what several writers need: lines of JSON, the schema for the way back
"""

from __future__ import annotations

from vdb.exports.export_format import ExportFormat, Writing
from vdb.exports.registry import formats

__all__ = ["ExportFormat", "Writing", "formats"]


def __dir__() -> list[str]:
    return sorted({*(name for name in globals() if name.startswith("__")), *__all__})
