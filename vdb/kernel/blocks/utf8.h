// Whether bytes are UTF-8, as Python's strict decoder has it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace vdb {

inline bool is_utf8(const uint8_t* at, size_t size) {
  const uint8_t* const end = at + size;
  while (at < end) {
    while (end - at >= 8) {
      uint64_t eight;
      std::memcpy(&eight, at, sizeof eight);
      if (eight & 0x8080808080808080u) break;
      at += 8;
    }
    if (at == end) return true;
    const uint8_t first = *at;
    if (first < 0x80) {
      ++at;
      continue;
    }
    // No overlong forms, no surrogates, nothing past U+10FFFF: they differ in the second byte.
    size_t more;
    uint8_t low = 0x80, high = 0xBF;
    if (first >= 0xC2 && first <= 0xDF) {
      more = 1;
    } else if (first >= 0xE0 && first <= 0xEF) {
      more = 2;
      if (first == 0xE0) low = 0xA0;
      if (first == 0xED) high = 0x9F;
    } else if (first >= 0xF0 && first <= 0xF4) {
      more = 3;
      if (first == 0xF0) low = 0x90;
      if (first == 0xF4) high = 0x8F;
    } else {
      return false;
    }
    if (static_cast<size_t>(end - at) <= more) return false;
    if (at[1] < low || at[1] > high) return false;
    for (size_t i = 2; i <= more; ++i)
      if ((at[i] & 0xC0) != 0x80) return false;
    at += more + 1;
  }
  return true;
}

}  // namespace vdb
