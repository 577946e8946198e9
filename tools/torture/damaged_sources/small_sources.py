"""Every small source, with what it needs to be opened."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sources.recipes import read as read_given

FILES = Path(__file__).parents[3] / "tests" / "files" / "sources"
PGVECTOR = "id:bigint,title:text,score:double precision,even:boolean,tags:jsonb,embedding:vector"
OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("annoy/angular.ann", {"dim": 16, "metric": "cosine"}),
    ("annoy/euclidean.ann", {"dim": 16, "metric": "l2"}),
    ("annoy/manhattan.ann", {"dim": 16, "metric": "l1"}),
    ("annoy/dot.ann", {"dim": 16, "metric": "ip"}),
    ("annoy/hamming.ann", {"dim": 64, "metric": "hamming"}),
    ("annoy/hamming-20.ann", {"dim": 20, "metric": "hamming"}),
    ("annoy/one.ann", {"dim": 3, "metric": "l2"}),
    ("chroma/*.zip", {"collection": "docs-cosine"}),
    ("chroma/*.zip", {"collection": "docs-l2"}),
    ("hannoy/four", {"index": 0}),
    ("milvus_lite/*.zip", {"collection": "L2"}),
    ("milvus_lite_2/*.zip", {"collection": "L2"}),
    ("pgvector/dump.sql", {"table": "items", "vector": "embedding"}),
    ("pgvector/items.txt", {"columns": PGVECTOR}),
    ("pgvector/items.csv", {"columns": "id:bigint,title:text,embedding:vector", "csv": True}),
    ("pgvector/items.copy", {"columns": f"{PGVECTOR},small:halfvec", "vector": "embedding"}),
    ("pgvector/codes.copy", {"columns": "key:text,code:bit", "id": "key"}),
    ("pgvector/sparse.copy", {"columns": "id:int,v:sparsevec"}),
    ("qdrant/*.zip", {"collection": "Cosine"}),
    ("qdrant/*.zip", {"collection": "named", "vector": "one"}),
    ("safetensors/several.safetensors", {"vectors": "half"}),
    ("sqlite_vec/vec0.db", {"table": "docs"}),
    ("sqlite_vec/vec0.db", {"table": "small", "column": "b"}),
)
"""What sources need to be opened with, by their names; several for several parts of one."""

_ELSEWHERE = {"words.kv": "gensim", "apart.kv": "gensim", "roomy.kv": "gensim"}
_NONE = (".py", ".sh", ".npy", ".json")
_BLOCK = 1 << 12


class Small(NamedTuple):
    """A small source.

    Attributes:
        format: Its format.
        place: Where it is: a file or a directory.
        options: What it is opened with.
        spans: Of a large file, offset and length of what is not 0.
        beside: Files that options name, and that are damaged as well.
    """

    format: str
    place: Path
    options: dict[str, Any]
    spans: list[tuple[int, int]]
    beside: list[Path]


def small_sources(work: Path) -> Iterator[Small]:
    """Those of the tree, unpacked into `work`, and those whose recipe can run here."""
    for folder in sorted(FILES.iterdir()):
        if not (folder / "make.py").is_file():
            continue
        places = [one for one in sorted(folder.iterdir()) if _is_source(one)]
        yield from _of_tree(folder, places, work) if places else _made(folder, work)


def _is_source(place: Path) -> bool:
    return place.suffix not in _NONE and place.name != "__pycache__"


def _of_tree(folder: Path, places: list[Path], work: Path) -> Iterator[Small]:
    for place in places:
        own = _ELSEWHERE.get(place.name, folder.name.replace("_", "-"))
        options = [
            one for pattern, one in OPTIONS if fnmatch(f"{folder.name}/{place.name}", pattern)
        ]
        spans: list[tuple[int, int]] = []
        beside = sorted(folder.glob(f"{place.name}.*"))
        if place.suffix == ".zip":
            target = work / place.stem
            with zipfile.ZipFile(place) as packed:
                packed.extractall(target)
            inside = [one for one in target.iterdir() if one.suffix == ".db"]
            place = inside[0] if inside else target  # noqa: PLW2901 - what was packed
        elif place.suffix == ".npz" and folder.name == "vsag":
            place, spans = _of_parts(place, work / place.stem)  # noqa: PLW2901
        for one in options or [{}]:
            yield Small(own, place, one, spans, beside)


def _of_parts(archive: Path, target: Path) -> tuple[Path, list[tuple[int, int]]]:
    """The file of an archive of its parts that are not 0."""
    parts = np.load(archive)
    spans = []
    with target.open("wb") as file:
        file.truncate(int(parts["size"][0]))
        for name in parts.files:
            if name != "size":
                spans.append((int(name), len(parts[name])))
                file.seek(int(name))
                file.write(parts[name].tobytes())
    return target, spans


def _made(folder: Path, work: Path) -> Iterator[Small]:
    target = work / f"made-{folder.name}"
    command = [sys.executable, str(folder / "make.py"), str(target)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        shutil.rmtree(target, ignore_errors=True)
        return
    for one in read_given(target)[1]:
        options = {
            name: str(target / value[5:]) if str(value).startswith("path:") else value
            for name, value in one.options.items()
        }
        beside = [Path(value) for value in options.values() if str(value).startswith(str(target))]
        own = one.format or folder.name.replace("_", "-")
        yield Small(own, target / one.place, options, [], beside)
