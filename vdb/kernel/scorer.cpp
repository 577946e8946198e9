#include "scorer.h"

#include <algorithm>

#include "prefetch.h"

namespace vdb {
namespace {

// The processor's own prefetcher follows a row once its first lines have been touched.
constexpr size_t kBytesAhead = 512;

}  // namespace

void VectorScorer::score(const uint32_t* slots, uint32_t count, float* out) {
  // Rows and norms are asked for one group ahead of the group that is computed.
  const size_t bytes = std::min(vectors_.row_bytes(), kBytesAhead);
  Vectors::Location ahead[4];
  const auto ask = [&](uint32_t at) {
    const uint32_t n = std::min<uint32_t>(4, count - at);
    for (uint32_t i = 0; i < n; ++i) {
      ahead[i] = vectors_.locate(slots[at + i]);
      prefetch_bytes(ahead[i].row, bytes);
      prefetch_line(ahead[i].norm);
    }
    return n;
  };
  uint32_t asked = count > 0 ? ask(0) : 0;
  for (uint32_t at = 0; at < count;) {
    Vectors::Location now[4];
    const uint32_t n = asked;
    std::copy(ahead, ahead + n, now);
    asked = at + n < count ? ask(at + n) : 0;
    Item items[4];
    for (uint32_t i = 0; i < n; ++i) items[i] = now[i].item();
    if (n == 4) {
      distance_.four(from_, items, out + at);
    } else {
      for (uint32_t i = 0; i < n; ++i) out[at + i] = distance_.one(from_, items[i]);
    }
    at += n;
  }
}

}  // namespace vdb
