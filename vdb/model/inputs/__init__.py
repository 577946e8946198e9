"""What callers hand in, made plain: a list of ids, one matrix of rows, a list of payloads.

Everything that can be refused without looking at the database is refused here, naming the argument
and the row, before anything is locked or changed.
"""

from __future__ import annotations

from vdb.model.inputs.ids import (
    id_kind,
    id_list,
    is_one_id,
    one_id,
    refuse_repeats,
    require_id_kind,
)
from vdb.model.inputs.once import kept
from vdb.model.inputs.payloads import payload_list
from vdb.model.inputs.vectors import query_matrix, query_row, vector_matrix

__all__ = [
    "id_kind",
    "id_list",
    "is_one_id",
    "kept",
    "one_id",
    "payload_list",
    "query_matrix",
    "query_row",
    "refuse_repeats",
    "require_id_kind",
    "vector_matrix",
]
