"""Likely bugs, as small replacements in our own source, and the tests that must fail.

Each text stands exactly once in its file; one that does not any more has to be replaced here.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["MUTATIONS", "Mutation"]


class Mutation(NamedTuple):
    """One bug: what takes the place of what, where, and the tests that must fail."""

    name: str
    file: str
    old: str
    new: str
    tests: str

    @property
    def compiled(self) -> bool:
        """Whether the kernel has to be built for it."""
        return self.file.startswith("vdb/kernel/")


MUTATIONS = (
    # The kernel: what it reads
    Mutation(
        "the checksum of a block is not looked at",
        "vdb/kernel/blocks/block_table.cpp",
        '  expect("checksum", load<uint32_t>(p + kAtChecksum), checksum(p));\n',
        "",
        "tests/kernel/test_block_table.py tests/maintenance/check/test_check.py",
    ),
    Mutation(
        "the checksum of a block does not cover whose database it is",
        "vdb/kernel/blocks/block_table.cpp",
        "crc32c(shape_.salt.data(), shape_.salt.size())",
        "crc32c(shape_.salt.data(), 0)",
        "tests/kernel/test_block_table.py tests/store/format tests/store/test_damage.py",
    ),
    Mutation(
        "a block of another number is taken",
        "vdb/kernel/blocks/block_table.cpp",
        '  expect("number", n, load<uint32_t>(p + kAtNumber));\n',
        "",
        "tests/kernel/test_block_table.py",
    ),
    Mutation(
        "a link from the disk is not held to the collection's slots",
        "vdb/kernel/graph/graph.h",
        "if (slot >= slots_) out_of_bounds(link);",
        "if (slot > slots_) out_of_bounds(link);",
        "tests/kernel/test_damage.py tests/kernel/test_hostile_graphs.py",
    ),
    Mutation(
        "of the blocks that a commit rewrote the last one is not looked at again",
        "vdb/kernel/blocks/block_table.cpp",
        "  for (size_t i = 0; i < count; ++i)\n    if (rewritten[i] < common)",
        "  for (size_t i = 0; i + 1 < count; ++i)\n    if (rewritten[i] < common)",
        "tests/kernel/test_block_table.py tests/isolation/test_two_processes.py",
    ),
    Mutation(
        "a table of blocks is one row short",
        "vdb/kernel/blocks/block_table.cpp",
        "(rows + rows_ - 1) / rows_);\n}",
        "(rows + rows_ - 2) / rows_);\n}",
        "tests/kernel/test_block_table.py tests/kernel/test_graph.py",
    ),
    Mutation(
        "a record's checksum is not looked at where hits are read",
        "vdb/kernel/bindings/stored_records.cpp",
        "little_endian(value.data()) != crc32c(body, size, expected) ||",
        "",
        "tests/kernel/test_records.py tests/query tests/store/test_damage.py",
    ),
    Mutation(
        "a replaced vector keeps the length that it had",
        "vdb/kernel/blocks/vectors.cpp",
        "  const float value = norm_of_row(shape_, vector);\n  std::memcpy",
        "  const float value = norm_of_row(shape_, vector);\n"
        "  if (*reinterpret_cast<const float*>(norm) < 0) std::memcpy",
        "tests/kernel/test_graph.py tests/index/vectors/test_change.py tests/index/test_ingest.py",
    ),
    # The kernel: graphs
    Mutation(
        "links that are thinned out keep their other end",
        "vdb/kernel/graph/back_links.cpp",
        "    for (const DroppedLink& p : some) graph_.erase(p.level, p.slot, p.other);",
        "    for (const DroppedLink& p : some) (void)p;",
        "tests/kernel/test_graph.py",
    ),
    Mutation(
        "the pieces that a removed node leaves are not joined",
        "vdb/kernel/graph/remover.cpp",
        "    join(vectors_, graph_, build_.at(0), pieces);\n",
        "",
        "tests/kernel/test_graph.py tests/index/vectors/test_change.py",
    ),
    Mutation(
        "a removed node stays the entry",
        "vdb/kernel/graph/remover.cpp",
        "  if (*entry_ == slot) choose_entry(neighbors);\n",
        "",
        "tests/kernel/test_graph.py tests/index/vectors/test_change.py",
    ),
    Mutation(
        "the duplicates of a removed node go on naming it",
        "vdb/kernel/graph/remover.cpp",
        "    graph_.writable_row(twin)[1] = heir;\n",
        "    graph_.writable_row(twin)[1] = slot;\n",
        "tests/kernel/test_graph.py tests/index/vectors/test_change.py",
    ),
    Mutation(
        "equal values are cut apart by the larger slot",
        "vdb/kernel/search/hit.h",
        "exact.ordered(b.value) : a.slot < b.slot;",
        "exact.ordered(b.value) : a.slot > b.slot;",
        "tests/kernel/test_graph.py tests/kernel/test_scan.py tests/query/test_search.py",
    ),
    Mutation(
        "whatever a filtered walk has kept is a hit",
        "vdb/kernel/search/reranker.cpp",
        "if (passes(node)) hits->push_back({value, node});",
        "hits->push_back({value, node});",
        "tests/index/vectors/test_filtered_codes.py tests/kernel/test_filtered_searcher.py",
    ),
    Mutation(
        "a new node does not stand in the lists of those it links to",
        "vdb/kernel/graph/builder.cpp",
        "  for (const uint32_t link : list)\n    back_links_.request(0, slot_of(link),",
        "  for (const uint32_t link : list)\n"
        "    if (is_tree(link)) back_links_.request(0, slot_of(link),",
        "tests/kernel/test_graph.py",
    ),
    # The store
    Mutation(
        "a commit is shown before it has happened",
        "vdb/store/batch.py",
        "            self._commit_txn()\n            self._publish(changed)\n",
        "            self._publish(changed)\n            self._commit_txn()\n",
        "tests/store/test_full_disk.py tests/store/test_failing_disk.py tests/store/test_views.py "
        "tests/store/test_failing_calls.py",
    ),
    Mutation(
        "a batch in which a call failed half-way is committed",
        "vdb/store/batch.py",
        "            if self.broken:\n",
        "            if False:\n",
        "tests/store/test_batch.py tests/api/test_batch.py",
    ),
    Mutation(
        "the writer lock is taken without asking",
        "vdb/store/files/file_lock.py",
        "        while not self._attempt(shared=shared):\n",
        "        while False:\n",
        "tests/store/files/test_lock.py",
    ),
    Mutation(
        "the meta page is not flushed with durability full",
        "vdb/store/files/lmdb_env.py",
        'metasync=durability == "full"',
        "metasync=False",
        "tests/store/files/test_lmdb_env.py",
    ),
    Mutation(
        "the file is mapped for writing",
        "vdb/store/files/lmdb_env.py",
        'metasync=durability == "full",\n',
        'metasync=durability == "full",\n                writemap=True,\n',
        "tests/store/files/test_lmdb_env.py tests/store/test_full_disk.py "
        "tests/store/test_failing_disk.py",
    ),
    Mutation(
        "a file that was cut short is mapped all the same",
        "vdb/store/files/lmdb_env.py",
        "        return data.stat().st_size < _needed(engine)\n",
        "        return data.stat().st_size < _needed(engine) - 4096 * 4096\n",
        "tests/store/test_damage.py tests/store/test_verify.py",
    ),
    Mutation(
        "readers that were killed keep their places",
        "vdb/store/files/data_file.py",
        "            self.engine.reader_check()  # a killed reader would keep pages",
        "            pass  # a killed reader would keep pages",
        "tests/store/test_snapshot.py tests/store/test_environment.py tests/isolation",
    ),
    Mutation(
        "after another process's commit the views stay as they were",
        "vdb/store/view_cache.py",
        "if current.txn_id == txn_id:\n                return current\n            reader",
        "if current.txn_id <= txn_id:\n                return current\n            reader",
        "tests/isolation/test_two_processes.py",
    ),
    Mutation(
        "of a journal that is gone nothing is thought to have changed",
        "vdb/store/view_cache.py",
        "        if value is None:\n            return None\n",
        "        if value is None:\n            continue\n",
        "tests/store/test_views.py tests/isolation/test_two_processes.py",
    ),
    Mutation(
        "a journal leaves out the blocks of vectors",
        "vdb/store/commit.py",
        "            changes[generation, kind, level] = numbers\n",
        "            if kind != 1:\n                changes[generation, kind, level] = numbers\n",
        "tests/isolation/test_two_processes.py tests/store/test_views.py",
    ),
    Mutation(
        "the parts of a long payload stay when its record goes",
        "vdb/store/transaction.py",
        "        self.delete(keys.record(number, slot))\n"
        "        self.delete_all(keys.parts_prefix(number, slot))\n",
        "        self.delete(keys.record(number, slot))\n",
        "tests/index/test_ingest_payloads.py tests/store/test_batch.py",
    ),
    Mutation(
        "an inherited handle is used in a forked child",
        "vdb/store/transaction.py",
        "        if self._handle.gate.forked:\n            self._handle.gate.check()\n",
        "",
        "tests/store/test_fork.py",
    ),
    Mutation(
        "a snapshot is ended under the call that reads it",
        "vdb/store/snapshot_users.py",
        "            while self.threads and not gate.forked:\n",
        "            while False:\n",
        "tests/store/test_close_held.py tests/store/test_snapshot.py tests/api/test_snapshot.py",
    ),
    Mutation(
        "a read-only handle writes",
        "vdb/api/database_access.py",
        "        if self.read_only:\n            raise ReadOnlyError(",
        "        if False:\n            raise ReadOnlyError(",
        "tests/api/test_database.py tests/isolation",
    ),
    # The format
    Mutation(
        "the seal of a record is not looked at",
        "vdb/store/format/checksums.py",
        "        if len(value) < SEAL_SIZE or _CHECKSUM.unpack_from(value)[0] != crc32c(\n"
        "            body, crc32c(key, self.start)\n        ):\n",
        "        if len(value) < SEAL_SIZE:\n",
        "tests/store/format/test_checksums.py",
    ),
    Mutation(
        "a newer format is read as if it were this one",
        "vdb/store/format/versions.py",
        "        if OLDEST_READABLE <= self.version <= FORMAT_VERSION:\n",
        "        if OLDEST_READABLE <= self.version:\n",
        "tests/store/format/test_versions.py",
    ),
    # What users call
    Mutation(
        "the count is not taken down by a removal",
        "vdb/index/ingest.py",
        "        coll.header.count -= len(slots)\n",
        "",
        "tests/index/test_ingest.py",
    ),
    Mutation(
        "an id that is there already is added again",
        "vdb/index/ingest.py",
        "        if slot is not None:\n            raise DuplicateIdError(",
        "        if False:\n            raise DuplicateIdError(",
        "tests/index/test_ingest_ids.py",
    ),
    Mutation(
        "of an id that is given twice the first one counts",
        "vdb/index/ingest.py",
        "    last = {value: i for i, value in enumerate(rows.ids)}\n",
        "    last = {value: i for i, value in reversed(list(enumerate(rows.ids)))}\n",
        "tests/index/test_ingest.py",
    ),
    Mutation(
        "the old postings of a replaced record stay",
        "vdb/index/ingest.py",
        "field_index.follow(batch, coll, list(old.values()), before=before, after=after)\n",
        "field_index.follow(batch, coll, list(old.values()), after=after)\n",
        "tests/index/fields/test_fields.py",
    ),
    Mutation(
        "a kept filter is good for every commit",
        "vdb/query/filter_cache.py",
        "entry is not None and entry.commit == commit else None",
        "entry is not None else None",
        "tests/query/test_filter_cache.py tests/query/test_filter_match.py",
    ),
    Mutation(
        "equal values do not stand by id",
        "vdb/query/search.py",
        "    if order is not None:\n        slots, values",
        "    if False:\n        slots, values",
        "tests/query/test_search.py",
    ),
    Mutation(
        "NaN passes for a number",
        "vdb/model/inputs/numbers.py",
        "return (squares <= _LARGEST_SQUARE) & (squares >= np.float32(metric.shortest**2))",
        "return ~(squares > _LARGEST_SQUARE) & ~(squares < np.float32(metric.shortest**2))",
        "tests/model/inputs/test_numbers.py tests/index/test_ingest_vectors.py",
    ),
    Mutation(
        "a score is that of another convention",
        "vdb/scores/formula_families.py",
        "    lambda x, _: 1 / (1 + x),\n",
        "    lambda x, _: 1 / (1 + np.sqrt(x)),\n",
        "tests/scores",
    ),
    Mutation(
        "a strict threshold lets in what is exactly at it",
        "vdb/scores/thresholds.py",
        "np.asarray(hits.scores < bound if",
        "np.asarray(hits.scores <= bound if",
        "tests/query/test_scoring_thresholds.py",
    ),
    Mutation(
        "a new generation comes into use without what was written meanwhile",
        "vdb/maintenance/rebuild/builder.py",
        "for this very batch.\n        self.caught_up += building.catch_up(changed)\n",
        "for this very batch.\n",
        "tests/maintenance/rebuild/test_rebuild_meanwhile.py",
    ),
)
