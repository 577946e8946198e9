"""What a source gives, and whether it refuses what is cut short."""

from __future__ import annotations

import numpy as np
import pytest

import vdb


def everything(source, rows=7):
    """Ids and vectors of all records, in the order of the ids."""
    batches = list(source.batches(rows))
    ids = [one for batch in batches for one in batch.id_list()]
    vectors = np.concatenate([batch.vectors for batch in batches])
    order = sorted(range(len(ids)), key=ids.__getitem__)
    return [ids[place] for place in order], vectors[order]


def expected(ids, vectors):
    """The same of what the library was given."""
    order = np.argsort(ids)
    return [int(ids[place]) for place in order], vectors[order]


def refused(place, path=None, **options):
    """The error for a place that is not what it seems to be."""
    with pytest.raises(vdb.SourceError) as caught:
        for _ in vdb.sources.open(place, **options).batches():
            pass
    assert caught.value.path == str(path or place) and caught.value.place
    return caught.value


def refused_at_every_length(whole, place, step=41, start=1, **options):
    """Cut short everywhere, and one byte longer, a file is refused."""
    for length in [*range(start, len(whole), step), len(whole) - 1, len(whole) + 1]:
        place.write_bytes(whole[:length].ljust(length, b"\0"))
        refused(place, **options)
