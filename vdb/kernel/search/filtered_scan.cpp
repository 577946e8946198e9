#include "search/filtered_scan.h"

#include <algorithm>
#include <string>

#include "runtime/cancellation.h"
#include "runtime/errors.h"
#include "search/scan_tiles.h"

namespace vdb {
namespace {

constexpr size_t kAhead = 8;  // rows asked for before they are needed

Item item_of(const Vectors& vectors, uint32_t slot) {
  const Item item = vectors.at(slot);
  if (item.norm < 0) throw Corrupted("slot " + std::to_string(slot) + " holds no vector");
  return item;
}

}  // namespace

std::vector<std::vector<Hit>> scan_allowed(const Vectors& vectors, Metric metric,
                                           const uint8_t* queries, uint32_t count,
                                           const Allowed& allowed, uint32_t k, uint32_t threads) {
  if (k == 0 || allowed.count() == 0) return std::vector<std::vector<Hit>>(count);
  const std::vector<uint32_t> slots = allowed.slots();
  return scan_tiles(vectors, metric, queries, count, k, threads, [&](const auto& offer) {
    for (size_t i = 0; i < slots.size(); ++i) {
      attend_at<256>(i);
      if (i + kAhead < slots.size()) vectors.prefetch(vectors.locate(slots[i + kAhead]).row);
      offer(slots[i], item_of(vectors, slots[i]));
    }
  });
}

}  // namespace vdb
