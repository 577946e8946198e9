// Documents of a segment that were deleted since it was made.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vdb {

// A bit an ordinal: bit o mod 8 (the lowest is 0) of byte o div 8. Behind the last byte are zeros.
struct DeletedDocuments {
  const uint8_t* bits = nullptr;
  size_t size = 0;  // bytes

  bool has(uint32_t ordinal) const {
    return ordinal / 8 < size && (bits[ordinal / 8] >> (ordinal % 8) & 1) != 0;
  }
};

}  // namespace vdb
