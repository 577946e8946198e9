"""The table and the JSON file: what was measured, on what, against which bar."""

import datetime as dt
import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .peers import version
from .settings import Settings

LIBRARIES = ("vdb", "hnswlib", "faiss", "usearch", "numpy", "lmdb", "msgpack")
HEADINGS = ("what", "on", "bar", "measured", "")


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        what: the quantity.
        data: the data set, or "".
        bar: what is demanded, or "" where the figure is only for information.
        measured: the figure, readable.
        passed: whether it meets the bar; None without a bar, or where the measurement cannot tell.
        figures: everything behind it, for the JSON file.
    """

    what: str
    data: str
    bar: str
    measured: str
    passed: bool | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        """Last column."""
        if self.passed is None:
            return "none" if self.bar else ""
        return "pass" if self.passed else "FAIL"


def describe_machine() -> dict[str, Any]:
    """Processor, cores, memory, system, load."""
    cpu, flags = platform.processor(), ""
    for line in _lines("/proc/cpuinfo"):
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            cpu = value.strip()
        if key.strip() == "flags":
            flags = value
    names = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile")
    memory = next((line.split()[1] for line in _lines("/proc/meminfo")), "0")
    return {
        "cpu": cpu,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "instructions": [name for name in names if f" {name} " in f"{flags} "],
        "memory_gib": round(int(memory) / 2**20, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load": [round(one, 2) for one in os.getloadavg()],
    }


def _lines(path: str) -> list[str]:
    file = Path(path)
    return file.read_text().splitlines() if file.exists() else []


def describe_versions() -> dict[str, str]:
    """Installed versions of everything measured."""
    return {name: found for name in LIBRARIES if (found := version(name)) is not None}


def print_table(rows: Sequence[Row]) -> None:
    """Print rows in columns, the widest cell of each deciding."""
    cells = [HEADINGS, *((row.what, row.data, row.bar, row.measured, row.mark) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADINGS))]
    for number, line in enumerate(cells):
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)))
        if number == 0:
            print("  ".join("-" * width for width in widths))


def print_heading(settings: Settings, machine: Mapping[str, Any]) -> None:
    """Say what ran on what."""
    print(f"{machine['cpu']}, {machine['cores']} cores, {' '.join(machine['instructions'])}")
    print(f"{machine['system']}, Python {machine['python']}, load {machine['load']}")
    print(", ".join(f"{name} {found}" for name, found in describe_versions().items()))
    print(
        f"M={settings.M}, ef_construction={settings.ef_construction}, k={settings.k}, "
        f"medians of {settings.rounds} interleaved rounds, {settings.clock} time\n"
    )


def write_json(path: Path, settings: Settings, rows: Sequence[Row]) -> None:
    """Write everything measured, with machine, versions and settings."""
    document = {
        "when": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "machine": describe_machine(),
        "versions": describe_versions(),
        "settings": asdict(settings),
        "rows": [asdict(row) for row in rows],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1, default=str) + "\n", encoding="utf-8")
