"""Random columns of Arrow, read in place and read by pyarrow value by value."""

import pytest

pytest.importorskip("pyarrow")

from support.torture import torture


def test_columns_are_read_as_pyarrow_reads_them():
    status, said, error = torture("tables", "--rounds", 4, "--seed", 3)
    assert status == 0, said + error
    assert "tables: passed: 4 rounds from 0, seed 3" in said
