"""docs/internals/backup-format.md says what the code writes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vdb.maintenance.repository import chunk, layout
from vdb.maintenance.repository.manifest import Manifest, name_of

PAGE = Path(__file__).parents[3] / "docs" / "internals" / "backup-format.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_the_example_of_a_chunk_is_one():
    (content,) = chunk.chunks([(b"\0", b"vdbstore"), (b"\1", b"")])
    lines = re.findall(r"^    ([0-9a-f ]+)$", TEXT, re.MULTILINE)
    assert bytes.fromhex("".join(lines[:2])) == content
    assert f"a chunk of {len(content)} bytes" in TEXT
    assert f"`{chunk.digest(content).hex()}`" in TEXT


def test_the_example_of_a_manifest_is_one():
    example = TEXT[TEXT.rindex('    {"sha256"') :]
    document = "".join(line.strip() for line in example.splitlines()).encode() + b"\n"
    manifest = Manifest.decode(document, "page")
    assert manifest.encode() == document
    assert (manifest.uuid, manifest.created, manifest.items) == ("0" * 32, 0.0, 2)
    fields = re.findall(r"^\| `(\w+)` \| \w+ \|", TEXT, re.MULTILINE)
    assert fields == re.findall(r'"(\w+)":', document.decode())[2:]


@pytest.mark.parametrize(
    "number", [chunk.SMALLEST, chunk.MEAN_REST, chunk.LONGEST, chunk.LONGEST_KEY]
)
def test_its_numbers_are_those_of_the_code(number):
    assert f"{number:,}" in TEXT or f"{number} //" in TEXT


def test_its_names_are_those_of_the_code():
    for name in (layout.CHUNKS, layout.MANIFESTS, layout.REMOVED, layout._OWNER):
        assert f"`{name}" in TEXT
    assert name_of(1796032380.0, 1) == "20261130T095300Z-0001"
    assert layout.GRACE == 24 * 3600
