"""What the records of a collection are made of, for the tables that they become."""

from __future__ import annotations

from vdb.index.fields import field_index
from vdb.index.types import View
from vdb.model.tables.layout import PayloadField, RecordLayout
from vdb.store.format.limits import NO_SLOT

__all__ = ["record_layout"]


def record_layout(view: View) -> RecordLayout:
    """Kind of ids, indexed fields, dtype and dimension of a collection.

    A field that is being built is left out: records from before its declaration may not fit it.
    """
    header = view.header
    pairs = zip(field_index.declared(header), header.fields, strict=True)
    fields = [
        PayloadField(field.path, field.kind, field.names)
        for field, line in pairs
        if line["built"] == NO_SLOT
    ]
    return RecordLayout(header.id_kind, tuple(fields), header.dtype, header.dim)
