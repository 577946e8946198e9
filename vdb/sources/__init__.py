"""Files of other systems, as records that vdb can take over.

    >>> import vdb
    >>> with vdb.sources.open("points.fvecs") as source:  # doctest: +SKIP
    ...     print(source.info.count, source.info.dim)

`open` finds out what is there. A `Source` says what it holds (`SourceInfo`) and gives its records
in parts (`SourceBatch`), in memory that does not grow with the file; it speaks Arrow.
`Database.import_source` makes a collection of it. `docs/sources.md` lists the formats.

`indexes`      files of libraries that search
`databases`    files and directories of databases
`data`         arrays, tables and texts
`reading`      what several readers need: bounded reading, plain pickles, Arrow
"""

from __future__ import annotations

from vdb.sources.batch import Refusal, SourceBatch
from vdb.sources.info import SourceInfo
from vdb.sources.opening import formats, open  # noqa: A004 - vdb.sources.open reads as it should
from vdb.sources.source import Source
from vdb.sources.source_format import Option, SourceFormat

__all__ = [
    "Option",
    "Refusal",
    "Source",
    "SourceBatch",
    "SourceFormat",
    "SourceInfo",
    "formats",
    "open",
]


def __dir__() -> list[str]:
    return sorted({*(name for name in globals() if name.startswith("__")), *__all__})
