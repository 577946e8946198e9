"""The compiled kernel: distances, the graph, search, checksums.

It is given memory and knows neither files nor LMDB. This file is the only Python that imports the
extension module; everything else says ``from vdb.kernel import ...``.
"""

import os
import time

from vdb.kernel import _kernel

NONE: int = _kernel.NONE
"""No slot (2**32 - 1)."""

AddressPredictor = _kernel.AddressPredictor
ArrowNode = _kernel.ArrowNode
ArrowStream = _kernel.ArrowStream
BlockTable = _kernel.BlockTable
IdCache = _kernel.IdCache
Index = _kernel.Index
PlainSearch = _kernel.PlainSearch
Residency = _kernel.Residency
ResidentMemory = _kernel.ResidentMemory
TableColumn = _kernel.TableColumn
TableSchema = _kernel.TableSchema
TextIndex = _kernel.TextIndex
TextScorer = _kernel.TextScorer
TextSegment = _kernel.TextSegment
Writer = _kernel.Writer
adjacent_rows = _kernel.adjacent_rows
are_payloads = _kernel.are_payloads
bfloat16_bits = _kernel.bfloat16_bits
build_text_segment = _kernel.build_text_segment
crc32c = _kernel.crc32c
distances = _kernel.distances
float_rows = _kernel.float_rows
id_keys = _kernel.id_keys
import_arrow_array = _kernel.import_arrow_array
instruction_set = _kernel.instruction_set
instruction_sets = _kernel.instruction_sets
level_limit = _kernel.level_limit
link_row_size = _kernel.link_row_size
merge_hits = _kernel.merge_hits
merge_text_segments = _kernel.merge_text_segments
msgpack_fault = _kernel.msgpack_fault
number_column = _kernel.number_column
ordered_dots = _kernel.ordered_dots
page_bytes = _kernel.page_bytes
payload_columns = _kernel.payload_columns
payload_parts = _kernel.payload_parts
plain_payloads = _kernel.plain_payloads
postings_to_bits = _kernel.postings_to_bits
postings_to_mask = _kernel.postings_to_mask
read_records = _kernel.read_records
sealed_records = _kernel.sealed_records
sub_batch_size = _kernel.sub_batch_size
text_byte_length = _kernel.text_byte_length
text_column = _kernel.text_column
text_families = _kernel.text_families
text_length_byte = _kernel.text_length_byte
use_instruction_set = _kernel.use_instruction_set
vector_column = _kernel.vector_column

encode_columns = _kernel.encode_columns
end_calls = _kernel.end_calls


def keep_out(timeout: float) -> None:
    """Threads of others do not come back to Python any more, which goes down: they stand still.

    To be called after `end_calls`, as late as can be. Whoever asks for the GIL at this very moment
    is let in first.
    """
    _kernel.keep_out()
    deadline = time.monotonic() + timeout
    while _kernel.asking() and time.monotonic() < deadline:
        time.sleep(0.001)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_kernel.forked)

__all__ = [
    "NONE",
    "AddressPredictor",
    "ArrowNode",
    "ArrowStream",
    "BlockTable",
    "IdCache",
    "Index",
    "PlainSearch",
    "Residency",
    "ResidentMemory",
    "TableColumn",
    "TableSchema",
    "TextIndex",
    "TextScorer",
    "TextSegment",
    "Writer",
    "adjacent_rows",
    "are_payloads",
    "bfloat16_bits",
    "build_text_segment",
    "crc32c",
    "distances",
    "encode_columns",
    "end_calls",
    "float_rows",
    "id_keys",
    "import_arrow_array",
    "instruction_set",
    "instruction_sets",
    "keep_out",
    "level_limit",
    "link_row_size",
    "merge_hits",
    "merge_text_segments",
    "msgpack_fault",
    "number_column",
    "ordered_dots",
    "page_bytes",
    "payload_columns",
    "payload_parts",
    "plain_payloads",
    "postings_to_bits",
    "postings_to_mask",
    "read_records",
    "sealed_records",
    "sub_batch_size",
    "text_byte_length",
    "text_column",
    "text_families",
    "text_length_byte",
    "use_instruction_set",
    "vector_column",
]
