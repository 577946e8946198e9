"""Damages copies of a source and reads them, in a process with a limit of memory.

It takes a line of JSON for each source: what it is, the seed, how many cases. It gives a line for
each case; one that is missing says which case ended the process.
"""

from __future__ import annotations

import json
import random
import resource
import shutil
import subprocess
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any
from unittest import mock

import vdb
from tools.torture.damaged_sources import forked_trial
from tools.torture.damaged_sources.damage import damage_file
from vdb.sources.registry import FORMATS

MEMORY = 256 << 20  # bytes more than before that a reading may take
ROOM = 2 << 30  # bytes of addresses that all readings of the process together may take
SECONDS = 10.0  # of processor time that reading a few kilobytes may take
_REFUSALS = (vdb.SourceError, vdb.InvalidArgumentError, vdb.DiskError, vdb.NotFoundError)
_OUT_OF_MEMORY = ("malloc of size", "MemoryError", "Out of Memory", "bad_alloc", "alloc fail")


def main() -> int:
    """Serves until its input ends."""
    for line in sys.stdin:
        order = json.loads(line)
        whole = _records(order, order["place"])  # the library is loaded before the limit is set
        _limit()
        for case in range(order["first"], order["first"] + order["cases"]):
            outcome = _case(order, case, whole)
            print(json.dumps({"case": case} | outcome), flush=True)
        print(json.dumps({"end": True}), flush=True)
    return 0


def _limit() -> None:
    """So much more than is used now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    soft = pages * resource.getpagesize() + ROOM
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _case(order: dict[str, Any], case: int, whole: dict[Any, Any]) -> dict[str, Any]:
    draw = random.Random(f"{order['seed']}/{case}/{order['name']}")
    original, copy = Path(order["place"]), Path(order["work"]) / "damaged"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir(parents=True)
    place = copy / original.name
    moved = {}
    (shutil.copytree if original.is_dir() else _copied)(original, place)
    for one in order["beside"]:
        moved[one] = str(_copied(Path(one), copy / Path(one).name))
    files = [one for one in copy.rglob("*") if one.is_file()]
    target = draw.choice(sorted(files))
    flipped = damage_file(draw, target, order["spans"])
    options = {name: moved.get(value, value) for name, value in order["options"].items()}
    before = resource.getrusage(resource.RUSAGE_SELF)
    outcome = _read(order | {"options": options}, str(place), whole)
    after = resource.getrusage(resource.RUSAGE_SELF)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    grown = (after.ru_maxrss - before.ru_maxrss) << 10
    if grown > MEMORY:
        outcome["fault"] = f"took {grown >> 20:,} MiB"
    elif seconds > SECONDS:
        outcome["fault"] = f"took {seconds:.0f} s"
    if "fault" in outcome or ("wide" in outcome and flipped):
        kept = Path(order["work"]) / f"kept-{order['name']}-{order['seed']}-{case}"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(copy, kept)
        outcome["kept"] = str(kept)
    return outcome | {"file": str(target.relative_to(copy)), "flipped": flipped}


def _copied(original: Path, target: Path) -> Path:
    """A copy; of a large one the holes are kept."""
    if original.stat().st_size < 8 << 20:
        shutil.copyfile(original, target)
    else:
        subprocess.run(["cp", "--sparse=always", str(original), str(target)], check=True)
    return target


def _read(order: dict[str, Any], place: str, whole: dict[Any, Any]) -> dict[str, Any]:
    try:
        with _trials(order["format"]):
            records = _records(order, place)
        if _records(_without_trial(order), place, rows=7) != records:
            return {"fault": "parts of another size give other records"}
    except _REFUSALS as error:
        if any(words in str(error) for words in _OUT_OF_MEMORY):
            return {"refused": "", "asked": str(error)[-200:]}
        return {"refused": str(error)[-120:]}
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is the finding
        return {"fault": f"{type(error).__name__}: {str(error)[:300]}"}
    keys = set(whole) | set(records)
    changed = [key for key in keys if whole.get(key) != records.get(key)]
    outcome: dict[str, Any] = {"changed": len(changed)}
    if len(changed) > 2:
        outcome["wide"] = len(changed) / max(1, len(keys))
    return outcome


def _trials(format_name: str) -> AbstractContextManager[Any]:
    """Trials of libraries that have no threads of their own are forks of this process."""
    if format_name != "hdf5":
        return nullcontext()
    return mock.patch("vdb.sources.reading.trial.subprocess.run", forked_trial.run)


def _without_trial(order: dict[str, Any]) -> dict[str, Any]:
    """What a process of its own has survived, this one does."""
    takes = FORMATS[order["format"]].takes("trial")
    return order | {"options": order["options"] | {"trial": False}} if takes else order


def _records(order: dict[str, Any], place: str, rows: int | None = None) -> dict[Any, Any]:
    """Vectors and payloads by ids, refusals by places, and what the head says."""
    records: dict[Any, Any] = {}
    with vdb.sources.open(place, order["format"], **order["options"]) as source:
        info = source.info
        records["the head"] = (info.dim, info.dtype, info.metric, info.convention)
        for batch in source.batches(rows):
            given = zip(batch.id_list(), batch.vectors, batch.payload_list(), strict=True)
            for key, vector, payload in given:
                text = json.dumps(payload, default=str, sort_keys=True)
                records[key if key not in records else (key, 2)] = (vector.tobytes(), text)
            for refusal in batch.refusals:
                records[f"refused {refusal.place}"] = refusal.reason
    return records


if __name__ == "__main__":
    sys.exit(main())
