#include "text/packed_numbers.h"

#include <algorithm>
#include <stdexcept>

#include "runtime/errors.h"
#include "text/bit_packing.h"

namespace vdb {
namespace {

constexpr uint64_t kUnit = 16, kWidthBits = 6;

void put_u32(uint64_t value, std::string* out) {
  for (int shift = 0; shift < 32; shift += 8) out->push_back(static_cast<char>(value >> shift));
}

}  // namespace

void pack_numbers(const std::vector<uint32_t>& numbers, uint32_t slope, std::string* out) {
  std::string bits;
  for (size_t begin = 0; begin < numbers.size(); begin += kPackedBlock) {
    const size_t n = std::min<size_t>(kPackedBlock, numbers.size() - begin);
    uint32_t above[kPackedBlock], base = UINT32_MAX, largest = 0;
    for (size_t i = 0; i < n; ++i) {
      above[i] = numbers[begin + i] - slope * static_cast<uint32_t>(i);
      base = std::min(base, above[i]);
    }
    for (size_t i = 0; i < n; ++i) largest |= above[i] -= base;
    const uint32_t width = bit_width(largest);
    const uint64_t place = bits.size() / kUnit << kWidthBits | width;
    if (place > UINT32_MAX) throw std::length_error("a text segment: too many documents");
    put_u32(base, out);
    put_u32(place, out);
    pack(above, n, width, &bits);
  }
  *out += bits;
}

PackedNumbers::PackedNumbers(const PartBytes& bytes, uint64_t at, uint64_t size, uint32_t count,
                             uint32_t slope)
    : bytes_(&bytes), at_(at), end_(at + size), count_(count), slope_(slope) {
  const uint64_t entries = (uint64_t{count} + kPackedBlock - 1) / kPackedBlock * 8;
  if (entries > size) throw Corrupted("a text segment: numbers of documents that are not there");
  bits_at_ = at + entries;
}

uint32_t PackedNumbers::operator[](uint32_t i) const {
  const uint64_t entry = bytes_->load<uint64_t>(at_ + i / kPackedBlock * uint64_t{8});
  const auto base = static_cast<uint32_t>(entry);
  const uint64_t place = entry >> 32;
  const uint32_t width = place & ((1u << kWidthBits) - 1), row = i % kPackedBlock;
  uint32_t above = 0;
  if (width > 0) {
    const uint64_t at = bits_at_ + (place >> kWidthBits) * kUnit + row * width / 8;
    if (width > 32 || at >= end_) throw Corrupted("a text segment: a number that is not there");
    above = packed_number(bytes_->load_bits(at), row, width);
  }
  return base + slope_ * row + above;
}

std::vector<uint32_t> PackedNumbers::all() const {
  std::vector<uint32_t> numbers(count_);
  for (uint32_t i = 0; i < count_; ++i) numbers[i] = (*this)[i];
  return numbers;
}

}  // namespace vdb
