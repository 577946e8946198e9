#include "graph/graph.h"

#include <algorithm>
#include <array>
#include <string>

#include "memory/prefetch.h"
#include "runtime/errors.h"

namespace vdb {
namespace {

constexpr uint32_t kLargestM = 256;

const uint32_t* empty_row() {
  static const std::array<uint32_t, kLargestM> row = [] {
    std::array<uint32_t, kLargestM> r{};
    r.fill(kNone);
    return r;
  }();
  return row.data();
}

// The finaliser of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators).
uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

}  // namespace

uint32_t Graph::level_limit(uint32_t M) {
  uint32_t levels = 1;
  for (uint64_t span = M; span <= kMaxSlots; span *= M) ++levels;
  return levels;
}

uint32_t Graph::level_of(uint32_t slot) const {
  uint32_t level = 0;
  uint64_t unit = slot;
  for (uint64_t span = M_; level + 1 < levels() && span <= slots_; span *= M_) {
    const uint64_t run = unit / M_;
    const uint64_t chosen =
        mix(seed_ + 0x9E3779B97F4A7C15u * ((uint64_t{level} + 1) << 40 ^ (run + 1))) % M_;
    if (unit % M_ != chosen) break;
    unit = run;
    ++level;
  }
  return level;
}

void Graph::out_of_bounds(uint32_t link) const {
  throw Corrupted("link to slot " + std::to_string(slot_of(link)) + " in a collection of " +
                  std::to_string(slots_) + " slots");
}

const uint32_t* Graph::upper(uint32_t level, uint32_t slot) const {
  const BlockTable& table = *levels_[level];
  const BlockTable::Place p = table.place(static_cast<uint32_t>(slot / table.shape().span));
  if (p.block >= table.blocks()) return empty_row();
  const uint8_t* block = table.block_or_null(p.block, *source_);
  if (block == nullptr) return empty_row();
  return reinterpret_cast<const uint32_t*>(block + kHeaderSize +
                                           size_t{p.row} * table.shape().row_size);
}

bool Graph::holds(uint32_t slot) const {
  return levels_[0]->block_or_null(levels_[0]->place(slot).block, *source_) != nullptr &&
         !is_unused(slot);
}

void Graph::prefetch(uint32_t slot) const { prefetch_bytes(row(slot), row_size(M_, 0)); }

uint32_t Graph::degree(uint32_t level, uint32_t slot) const {
  const uint32_t* list = links(level, slot);
  return static_cast<uint32_t>(std::find(list, list + capacity(level), kNone) - list);
}

uint32_t Graph::tree_degree(uint32_t slot) const {
  const uint32_t* list = links(0, slot);
  uint32_t n = 0;
  for (uint32_t i = 0; i < capacity(0) && list[i] != kNone; ++i) n += is_tree(list[i]);
  return n;
}

bool Graph::linked(uint32_t level, uint32_t a, uint32_t b) const {
  const uint32_t* list = links(level, a);
  for (uint32_t i = 0; i < capacity(level) && list[i] != kNone; ++i)
    if (slot_of(list[i]) == b) return true;
  return false;
}

uint32_t* Graph::writable(uint32_t level, uint32_t slot) {
  BlockTable& table = *levels_[level];
  const BlockTable::Place p = table.place(static_cast<uint32_t>(slot / table.shape().span));
  uint8_t* block = table.writable(p.block, *source_);
  auto* row =
      reinterpret_cast<uint32_t*>(block + kHeaderSize + size_t{p.row} * table.shape().row_size);
  return level == 0 ? row + 1 : row;
}

uint32_t* Graph::writable_row(uint32_t slot) { return writable(0, slot) - 1; }

void Graph::full(uint32_t level, uint32_t slot) const {
  throw Corrupted("slot " + std::to_string(slot) + ": no room in its list on level " +
                  std::to_string(level) + ", where a sound one has some");
}

void Graph::set_links(uint32_t level, uint32_t slot, const uint32_t* links, uint32_t count) {
  if (count > capacity(level)) full(level, slot);
  uint32_t* list = writable(level, slot);
  std::copy(links, links + count, list);
  std::fill(list + count, list + capacity(level), kNone);
}

void Graph::append(uint32_t level, uint32_t slot, uint32_t link) {
  const uint32_t n = degree(level, slot);
  if (n == capacity(level)) full(level, slot);
  writable(level, slot)[n] = link;
}

bool Graph::erase(uint32_t level, uint32_t slot, uint32_t other) {
  uint32_t* list = writable(level, slot);
  const uint32_t n = degree(level, slot);
  for (uint32_t i = 0; i < n; ++i)
    if (slot_of(list[i]) == other) {
      std::copy(list + i + 1, list + n, list + i);
      list[n - 1] = kNone;
      return true;
    }
  return false;
}

void Graph::mark_tree(uint32_t slot, uint32_t other) {
  uint32_t* list = writable(0, slot);
  for (uint32_t i = 0; i < capacity(0) && list[i] != kNone; ++i)
    if (slot_of(list[i]) == other) list[i] |= kTreeBit;
}

void Graph::replace(uint32_t level, uint32_t slot, uint32_t from, uint32_t to) {
  uint32_t* list = writable(level, slot);
  for (uint32_t i = 0; i < capacity(level) && list[i] != kNone; ++i)
    if (slot_of(list[i]) == from) list[i] = to | (list[i] & kTreeBit);
}

void Graph::start_node(uint32_t slot) {
  uint32_t* row = writable_row(slot);
  std::fill(row, row + 1 + capacity(0), kNone);
  row[0] = kNoDuplicate;
}

void Graph::clear_row(uint32_t slot) {
  uint32_t* row = writable_row(slot);
  std::fill(row, row + 1 + capacity(0), kNone);
}

void Graph::add_duplicate(uint32_t representative, uint32_t slot) {
  uint32_t* head = writable_row(representative);
  uint32_t* row = writable_row(slot);
  std::fill(row, row + 1 + capacity(0), kNone);
  const uint32_t next = head[0] & kSlotMask;
  row[0] = kDuplicateBit | next;
  row[1] = representative;
  row[2] = representative;  // previous
  if (next != kNoDuplicate) writable_row(checked(next))[2] = slot;
  head[0] = slot;
}

void Graph::remove_duplicate(uint32_t slot) {
  const uint32_t* row = this->row(slot);
  const uint32_t representative = checked(row[1]), previous = checked(row[2]);
  const uint32_t next = next_duplicate(slot);
  uint32_t* before = writable_row(previous);
  before[0] =
      (previous == representative ? 0 : kDuplicateBit) | (next == kNone ? kNoDuplicate : next);
  if (next != kNone) writable_row(next)[2] = previous;
  clear_row(slot);
}

}  // namespace vdb
