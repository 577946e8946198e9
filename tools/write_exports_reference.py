"""Writes docs/exports.md from the formats' own rows; with --check, compares it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reference_pages import chapters, fact_table, option_list, title_line, write_or_check

from vdb.exports import ExportFormat, formats

PAGE = Path(__file__).parent.parent / "docs" / "exports.md"
KINDS = {
    "data": "Arrays, tables and texts",
    "index": "Files of libraries that search",
    "database": "Files that databases load",
}

OPENING = """\
# Exports

Written by `tools/write_exports_reference.py` from the rows of the formats in `vdb/exports/`.

`Collection.export` writes the records of a collection, as of one moment, into files of another
system; `vdb export` is the same on the command line. `Database.import_source` is the way back:

```python
import vdb

with vdb.open("notes.vdb") as db:
    notes = db.create_collection("notes", dim=2, metric="cosine", fields={"year": "int"})
    notes.add([1, 2], [[1, 0], [0.6, 0.8]], [{"year": 2024}, {"year": 2025}])
    report = notes.export("notes.npy", where={"year": 2025})
    assert [file.name for file in report.files] == ["notes.npy", "notes.jsonl", "notes.json"]
    assert (report.records, report.notes) == (1, ())
    db.import_source("notes.npy", "again")
    assert db.collection("again").get(2).payload == {"year": 2025}
```

- **The format** is what the end of the path says, or `format=`; without an end, `npy`.
- **What a format cannot hold** is refused, or said in `notes`, before the first byte is written;
  `dry_run=True` does only that.
- **Files appear** when all are complete, and take the place of others only with `overwrite=True`.
- **npy, parquet, arrow and lance hold everything**: schema, index, fields, convention, payloads,
  records without a vector. `vdb.sources` reads them back as the same collection. Of formats that
  have room for vectors only, two files beside the main one hold the rest; atlas is no way back.
- **Files of indexes and databases** come back too, with the schema in them or beside them: as the
  same collection, but for what their part says, and with the convention of the engine's scores.
- **Memory** does not grow with the collection, except where the library of a format needs all
  vectors at once, which its part says.
"""


def section(row: ExportFormat) -> Iterator[str]:
    """One format."""
    yield title_line(row)
    yield fact_table(
        {
            "ends of the path": ", ".join(f"`{suffix}`" for suffix in row.suffixes)
            + (f', with `format="{row.name}"`' if row.by_name else ""),
            "in the files": row.holds,
            "not in them": row.lacks,
            "read back in tests by": row.versions,
            "needs": f"`pip install {row.library}`" if row.library else "",
        }
    )
    yield from option_list(row.options)


def main() -> None:
    """Write the page, or with --check compare it."""
    fresh = chapters(OPENING, KINDS, formats(), section)
    write_or_check(PAGE, fresh, "write_exports_reference.py")


if __name__ == "__main__":
    main()
