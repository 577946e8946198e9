// Small numbers in as many bits as the largest of them needs.
//
// A full block of 128 numbers lies in four lanes: number i is in lane i mod 4, and the 32 numbers
// of a lane follow each other in its 32-bit words, the lowest bits first; the words of the four
// lanes alternate. So four numbers are unpacked at once on every processor. Other runs of numbers
// follow each other bit by bit, the lowest bits first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

namespace vdb {

inline constexpr uint32_t kPackedBlock = 128;

// Bits of a number; 0 for 0.
inline uint32_t bit_width(uint32_t value) {
  uint32_t width = 0;
  while (value != 0) {
    ++width;
    value >>= 1;
  }
  return width;
}

// Bytes of n numbers; of a full block too.
inline size_t packed_size(size_t n, uint32_t width) { return (n * width + 7) / 8; }

// Appends n numbers below 2^width.
void pack(const uint32_t* values, size_t n, uint32_t width, std::string* out);
// The same for 128 numbers in four lanes.
void pack_block(const uint32_t* values, uint32_t width, std::string* out);
// REQUIRES width <= 32, and 16 * width bytes at `in`.
void unpack_block(const uint8_t* in, uint32_t width, uint32_t* values);
// REQUIRES width <= 32, and 8 bytes more at `in` than packed_size says.
void unpack(const uint8_t* in, size_t n, uint32_t width, uint32_t* values);

// One of the numbers that `pack` wrote, out of the 8 bytes from byte (i * width / 8) on.
inline uint32_t packed_number(uint64_t bytes, uint64_t i, uint32_t width) {
  return static_cast<uint32_t>(bytes >> (i * width % 8) & ((uint64_t{1} << width) - 1));
}

}  // namespace vdb
