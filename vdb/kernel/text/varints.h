// Numbers of seven bits a byte, the lowest first; the highest bit says that another byte follows.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/errors.h"

namespace vdb {

inline void put_varint(uint64_t value, std::string* out) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
  out->push_back(static_cast<char>(value));
}

// Reads from bytes in memory, and nothing behind their end: throws Corrupted.
class VarintReader {
 public:
  VarintReader(const uint8_t* begin, size_t size) : at_(begin), end_(begin + size) {}

  bool at_end() const { return at_ == end_; }
  const uint8_t* place() const { return at_; }
  size_t left() const { return static_cast<size_t>(end_ - at_); }

  uint8_t byte() {
    if (at_ == end_) ends_early();
    return *at_++;
  }
  uint64_t u64() {
    uint64_t value = byte();
    if (value < 0x80) return value;
    value &= 0x7F;
    for (uint32_t shift = 7; shift < 64; shift += 7) {
      const uint64_t next = byte();
      value |= (next & 0x7F) << shift;
      if (next < 0x80) return value;
    }
    throw Corrupted("a text segment: a number of too many bytes");
  }
  uint32_t u32() {
    const uint64_t value = u64();
    if (value > UINT32_MAX) throw Corrupted("a text segment: a number that is too large");
    return static_cast<uint32_t>(value);
  }
  const uint8_t* skip(size_t count) {
    if (count > left()) ends_early();
    at_ += count;
    return at_ - count;
  }

 private:
  [[noreturn]] static void ends_early() {
    throw Corrupted("a text segment: bytes that end too early");
  }

  const uint8_t *at_, *end_;
};

}  // namespace vdb
