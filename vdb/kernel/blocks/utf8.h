// Whether bytes are UTF-8, as Python's strict decoder has it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "simd/loops.h"

namespace vdb {

inline bool is_utf8(const uint8_t* at, size_t size) {
  // Most texts are short, and ASCII.
  if (size < 16) {
    uint64_t eight = 0, rest = 0;
    if (size >= 8) {
      std::memcpy(&eight, at, 8);
      std::memcpy(&rest, at + size - 8, 8);
    } else {
      for (size_t i = 0; i < size; ++i) rest |= at[i];
    }
    if (((eight | rest) & 0x8080808080808080u) == 0) return true;
  }
  return loops().texts.is_utf8(at, size);
}

}  // namespace vdb
