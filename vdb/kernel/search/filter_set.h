// The slots that pass a filter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace vdb {

// A set of slots, as bits in the caller's memory: bit s mod 8 (the lowest is 0) of byte s div 8.
class FilterSet {
 public:
  // `bits` has a byte for every eight slots, rounded up, and `count` of them are set. Throws
  // Corrupted where a bit behind the last slot is set.
  FilterSet(const uint8_t* bits, uint32_t slots, size_t count);

  bool has(uint32_t slot) const { return (bits_[slot >> 3] >> (slot & 7) & 1) != 0; }
  size_t count() const { return count_; }

  // All of them, rising.
  std::vector<uint32_t> slots() const;
  // At most n of them, evenly spaced over the slots of the collection, rising. Near vectors lie
  // together, so every region that has any has a share.
  std::vector<uint32_t> sample(size_t n) const;

 private:
  // The first one at or behind a slot, or the number of slots.
  uint32_t next(uint32_t slot) const;

  const uint8_t* bits_;
  uint32_t slots_;
  size_t count_;
};

// The slots of some ranges of postings as a mask: sets mask[s] = 1 for every slot s at places
// starts[i] to ends[i] of `slots`, for each i. Slots are u32 at any address, as they lie in a leaf.
// Throws std::out_of_range for a place behind `count`, Corrupted for a slot beyond the mask.
void postings_to_mask(const uint8_t* slots, size_t count, const int64_t* starts,
                      const int64_t* ends, size_t ranges, uint8_t* mask, size_t mask_size);

// The same as bits, of `slots` slots, which the caller has cleared; returns how many are set.
size_t postings_to_bits(const uint8_t* postings, size_t count, const int64_t* starts,
                        const int64_t* ends, size_t ranges, uint8_t* bits, size_t slots);

}  // namespace vdb
