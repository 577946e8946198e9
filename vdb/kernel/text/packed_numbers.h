// Many numbers, any of which is read by itself: blocks of 128, each a base and what is above it in
// as many bits as the largest needs.
//
// Of n numbers there are first n / 128 entries, rounded up, each u32 the base and u32 the place of
// the block's bits behind the entries in units of 16 bytes, times 64, plus their width; then the
// bits. With a slope number i is base + (i mod 128) + what the bits say.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "text/part_bytes.h"

namespace vdb {

// REQUIRES rising numbers where `slope` is 1. Throws std::length_error for more bits than a place
// can name.
void pack_numbers(const std::vector<uint32_t>& numbers, uint32_t slope, std::string* out);

class PackedNumbers {
 public:
  PackedNumbers() = default;
  // `size` bytes from `at` on. Throws Corrupted where entries are missing.
  PackedNumbers(const PartBytes& bytes, uint64_t at, uint64_t size, uint32_t count, uint32_t slope);

  uint32_t count() const { return count_; }
  // REQUIRES i < count(). Throws Corrupted.
  uint32_t operator[](uint32_t i) const;
  std::vector<uint32_t> all() const;

 private:
  const PartBytes* bytes_ = nullptr;
  uint64_t at_ = 0, bits_at_ = 0, end_ = 0;
  uint32_t count_ = 0, slope_ = 0;
};

}  // namespace vdb
