#include "search/filter_set.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>

#include "runtime/errors.h"

namespace vdb {
namespace {

constexpr uint32_t kWord = 64;

// Bits from 64 * word on, the lowest first, whatever the processor's order of bytes. Behind the end
// there are none.
uint64_t word_at(const uint8_t* bits, size_t bytes, size_t word) {
  const size_t at = word * 8, n = std::min<size_t>(8, bytes - at);
  uint64_t value = 0;
  for (size_t i = 0; i < n; ++i) value |= uint64_t{bits[at + i]} << (8 * i);
  return value;
}

uint32_t count_bits(uint64_t word) {
  word -= word >> 1 & 0x5555555555555555u;
  word = (word & 0x3333333333333333u) + (word >> 2 & 0x3333333333333333u);
  word = (word + (word >> 4)) & 0x0F0F0F0F0F0F0F0Fu;
  return static_cast<uint32_t>(word * 0x0101010101010101u >> 56);
}

// REQUIRES word != 0.
uint32_t lowest_bit(uint64_t word) { return count_bits((word & (~word + 1)) - 1); }

}  // namespace

FilterSet::FilterSet(const uint8_t* bits, uint32_t slots, size_t count)
    : bits_(bits), slots_(slots), count_(count) {
  if (slots % 8 != 0 && bits[slots / 8] >> (slots % 8) != 0)
    throw Corrupted("a slot behind the last of " + std::to_string(slots));
}

std::vector<uint32_t> FilterSet::slots() const {
  const size_t bytes = (size_t{slots_} + 7) / 8;
  std::vector<uint32_t> all;
  all.reserve(count_);
  for (size_t word = 0; word * 8 < bytes; ++word)
    for (uint64_t left = word_at(bits_, bytes, word); left != 0; left &= left - 1)
      all.push_back(static_cast<uint32_t>(word) * kWord + lowest_bit(left));
  return all;
}

uint32_t FilterSet::next(uint32_t slot) const {
  const size_t bytes = (size_t{slots_} + 7) / 8;
  uint64_t mask = ~uint64_t{0} << slot % kWord;
  for (size_t word = slot / kWord; word * 8 < bytes; ++word, mask = ~uint64_t{0}) {
    const uint64_t left = word_at(bits_, bytes, word) & mask;
    if (left != 0) return static_cast<uint32_t>(word) * kWord + lowest_bit(left);
  }
  return slots_;
}

std::vector<uint32_t> FilterSet::sample(size_t n) const {
  std::vector<uint32_t> some;
  some.reserve(n);
  for (size_t i = 0; i < n; ++i) {
    const auto from = static_cast<uint32_t>(uint64_t{slots_} * i / n);
    if (!some.empty() && some.back() >= from) continue;
    const uint32_t slot = next(from);
    if (slot == slots_) break;
    some.push_back(slot);
  }
  return some;
}

namespace {

// Calls `mark` with every slot of some ranges of postings.
template <typename Mark>
void for_each_posting(const uint8_t* postings, size_t count, const int64_t* starts,
                      const int64_t* ends, size_t ranges, size_t slots, Mark mark) {
  for (size_t i = 0; i < ranges; ++i) {
    if (starts[i] < 0 || ends[i] > static_cast<int64_t>(count))
      throw std::out_of_range("a range of slots that are not there");
    for (int64_t at = starts[i]; at < ends[i]; ++at) {
      uint32_t slot;
      std::memcpy(&slot, postings + static_cast<size_t>(at) * sizeof slot, sizeof slot);
      if (slot >= slots)
        throw Corrupted("a posting leads to slot " + std::to_string(slot) + " of " +
                        std::to_string(slots));
      mark(slot);
    }
  }
}

}  // namespace

void postings_to_mask(const uint8_t* slots, size_t count, const int64_t* starts,
                      const int64_t* ends, size_t ranges, uint8_t* mask, size_t mask_size) {
  for_each_posting(slots, count, starts, ends, ranges, mask_size,
                   [&](uint32_t slot) { mask[slot] = 1; });
}

size_t postings_to_bits(const uint8_t* postings, size_t count, const int64_t* starts,
                        const int64_t* ends, size_t ranges, uint8_t* bits, size_t slots) {
  size_t passing = 0;
  for_each_posting(postings, count, starts, ends, ranges, slots, [&](uint32_t slot) {
    uint8_t& byte = bits[slot >> 3];
    const auto bit = static_cast<uint8_t>(1u << (slot & 7));
    passing += (byte & bit) == 0;
    byte = static_cast<uint8_t>(byte | bit);
  });
  return passing;
}

}  // namespace vdb
