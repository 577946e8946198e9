"""The compiled kernel: distances, the graph, search, checksums.

It is given memory and knows neither files nor LMDB. This file is the only Python that imports the
extension module; everything else says ``from vdb.kernel import ...``.
"""

from vdb.kernel import _kernel

NONE: int = _kernel.NONE
"""No slot (2**32 - 1)."""

BlockTable = _kernel.BlockTable
Forecast = _kernel.Forecast
Index = _kernel.Index
Residency = _kernel.Residency
Writer = _kernel.Writer
are_payloads = _kernel.are_payloads
crc32c = _kernel.crc32c
distances = _kernel.distances
instruction_set = _kernel.instruction_set
instruction_sets = _kernel.instruction_sets
level_limit = _kernel.level_limit
link_row_size = _kernel.link_row_size
mark_slots = _kernel.mark_slots
msgpack_fault = _kernel.msgpack_fault
read_records = _kernel.read_records
sub_batch_size = _kernel.sub_batch_size
use_instruction_set = _kernel.use_instruction_set

__all__ = [
    "NONE",
    "BlockTable",
    "Forecast",
    "Index",
    "Residency",
    "Writer",
    "are_payloads",
    "crc32c",
    "distances",
    "instruction_set",
    "instruction_sets",
    "level_limit",
    "link_row_size",
    "mark_slots",
    "msgpack_fault",
    "read_records",
    "sub_batch_size",
    "use_instruction_set",
]
