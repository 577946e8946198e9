#include "distance/query_distance.h"

#include "memory/prefetch.h"

namespace vdb {

void VectorQueryDistance::prefetch(const uint32_t* slots, uint32_t first, uint32_t last) {
  for (uint32_t i = first; i < last; ++i) {
    const Vectors::Location at = ring_[i] = vectors_.locate(slots[i]);
    vectors_.prefetch(at.row);
    prefetch_line(at.norm);
  }
}

void VectorQueryDistance::compute(const uint32_t* slots, uint32_t count, float* out) {
  if (from_disk_)
    for (uint32_t i = 0; i < count; ++i) vectors_.will_need(slots[i]);
  prefetch(slots, 0, std::min(ahead_, count));
  for (uint32_t at = 0; at < count; at += 4) {
    const uint32_t n = std::min<uint32_t>(4, count - at);
    prefetch(slots, std::min(count, at + ahead_), std::min(count, at + ahead_ + 4));
    Item items[4];
    for (uint32_t i = 0; i < n; ++i) items[i] = ring_[at + i].item();
    if (n == 4) {
      distance_.four(from_, items, out + at);
    } else {
      for (uint32_t i = 0; i < n; ++i) out[at + i] = distance_.one(from_, items[i]);
    }
  }
}

}  // namespace vdb
