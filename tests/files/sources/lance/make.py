"""Makes tables of Lance: pip install pylance==14.0.2 pyarrow==26.0.1; none are held here."""

from __future__ import annotations

import shutil
import sys
import warnings
from pathlib import Path

import lance
import numpy as np
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parents[3]))
from sources.recipes import Given, run, without

KEYS = ("i", "title", "score", "even")


def table(ids, rows, payloads):
    """All records as columns."""
    width = rows.shape[1]
    columns = {key: [one and one[key] for one in payloads] for key in KEYS}
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(rows.reshape(-1)), width)
    return pa.table({"id": ids, **columns, "vector": vectors})


def make(folder, records):
    """A table of each type of number, and one with deletions, changes and an index."""
    warnings.simplefilter("ignore")
    rows, names, payloads = records.vectors(), records.names(), records.payloads()
    columns = [one or dict.fromkeys(KEYS) for one in payloads]
    for name, ids, vectors in (
        ("docs", names, rows),
        ("half", records.numbers(), rows.astype(np.float16)),
        ("double", names, rows.astype(np.float64)),
    ):
        place = folder / f"{name}.lance"
        shutil.rmtree(place, ignore_errors=True)
        lance.write_dataset(table(ids, vectors, payloads), str(place), max_rows_per_file=300)
        yield Given(place.name, ids, vectors, None, columns, asked="l2")
    place = folder / "changed.lance"
    shutil.rmtree(place, ignore_errors=True)
    dataset = lance.write_dataset(table(names, rows, payloads), str(place))
    dataset.delete(f"id in ('{names[1]}', '{names[30]}')")
    vectors = rows.copy()
    vectors[2] *= 2
    dataset.merge_insert("id").when_matched_update_all().execute(
        table(names[2:3], vectors[2:3], payloads[2:3])
    )
    dataset = lance.dataset(str(place))
    dataset.create_index("vector", "IVF_FLAT", metric="cosine", num_partitions=1)
    yield without(Given(place.name, names, vectors, "cosine", columns, deleted=None), [1, 30])


if __name__ == "__main__":
    run(make, __file__, "pylance")
