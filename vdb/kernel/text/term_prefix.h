// The first eight bytes of a term as a number that sorts as they do.
#pragma once

#include <cstdint>
#include <string_view>

namespace vdb {

inline uint64_t term_prefix(std::string_view text) {
  uint64_t prefix = 0;
  for (size_t i = 0; i < 8; ++i)
    prefix = prefix << 8 | (i < text.size() ? static_cast<uint8_t>(text[i]) : 0);
  return prefix;
}

}  // namespace vdb
