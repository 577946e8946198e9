"""Columns of other libraries, read in place through the Arrow C data and stream interfaces.

No library is imported: pyarrow, polars, DuckDB and others speak the interface themselves. The
specification of types and buffers is https://arrow.apache.org/docs/format/Columnar.html; the
letters of types are those of https://arrow.apache.org/docs/format/CDataInterface.html.
"""

from __future__ import annotations

from vdb.model.arrow.columns import Column, read, speaks_arrow
from vdb.model.arrow.data_types import FORMATS, DataType, kernel_type
from vdb.model.arrow.value_reader import python_values
from vdb.model.arrow.vector_lists import matrices

__all__ = [
    "FORMATS",
    "Column",
    "DataType",
    "kernel_type",
    "matrices",
    "python_values",
    "read",
    "speaks_arrow",
]
