#include "search/mark_slots.h"

#include <cstring>
#include <stdexcept>
#include <string>

#include "runtime/errors.h"

namespace vdb {

void mark_slots(const uint8_t* slots, size_t count, const int64_t* starts, const int64_t* ends,
                size_t ranges, uint8_t* marks, size_t marked) {
  for (size_t i = 0; i < ranges; ++i) {
    if (starts[i] < 0 || ends[i] > static_cast<int64_t>(count))
      throw std::out_of_range("a range of slots that are not there");
    for (int64_t at = starts[i]; at < ends[i]; ++at) {
      uint32_t slot;
      std::memcpy(&slot, slots + static_cast<size_t>(at) * sizeof slot, sizeof slot);
      if (slot >= marked)
        throw Corrupted("a posting leads to slot " + std::to_string(slot) + " of " +
                        std::to_string(marked));
      marks[slot] = 1;
    }
  }
}

}  // namespace vdb
