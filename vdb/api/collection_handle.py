"""What the classes of a collection share: its name, its identity, and its view at a moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vdb.api.collection_lookup import find_renamed, find_view, require_metric, require_model
from vdb.api.read_access import Access
from vdb.errors import NotFoundError
from vdb.index import ingest
from vdb.model.unpicklable import Handle
from vdb.store import Batch, CollectionView, Snapshot, WritableCollection
from vdb.store.format.headers import CollectionHeader

__all__ = ["CollectionHandle"]


class CollectionHandle(Handle):
    """One collection, by its identity: it is found again after it was renamed.

    It reads at one moment (of a snapshot) or at the newest moment of each call.
    """

    def __init__(
        self,
        access: Access,
        view: CollectionView | WritableCollection,
        *,
        metric: str | None = None,
        model: str | None = None,
    ) -> None:
        """`metric`, `model`: those that the collection must keep; None accepts a change."""
        self._access = access
        self._name = view.header.name
        # As last seen; a rebuild may change metric and dtype. One tuple, replaced as a whole.
        self._row_format = ingest.RowFormat.of(view.header)
        # The metric and the model of the caller's thresholds.
        self._known_metric, self._known_model = view.header.metric, view.header.model
        self._expected_metric, self._expected_model = metric, model
        self._identity = (view.header.number, view.header.created)
        self._seen: CollectionHeader | None = None  # of the newest view that `_view` has checked

    def _place(self) -> Path:
        return self._access.path

    def _view(self, reader: Snapshot | Batch) -> CollectionView | WritableCollection:
        try:
            view = reader.collection(self._name)
        except NotFoundError:
            view = self._renamed(reader) or find_view(reader, self._name)
        if view.header is self._seen:  # and is this collection, of the metric and model expected
            return view
        if (view.header.number, view.header.created) != self._identity:
            renamed = self._renamed(reader)
            if renamed is None:
                raise NotFoundError(
                    f"collection {self._name!r} was dropped and made anew; "
                    f"get the new one with db.collection({self._name!r})",
                    received=self._name,
                )
            view = renamed
        require_metric(view.header, self._expected_metric)
        require_model(view.header, self._expected_model)
        if isinstance(view, CollectionView):  # whose header does not change any more
            self._seen = view.header
        return view

    def _renamed(self, reader: Snapshot | Batch) -> CollectionView | WritableCollection | None:
        """The view of this collection under its present name; None where it was dropped."""
        view = find_renamed(reader, self._identity)
        if view is not None:
            self._name = view.header.name
        return view

    @contextmanager
    def _reading_view(
        self,
    ) -> Iterator[tuple[Snapshot | Batch, CollectionView | WritableCollection]]:
        with self._access.reading() as reader:
            yield reader, self._view(reader)
