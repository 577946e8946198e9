"""Who takes part: which library, how it is set, and what it lacks beside a database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

LIBRARY: Final = "library"
DATABASE: Final = "database"

# What a library in memory has none of; "file": how its index gets to the disk.
WHOLE: Final = "no transactions; saved and loaded as a whole"
MAPPED: Final = "no transactions; saved as a whole, mapped read-only"


@dataclass(frozen=True)
class Contestant:
    """One line of the table.

    Attributes:
        name: what the tables call it.
        module: its driver, which is also the name of its environment.
        kind: LIBRARY (an index in memory) or DATABASE (keeps its own files).
        lacks: what it does not do, or does otherwise, in the words of the table.
        options: given to the driver.
        package: where the driver is found.
    """

    name: str
    module: str
    kind: str
    lacks: str
    options: Mapping[str, Any] = field(default_factory=dict)
    package: str = "tools.bench.field.drivers"

    @property
    def slug(self) -> str:
        """The name as part of a path."""
        return self.name.replace(" ", "-")


# What is installed for a driver: exactly these, so that a run can be repeated.
REQUIRES: Final[dict[str, str]] = {
    "vdb": "",  # built from this checkout by `python -m tools.bench`
    "hnswlib": "hnswlib==0.8.0",
    "faiss": "faiss-cpu==1.15.1",
    "usearch": "usearch==2.26.6",
    "vsag": "pyvsag==0.18.5",
    "voyager": "voyager==2.2.3",
    "hannoy": "hannoy==0.1.3",
    "chroma": "chromadb==1.5.9",
    "lancedb": "lancedb==0.40.0",
    "sqlite_vec": "sqlite-vec==0.1.9 apsw",
    "qdrant": "qdrant-edge-py==0.9.0",
    "zvec": "zvec==0.8.0",
}

REFERENCE: Final = "hnswlib"

CONTESTANTS: Final = (
    Contestant("hnswlib", "hnswlib", LIBRARY, WHOLE),
    Contestant("vdb", "vdb", DATABASE, ""),
    Contestant("vdb int8", "vdb", DATABASE, "", {"codes": "int8"}),
    Contestant("vdb int4", "vdb", DATABASE, "", {"codes": "int4"}),
    Contestant("faiss HNSWFlat", "faiss", LIBRARY, WHOLE),
    Contestant(
        "faiss HNSWSQ", "faiss", LIBRARY, WHOLE + "; values are approximate", {"codes": "sq8"}
    ),
    Contestant("usearch f32", "usearch", LIBRARY, MAPPED),
    Contestant(
        "usearch i8", "usearch", LIBRARY, MAPPED + "; values are approximate", {"dtype": "i8"}
    ),
    Contestant("VSAG fp32", "vsag", LIBRARY, WHOLE + "; one query a call"),
    Contestant(
        "VSAG sq8_uniform", "vsag", LIBRARY, WHOLE + "; one query a call", {"codes": "sq8_uniform"}
    ),
    Contestant("VSAG rabitq", "vsag", LIBRARY, WHOLE + "; one query a call", {"codes": "rabitq"}),
    Contestant("voyager", "voyager", LIBRARY, WHOLE),
    Contestant(
        "hannoy", "hannoy", DATABASE, "l2 and cosine only; a commit reads and writes all links"
    ),
    Contestant("Chroma", "chroma", DATABASE, "the graph is written now and then, a log meanwhile"),
    Contestant(
        "LanceDB HNSW", "lancedb", DATABASE, "inserts are scanned until the index is made again"
    ),
    Contestant(
        "LanceDB HNSW_SQ",
        "lancedb",
        DATABASE,
        "inserts are scanned until the index is made again",
        {"codes": "sq8"},
    ),
    Contestant(
        "sqlite-vec", "sqlite_vec", DATABASE, "no index: every search looks at every vector"
    ),
    Contestant("Qdrant Edge", "qdrant", DATABASE, "no transactions; the graph is made on demand"),
    Contestant("zvec", "zvec", DATABASE, "no transactions; the graph is made on demand"),
)

NAMES: Final = tuple(one.name for one in CONTESTANTS)


def chosen(text: str | None) -> tuple[Contestant, ...]:
    """Contestants by comma-separated names, drivers or kinds; all without a text.

    The reference is always among them, because rates are told as ratios to its.

    Raises:
        ValueError: a word is none of these; its text lists them.
    """
    if not text:
        return CONTESTANTS
    names = {REFERENCE}
    for word in (one.strip() for one in text.split(",")):
        fits = {one.name for one in CONTESTANTS if word in (one.name, one.module, one.kind)}
        if not fits:
            raise ValueError(f"{word!r} is not one of {', '.join(NAMES)}, nor a driver or a kind")
        names |= fits
    return tuple(one for one in CONTESTANTS if one.name in names)
