#include "columns/utf8.h"

#include <cstring>

namespace vdb {

bool is_utf8(const uint8_t* bytes, size_t size) {
  size_t at = 0;
  while (at < size) {
    uint64_t eight;
    while (size - at >= sizeof eight) {
      std::memcpy(&eight, bytes + at, sizeof eight);
      if ((eight & 0x8080808080808080u) != 0) break;
      at += sizeof eight;
    }
    if (at == size) break;
    const uint8_t first = bytes[at++];
    if (first < 0x80) continue;
    // The bytes that follow, and the range of the first of them (Unicode 16, table 3-7).
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
    if (size - at < more || bytes[at] < low || bytes[at] > high) return false;
    for (size_t i = 1; i < more; ++i) {
      if ((bytes[at + i] & 0xC0) != 0x80) return false;
    }
    at += more;
  }
  return true;
}

}  // namespace vdb
