#include "search/scan.h"

#include "blocks/sequential_reader.h"
#include "runtime/cancellation.h"
#include "search/scan_tiles.h"

namespace vdb {

std::vector<std::vector<Hit>> scan(const Vectors& vectors, Metric metric, const uint8_t* queries,
                                   uint32_t count, uint32_t k, uint32_t threads) {
  if (k == 0) return std::vector<std::vector<Hit>>(count);
  return scan_tiles(vectors, metric, queries, count, k, threads, [&](const auto& offer) {
    InOrder rows(vectors);
    for (uint32_t slot = 0; slot < vectors.slots(); ++slot) {
      attend_at<256>(slot);
      const Item item = rows.at(slot);
      if (item.norm >= 0) offer(slot, item);
    }
  });
}

}  // namespace vdb
