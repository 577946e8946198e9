"""Arguments in plain form: a list of ids, one matrix of rows, a list of payloads.

All checks that need no database are made here, before anything is locked or changed; an error names
the argument and the row.
"""

from __future__ import annotations

from vdb.model.inputs.column_names import ColumnNames
from vdb.model.inputs.columns import Columns, columns_of, payload_columns_of
from vdb.model.inputs.ids import (
    id_kind,
    id_list,
    id_or_none,
    is_one_id,
    one_id,
    refuse_repeats,
    require_id_kind,
)
from vdb.model.inputs.iterators import rereadable
from vdb.model.inputs.optional_vectors import VectorRows, vector_rows
from vdb.model.inputs.payload_columns import PayloadColumns
from vdb.model.inputs.payloads import is_mapping, payload_list
from vdb.model.inputs.row_parts import RowParts
from vdb.model.inputs.vectors import query_matrix, query_row, vector_matrix

__all__ = [
    "ColumnNames",
    "Columns",
    "PayloadColumns",
    "RowParts",
    "VectorRows",
    "columns_of",
    "id_kind",
    "id_list",
    "id_or_none",
    "is_mapping",
    "is_one_id",
    "one_id",
    "payload_columns_of",
    "payload_list",
    "query_matrix",
    "query_row",
    "refuse_repeats",
    "require_id_kind",
    "rereadable",
    "vector_matrix",
    "vector_rows",
]
