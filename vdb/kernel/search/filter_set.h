// What a filter lets through.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace vdb {

// A set of slots, as bits in the caller's memory: bit s mod 8 (the lowest is 0) of byte s div 8.
class Allowed {
 public:
  // `bits` has a byte for every eight slots, rounded up, and `count` of them are set. Throws
  // Corrupted where one behind the last slot is.
  Allowed(const uint8_t* bits, uint32_t slots, size_t count);

  bool has(uint32_t slot) const { return (bits_[slot >> 3] >> (slot & 7) & 1) != 0; }
  size_t count() const { return count_; }

  // All of them, rising.
  std::vector<uint32_t> slots() const;
  // At most n of them, spread evenly over the slots of the collection, rising. Near vectors lie
  // together, so every region that has any has a share.
  std::vector<uint32_t> spread(size_t n) const;

 private:
  // The first one at or behind a slot, or the number of slots.
  uint32_t next(uint32_t slot) const;

  const uint8_t* bits_;
  uint32_t slots_;
  size_t count_;
};

}  // namespace vdb
