"""docs/internals/cluster-format.md says what the code writes."""

from __future__ import annotations

import re
from pathlib import Path

import msgpack
import numpy as np
import pytest

from vdb.cluster.metadata.cluster_map import ClusterMap
from vdb.cluster.metadata.log_entry import LogEntry
from vdb.cluster.metadata.object_names import backup_prefix, log_name, map_name
from vdb.cluster.metadata.slots import SLOTS, slot_of

PAGE = Path(__file__).parents[3] / "docs" / "internals" / "cluster-format.md"
pytestmark = pytest.mark.skipif(not PAGE.is_file(), reason="a wheel is tested without its pages")
TEXT = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""


def fields_below(heading):
    section = re.split(r"\n#+ ", TEXT.partition(f"# {heading}\n")[2])[0]
    return re.findall(r"^\| `(\w+)` \| \w+", section, re.MULTILINE)


def test_its_slots_are_those_of_the_code():
    rows = re.findall(r"^\| (\S+) \| `([0-9a-f]{16})` \| (\d+) \|$", TEXT, re.MULTILINE)
    assert len(rows) >= 10
    for shown, number, slot in rows:
        one = shown.strip('"') if shown.startswith('"') else int(shown)
        assert slot_of(one) == int(slot) == int(number, 16) % SLOTS


def test_its_fields_are_those_of_a_map(first, papers):
    document = first.encode().decode()
    assert fields_below("Map") == re.findall(r'"(\w+)":', _flat(document))[2:]
    assert fields_below("Collection") == list(papers.to_json())
    assert fields_below("Shard") == list(papers.shards[0].to_json())
    assert fields_below("Change") == list(papers.change.to_json())
    for name in papers.schema:
        assert f"`{name}`" in TEXT


def _flat(document):
    """A document without what is inside its innermost objects and lists."""
    head, _, body = document.partition('"map":{')
    depth, kept = 0, []
    for letter in body:
        depth += letter in "{["
        if depth == 0:
            kept.append(letter)
        depth -= letter in "}]"
    return head + '"map":{' + "".join(kept)


def test_its_names_are_those_of_the_code():
    assert f"`{map_name(7)}`" in TEXT
    assert f"`{log_name('papers-000003', 7)}`" in TEXT
    assert f"`{backup_prefix('papers-000003')}`" in TEXT


def test_its_fields_are_those_of_a_log_entry():
    one = LogEntry("t", "add", vectors=np.zeros((0, 3), np.int8))
    fields = msgpack.unpackb(one.encode("log/x/1")[4:])
    assert fields_below("Log") == list(fields)
    assert fields_below("Vectors") == list(fields["vectors"])


def test_its_examples_are_what_is_written():
    lines = re.findall(r"^    (.+)$", TEXT.partition("## An example")[2], re.MULTILINE)
    document = "".join(line for line in lines if not re.fullmatch("[0-9a-f]+", line))
    assert ClusterMap(1, "0" * 32).encode() == f"{document}\n".encode()
    content = bytes.fromhex("".join(line for line in lines if re.fullmatch("[0-9a-f]+", line)))
    name = log_name("papers-000000", 1)
    assert LogEntry("t", "delete", ids=[7]).encode(name) == content
