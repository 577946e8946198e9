"""The two sides of one collection before and after its last rebuild.

The kept generation is as it was when it went out of use: what was written since is not in it, or
with its earlier vector. So only the records that have not changed are compared, on both sides. A
kept generation that shares its vectors with the one in use has them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

from numpy.typing import ArrayLike

from vdb import index
from vdb.analysis.common.moments import Moments
from vdb.analysis.comparison.sides import Side
from vdb.errors import NotFoundError
from vdb.store import Batch, CollectionView, WritableCollection, generation_view, generations

__all__ = ["generation_sides"]

_ReadNewest = Callable[[], AbstractContextManager[tuple[index.Reader, index.View]]]


def generation_sides(
    read_newest: _ReadNewest, queries: ArrayLike, previous_queries: ArrayLike
) -> list[Side]:
    """The kept generation, called "previous", and the one in use, called "present".

    Inside a batch, both are those of the commit that it builds on.
    """
    both = _Generations(read_newest)
    return [
        Side("previous", Moments(both.previous), previous_queries, both.unchanged),
        Side("present", Moments(both.present), queries, both.unchanged),
    ]


class _Generations:
    """The generation in use and the kept one, each as a view of its own."""

    def __init__(self, read_newest: _ReadNewest) -> None:
        self._read_newest = read_newest
        self._last_present: CollectionView | None = None
        self._kept: tuple[CollectionView, CollectionView] | None = None  # by the present view

    @contextmanager
    def present(self) -> Iterator[tuple[index.Reader, CollectionView]]:
        """The generation in use."""
        with self._read_newest() as (reader, view):
            present = view.view if isinstance(view, WritableCollection) else view
            self._last_present = present
            yield (reader.base if isinstance(reader, Batch) else reader), present

    @contextmanager
    def previous(self) -> Iterator[tuple[index.Reader, CollectionView]]:
        """The kept generation, in a view in which it is the one in use.

        Raises:
            NotFoundError: No generation is kept.
        """
        with self.present() as (reader, present):
            if self._kept is not None and self._kept[0] is present:
                yield reader, self._kept[1]
                return
            number = present.header.kept
            if not number:
                raise NotFoundError(
                    f"collection {present.header.name!r} has no kept generation; "
                    "rebuild(keep_previous=True) keeps the one before",
                    expected="a kept generation",
                    received=None,
                )
            record = reader.inactive_generation(present.header, number)
            header = present.header.copy()
            header.dim, header.model = present.header.embedding_in(record)
            header.metric, header.dtype = record.metric, record.dtype
            header.generation, header.kept = number, present.header.generation
            kept = generation_view(reader.database_header(), present, record)
            self._kept = present, replace(kept, header=header)
            yield reader, self._kept[1]

    def unchanged(self, reader: index.Reader, _view: index.View) -> index.FilterSet | None:
        """The records that both generations have alike; None for all of them."""
        present = self._last_present
        assert present is not None  # noqa: S101 - the moment that `reader` shows was just entered
        header = present.header
        record = reader.inactive_generation(header, header.kept)
        if record.vectors == present.generation.vectors:
            return None
        allowed = index.live(reader, present)
        allowed[generations.changed_slots(reader, header, header.kept)] = False
        return index.FilterSet.of(allowed, header.count).with_vectors(reader, present)
