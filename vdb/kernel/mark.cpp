#include "mark.h"

#include <stdexcept>
#include <string>

#include "errors.h"

namespace vdb {

void mark_slots(const uint32_t* slots, size_t count, const int64_t* starts, const int64_t* ends,
                size_t ranges, uint8_t* marks, size_t marked) {
  for (size_t i = 0; i < ranges; ++i) {
    if (starts[i] < 0 || ends[i] > static_cast<int64_t>(count))
      throw std::out_of_range("a range of slots that are not there");
    for (int64_t at = starts[i]; at < ends[i]; ++at) {
      if (slots[at] >= marked)
        throw Corrupted("a posting leads to slot " + std::to_string(slots[at]) + " of " +
                        std::to_string(marked));
      marks[slots[at]] = 1;
    }
  }
}

}  // namespace vdb
