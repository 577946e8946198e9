"""How files of other systems are made, and what their libraries were given for them.

A recipe, tests/files/sources/*/make.py, is a function `make(folder, records)` that gives a `Given`
for each source that it has made. Its script makes the small files beside it again; with a folder, a
seed and a count it makes others, of random records, and writes down what was given:

    python tests/files/sources/faiss/make.py FOLDER --seed 1 --count 1000

numpy is needed, and the library of the format; vdb is not.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import multiprocessing
import zipfile
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from sources.records import COUNT, Records

_LIST = "given.json"


@dataclass
class Given:
    """A source, and the records that it must have, in any order.

    Attributes:
        place: Its name in the folder.
        ids: Its ids, int or str.
        vectors: Its vectors (n, dim), in the type of number that it holds; packed bytes for bits.
        metric: What it was built for; None where its files do not say it.
        payloads: One for each id; None where the format has none.
        deleted: Records that are marked as deleted; None where the format forgets them.
        asked: The metric that is given to open it, where its files do not say it.
        options: What else it is opened with; "path:NAME" stands for a path in the folder.
        format: Its format; None for the one of its folder.
        decoded: Whether the vectors are what the library decodes of codes, to a rounding.
        refused: Rows that cannot be records.
    """

    place: str
    ids: list
    vectors: np.ndarray
    metric: str | None = None
    payloads: list | None = None
    deleted: int | None = 0
    asked: str | None = None
    options: dict = field(default_factory=dict)
    format: str | None = None
    decoded: bool = False
    refused: int = 0

    def __post_init__(self):
        self.ids = self.ids.tolist() if isinstance(self.ids, np.ndarray) else list(self.ids)
        if not len(self.ids) == len(self.vectors) == len(self.payloads or self.ids):
            raise ValueError(f"{self.place}: as many ids as vectors and payloads")


def without(given, places):
    """The same but for the records at these places of its lists."""
    keep = [place for place in range(len(given.ids)) if place not in places]
    payloads = given.payloads and [given.payloads[place] for place in keep]
    ids = [given.ids[place] for place in keep]
    return replace(given, ids=ids, vectors=given.vectors[keep], payloads=payloads)


def pack(folder, archive, *, leave_out=()):
    """Pack a folder, to be kept as one small file."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_LZMA) as packed:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not set(leave_out) & set(path.relative_to(folder).parts):
                packed.write(path, path.relative_to(folder))


def apart(function, *arguments):
    """Call it in a process of its own, whose end lets go of files and locks."""
    process = multiprocessing.get_context("spawn").Process(target=function, args=arguments)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"{function.__name__} ended with {process.exitcode}")


def run(make, script, *distributions):
    """The script of a recipe; `distributions` are those whose versions count."""
    parser = argparse.ArgumentParser(description="Makes files of other systems.")
    parser.add_argument("folder", nargs="?", type=Path, help="default: beside the script")
    parser.add_argument("--seed", type=int, help="of random records")
    parser.add_argument("--count", type=int, default=COUNT)
    options = parser.parse_args()
    folder = options.folder or Path(script).parent
    folder.mkdir(parents=True, exist_ok=True)
    given = list(make(folder, Records(options.count, options.seed)))
    if options.folder is None:
        return
    versions = {name: importlib.metadata.version(name) for name in distributions}
    rows = []
    for number, one in enumerate(given):
        np.save(folder / f"given-{number}.npy", one.vectors)
        rows.append({name: value for name, value in vars(one).items() if name != "vectors"})
    text = json.dumps({"versions": versions, "given": rows})
    (folder / _LIST).write_text(text, encoding="utf-8")


def read(folder):
    """What a recipe wrote down: the versions of its libraries, and what it gave."""
    made = json.loads((folder / _LIST).read_text(encoding="utf-8"))
    given = [
        Given(vectors=np.load(folder / f"given-{number}.npy"), **row)
        for number, row in enumerate(made["given"])
    ]
    return made["versions"], given
