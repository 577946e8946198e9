#!/usr/bin/env bash
# One would guess: a dict in a column (a payload, metadata) that a map returns is the dict that comes out; from_items,
# which takes the same rows, does give them back as they are.
# What happens: the rows of a block become one column of Arrow structs, so each dict gets the keys of all others of its
# block, with None, and tuples become lists. Which keys it gets depends on how the rows are cut into blocks, that is on
# their order, on the number of blocks, and on the number of processors. "is there a key year" is no longer an answer.
# Ray 2.60.0 (ray.data); seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'ray[data]==2.60.0'
cd "$folder"
export RAY_AUTH_MODE=disabled RAY_USAGE_STATS_ENABLED=0
"$folder/venv/bin/python" - <<'PY' 2>error.log
import ray
import ray.data

print("Ray", ray.__version__)
ray.init(num_cpus=1, object_store_memory=80_000_000, include_dashboard=False, log_to_driver=False, logging_level="error")
payloads = [{"lang": "de"}, {"year": 2020}, {"lang": "fr"}, {"tags": ("a", "b")}]
rows = [{"id": number, "payload": payload} for number, payload in enumerate(payloads)]


def mapped(blocks):
    """The payloads after a map that returns them as they are."""
    dataset = ray.data.range(4, override_num_blocks=blocks).map(lambda row: rows[row["id"]])
    return [row["payload"] for row in sorted(dataset.take_all(), key=lambda row: row["id"])]


loaded = [row["payload"] for row in ray.data.from_items(rows).take_all()]
one, two, four = mapped(1), mapped(2), mapped(4)
print("expected:", payloads)
print("from_items ->", loaded)
print("map, 4 blocks ->", four)
print("map, 2 blocks ->", two)
print("map, 1 block ->", one)
assert loaded[:3] == payloads[:3]
assert four == [{"lang": "de"}, {"year": 2020}, {"lang": "fr"}, {"tags": ["a", "b"]}]
assert two[0] == {"lang": "de", "year": None} and two[2] == {"lang": "fr", "tags": None}
assert set(one[0]) == {"lang", "year", "tags"}
ray.shutdown()
PY
