"""Reads what a recipe made and compares it with what was given; a process for each format.

Libraries are out of reach until the source was read, unless reading needs them.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np

import vdb
from vdb.sources.registry import FORMATS

from . import recipes
from .result import Result

sys.path.append(str(recipes.RECIPES.parents[1]))
from sources.recipes import Given, read

QUERIES = 100
_ROUNDING = 5e-6  # of unit vectors, and of numbers that a library decodes or turns in float32


def main(arguments: list[str]) -> int:
    """Prints a line of JSON for each source of a folder; `packages` is where the libraries are."""
    name, folder, packages = arguments
    versions, given = read(Path(folder))
    text = ", ".join(f"{one} {version}" for one, version in versions.items())
    for one in given:
        one.format = one.format or recipes.format_of(name)
        part = one.options.get("collection") or one.options.get("table") or one.options.get("index")
        part = "" if part is None else f", {part}"
        result = Result(one.format, f"{one.place}{part}", text)
        try:
            _compare(one, Path(folder), packages, result)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
            result.faults.append(f"{type(error).__name__}: {error}"[:300])
        print("result " + json.dumps(result.as_dict()), flush=True)
    return 0


def _compare(given: Given, folder: Path, packages: str, result: Result) -> None:
    own = FORMATS[given.format]
    if own.library is not None and packages not in sys.path:
        sys.path.append(packages)
    result.library_free = packages not in sys.path
    options = {
        name: str(folder / value[5:]) if str(value).startswith("path:") else value
        for name, value in given.options.items()
    }
    with vdb.sources.open(
        folder / given.place, given.format, metric=given.asked, **options
    ) as source:
        result.fidelity = source.info.vectors
        if given.asked is None and source.info.metric != given.metric:
            result.faults.append(f"the metric is {source.info.metric}, not {given.metric}")
        batches = list(source.batches())
        deleted = source.skipped.get("deleted", 0)
        if given.deleted is not None and deleted != given.deleted:
            result.faults.append(f"{deleted} are deleted, not {given.deleted}")
        read = {
            one: (row, payload)
            for batch in batches
            for one, row, payload in zip(
                batch.id_list(), batch.vectors, batch.payload_list(), strict=True
            )
        }
        _records(given, read, result)
        if packages not in sys.path:
            sys.path.append(packages)
        if read:
            _verified(source, given, result)


def _records(given: Given, read: dict[Any, Any], result: Result) -> None:
    result.records = len(given.ids)
    more = set(read) - set(given.ids)
    if more:
        result.faults.append(f"ids that were not given: {sorted(map(str, more))[:5]}")
    if given.payloads is not None:
        equal = [
            (read[one][1] or None) == (payload or None)
            for one, payload in zip(given.ids, given.payloads, strict=True)
            if one in read
        ]
        result.payloads = sum(equal)
    for row, one in enumerate(given.ids):
        if one not in read:
            continue
        result.ids += 1
        vector, _ = read[one]
        expected = given.vectors[row]
        if vector.dtype == expected.dtype and vector.tobytes() == expected.tobytes():
            result.vectors += 1
        else:
            wide = expected.astype(np.float64)
            if result.fidelity == "normalized":
                wide /= np.linalg.norm(wide)
            distance = np.abs(wide - vector.astype(np.float64)).max()
            result.largest = max(result.largest, float(distance))
    _faults(result, close=result.fidelity != "exact" or given.decoded)


def _faults(result: Result, *, close: bool) -> None:
    """What must not be so; `close`: vectors agree to a rounding alone."""
    if result.ids != result.records:
        result.faults.append(f"{result.records - result.ids} records are missing")
    if close and not result.largest <= _ROUNDING:
        result.faults.append(f"a number differs by {result.largest:g}")
    if not close and result.vectors != result.ids:
        result.faults.append(f"{result.ids - result.vectors} vectors differ")
    if result.payloads not in (None, result.ids):
        result.faults.append(f"{result.ids - (result.payloads or 0)} payloads differ")


def _verified(source: vdb.sources.Source, given: Given, result: Result) -> None:
    with vdb.temporary() as db:
        report = db.import_source(
            source, "records", metric=given.asked, index=vdb.Flat(), verify=QUERIES
        )
        verification = report.verification
        if verification is None:
            raise TypeError("no verification")
        result.engine = verification.engine
        result.compared, result.equal = verification.compared, verification.equal
        result.difference = verification.largest_difference
        if not verification.agrees:
            first = verification.differences[:1]
            result.faults.append(f"verify: overlap {verification.overlap:.4f}, {first}"[:300])
        whole = [one for one in given.ids if isinstance(one, str) or one < 1 << 63]
        refused = given.refused + result.records - len(whole)
        if (report.added, report.refused) != (len(whole), refused):
            result.faults.append(f"{report.added} added, {report.refused} refused")
        if math.isnan(result.difference):
            result.faults.append("a score is no number")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
