"""Writes docs/sources.md from the formats' own rows; with --check, compares it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reference_pages import chapters, fact_table, option_list, title_line, write_or_check

from vdb.sources import SourceFormat, formats

PAGE = Path(__file__).parent.parent / "docs" / "sources.md"
KINDS = {
    "index": "Files of libraries that search",
    "database": "Files and directories of databases",
    "server": "Servers of databases",
    "data": "Arrays, tables and texts",
}

OPENING = """\
# Files of other systems

Written by `tools/write_sources_reference.py` from the rows of the formats in `vdb/sources/`.

`vdb.sources.open` says what a file, a directory or a server of another system holds, and
`Database.import_source` makes a collection of it, which answers in that system's scores:

```python
import struct

import vdb

with open("points.fvecs", "wb") as file:  # two vectors, each with its length before it
    file.write(struct.pack("<i2fi2f", 2, 3, 4, 2, 4, 3))

with vdb.sources.open("points.fvecs") as source:
    assert (source.info.format, source.info.count, source.info.dim) == ("fvecs", 2, 2)

with vdb.open("moved.vdb") as db:
    report = db.import_source("points.fvecs", "points", metric="l2", verify=2)
    assert (report.added, report.refused) == (2, 0)
    assert report.verification.agrees
```

- **The metric** is the source's. Where its files do not say it, it is asked for, and never guessed.
- **Nothing is executed.** Pickles are read without running what is in them; plain values pass, and
  everything else is refused by its name.
- **Nothing is believed.** Lengths and offsets in a file are checked against its size. A file that
  is cut short, damaged or something else gives a `SourceError` with the file and the place.
  Checksums are compared where a format has them: zip, gzip, pages of Parquet that were written
  with one, VSAG's description, DuckDB's blocks. Most formats have none: another bit in a vector is
  another vector there, and nothing can tell. `Source.checksum()` tells two copies apart.
- **A library that can end the process** on damaged files (Lance, zvec) reads all of them in a
  process of its own first, and a source that this does not survive gives a `SourceError` too.
  HDF5, which can also take all memory or never come back, is opened so within limits of time and
  memory, and texts that are ids are read so. `trial=False` leaves that out.
- **Memory** does not grow with the source: records are read and written part by part, each in one
  commit. `resume=True` goes on after an interruption.
- **Rows that cannot be records**, such as a vector with NaN, are left out and listed in the report
  with their reasons; `strict=True` makes the first of them an error.
- **`verify=N`** asks N stored vectors of both: of the source by its own library, where that is
  installed, else by an exact search over the source's vectors. It compares the scores of every
  neighbour in the source's convention. Where a source has queries with their neighbours, as
  benchmarks have, it says how many of these searches of the collection find.
  [Conformance](reference/sources-conformance.md) has what came of it for every format and its
  library.
- **`dry_run=True`** does everything but the writing.
- **Passwords** in the address of a server are in no message, report or description.
"""


def section(row: SourceFormat) -> Iterator[str]:
    """One format."""
    yield title_line(row)
    is_server = row.kind == "server"
    yield fact_table(
        {
            "is read" if is_server else "in the files": row.holds,
            "is not, or was lost" if is_server else "not in them, or lost": row.lacks,
            "metric": row.metric,
            "read in tests": row.versions,
            "needs": f"`pip install {row.library}`" if row.library else "",
        }
    )
    yield from option_list(row.options)


def main() -> None:
    """Write the page, or with --check compare it."""
    fresh = chapters(OPENING, KINDS, formats(), section)
    write_or_check(PAGE, fresh, "write_sources_reference.py")


if __name__ == "__main__":
    main()
