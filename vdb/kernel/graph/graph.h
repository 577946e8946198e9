// The HNSW graph over link blocks: the lists of links of every node on every level.
//
// Invariants (verify.h checks every one of them):
//  - Links are mutual on every level: b stands in a's list exactly when a stands in b's.
//  - On level 0 the links with the tree bit form one spanning tree of all nodes, so every node is
//    reached from every other. A tree link is never pruned.
//  - No node has more tree links than tree_capacity(), which leaves room for other links.
//  - Of vectors that are equal number for number, one may stand in the graph for the others: these
//    duplicates hang off their representative in a chain and have no links of their own.
//  - Levels are arithmetic: of each run of M members of a level, one, chosen by a hash of (seed,
//    level, run), may belong to the next. A node's level needs no storage, and the row of slot s on
//    level l is row s / M^l of that level's table.
//
// Threads: reading is free for all. Rows of different slots may be written at the same time once
// prepare() has been called for each of them by one thread.
#pragma once

#include <cstdint>
#include <vector>

#include "blocks/block_table.h"

namespace vdb {

inline constexpr uint32_t kTreeBit = 0x80000000u;
inline constexpr uint32_t kSlotMask = 0x7FFFFFFFu;
inline constexpr uint32_t kNoDuplicate = 0x7FFFFFFEu;
inline constexpr uint32_t kDuplicateBit = 0x80000000u;

inline uint32_t slot_of(uint32_t link) { return link & kSlotMask; }
inline bool is_tree(uint32_t link) { return (link & kTreeBit) != 0; }

class Graph {
 public:
  // How many levels a collection with this M can ever have, level 0 included.
  static uint32_t level_limit(uint32_t M);
  static uint32_t row_size(uint32_t M, uint32_t level) { return 4 * (level == 0 ? 1 + 2 * M : M); }

  Graph(std::vector<BlockTable*> levels, Source& source, uint32_t M, uint64_t seed, uint32_t slots)
      : levels_(std::move(levels)), source_(&source), M_(M), seed_(seed), slots_(slots) {}

  uint32_t M() const { return M_; }
  uint32_t slots() const { return slots_; }
  uint32_t levels() const { return static_cast<uint32_t>(levels_.size()); }
  uint32_t capacity(uint32_t level) const { return level == 0 ? 2 * M_ : M_; }
  uint32_t tree_capacity() const { return M_ < 3 ? 3 : M_; }

  uint32_t level_of(uint32_t slot) const;  // the highest level a slot may belong to at this size

  // The list of a node: up to capacity(level) links, ended early by kNone. REQUIRES slot < slots().
  const uint32_t* links(uint32_t level, uint32_t slot) const {
    if (level == 0) return row(slot) + 1;
    return upper(level, slot);
  }
  // Prefetches a list on level 0: from disk, or into the cache.
  void will_need(uint32_t slot) const { levels_[0]->will_need(slot); }
  void prefetch(uint32_t slot) const;
  uint32_t degree(uint32_t level, uint32_t slot) const;
  uint32_t tree_degree(uint32_t slot) const;
  bool linked(uint32_t level, uint32_t a, uint32_t b) const;  // b stands in a's list
  // A slot number read from a link, after the bounds check that every id from disk gets.
  uint32_t checked(uint32_t link) const {
    const uint32_t slot = slot_of(link);
    if (slot >= slots_) out_of_bounds(link);
    return slot;
  }

  // Level 0 rows: the duplicate word (see docs/internals/format.md) and whether the slot is a node
  // at all.
  const uint32_t* row(uint32_t slot) const {
    const BlockTable::Place p = levels_[0]->place(slot);
    return reinterpret_cast<const uint32_t*>(levels_[0]->block(p.block, *source_) + kHeaderSize +
                                             size_t{p.row} * levels_[0]->shape().row_size);
  }
  bool is_unused(uint32_t slot) const { return row(slot)[0] == kNone; }
  // The same for a graph that is being built, whose blocks need not all be there yet.
  bool holds(uint32_t slot) const;
  bool is_duplicate(uint32_t slot) const {
    const uint32_t word = row(slot)[0];
    return word != kNone && (word & kDuplicateBit) != 0;
  }
  // The next of a representative's chain, kNone at its end and where the row is not in use.
  uint32_t next_duplicate(uint32_t slot) const {
    const uint32_t word = row(slot)[0], next = word & kSlotMask;
    return word == kNone || next == kNoDuplicate ? kNone : checked(next);
  }

  // Batches only.
  void prepare(uint32_t level, uint32_t slot) { writable(level, slot); }
  // Lists of a sound graph have room for these links; they throw Corrupted where one has not.
  void set_links(uint32_t level, uint32_t slot, const uint32_t* links, uint32_t count);
  void append(uint32_t level, uint32_t slot, uint32_t link);
  bool erase(uint32_t level, uint32_t slot, uint32_t other);  // false where it was not linked
  void mark_tree(uint32_t slot, uint32_t other);
  void replace(uint32_t level, uint32_t slot, uint32_t from, uint32_t to);
  void start_node(uint32_t slot);  // an empty list and no duplicates
  void clear_row(uint32_t slot);
  void add_duplicate(uint32_t representative, uint32_t slot);
  void remove_duplicate(uint32_t slot);
  uint32_t* writable_row(uint32_t slot);  // level 0, duplicate word first

 private:
  const uint32_t* upper(uint32_t level, uint32_t slot) const;
  uint32_t* writable(uint32_t level, uint32_t slot);
  [[noreturn]] void out_of_bounds(uint32_t link) const;
  [[noreturn]] void full(uint32_t level, uint32_t slot) const;

  std::vector<BlockTable*> levels_;
  Source* source_;
  uint32_t M_;
  uint64_t seed_;
  uint32_t slots_;
};

}  // namespace vdb
