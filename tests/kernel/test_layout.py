"""The folders of the C++ kernel are floors: what a file includes lies on its own floor or below."""

import re
from pathlib import Path

import pytest

KERNEL = Path(__file__).parents[2] / "vdb" / "kernel"

# The lowest first. "" is the top folder itself: index.h and writer.h.
FLOORS = ["runtime", "memory", "simd", "blocks", "columns", "distance", "graph"]
FLOORS += ["search", "text", "", "bindings"]


def includes(path: Path) -> list[str]:
    return re.findall(r'^#include "([^"]+)"', path.read_text(encoding="utf-8"), re.MULTILINE)


def sources() -> dict[str, list[str]]:
    """Every file of the kernel by its path from vdb/kernel, with what it includes."""
    files = [path for suffix in ("h", "cpp", "inc") for path in KERNEL.rglob(f"*.{suffix}")]
    return {path.relative_to(KERNEL).as_posix(): includes(path) for path in files}


def folder(name: str) -> str:
    return name.rpartition("/")[0]


def cycle(graph: dict[str, list[str]]) -> list[str]:
    """A way that leads back to its first file; empty where there is none."""
    finished: set[str] = set()

    def visit(name: str, way: list[str]) -> list[str]:
        if name in way:
            return [*way[way.index(name) :], name]
        if name not in finished:
            for other in graph[name]:
                if way_back := visit(other, [*way, name]):
                    return way_back
            finished.add(name)
        return []

    for name in graph:
        if way_back := visit(name, []):
            return way_back
    return []


def test_a_cycle_is_seen() -> None:
    assert cycle({"a": ["b"], "b": ["c"], "c": ["b"]}) == ["b", "c", "b"]
    assert cycle({"a": ["b", "c"], "b": ["c"], "c": []}) == []


def test_every_folder_is_a_floor() -> None:
    assert {folder(name) for name in sources()} == set(FLOORS)


@pytest.mark.parametrize("name", sorted(sources()))
def test_includes_name_a_file_from_the_top_folder_and_point_down(name: str) -> None:
    files = sources()
    for other in files[name]:
        assert other in files, f'{name}: include "{other}" by its path from vdb/kernel'
        assert FLOORS.index(folder(other)) <= FLOORS.index(folder(name)), f"{name} includes {other}"


def test_no_file_includes_itself_on_any_way() -> None:
    assert cycle(sources()) == []


def test_the_floors_are_documented_in_this_order() -> None:
    page = (KERNEL.parents[1] / "docs" / "internals" / "kernel.md").read_text(encoding="utf-8")
    table = page[page.index("| floor |") :].partition("\n\n")[0]
    rows = re.findall(r"^\| `([a-z]+)/?`", table, re.MULTILINE)
    assert rows == [floor or "index" for floor in reversed(FLOORS)]
