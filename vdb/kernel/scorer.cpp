#include "scorer.h"

#include <algorithm>

#include "prefetch.h"

namespace vdb {
namespace {

// The processor's own prefetcher follows a row once its first lines have been touched.
constexpr size_t kBytesAhead = 512;

constexpr uint32_t kRing = 16;  // rows that were asked for and not compared yet, and a group of 4
static_assert(kRing >= VectorScorer::kFarAhead + 4, "a place is used again too early");

}  // namespace

void VectorScorer::score(const uint32_t* slots, uint32_t count, float* out) {
  const size_t bytes = std::min(vectors_.row_bytes(), kBytesAhead);
  Vectors::Location ring[kRing];
  const auto ask = [&](uint32_t from, uint32_t to) {
    for (uint32_t i = from; i < std::min(count, to); ++i) {
      const Vectors::Location at = ring[i % kRing] = vectors_.locate(slots[i]);
      prefetch_bytes(at.row, bytes);
      prefetch_line(at.norm);
    }
  };
  ask(0, ahead_);
  for (uint32_t at = 0; at < count;) {
    const uint32_t n = std::min<uint32_t>(4, count - at);
    ask(at + ahead_, at + ahead_ + 4);
    Item items[4];
    for (uint32_t i = 0; i < n; ++i) items[i] = ring[(at + i) % kRing].item();
    if (n == 4) {
      distance_.four(from_, items, out + at);
    } else {
      for (uint32_t i = 0; i < n; ++i) out[at + i] = distance_.one(from_, items[i]);
    }
    at += n;
  }
}

}  // namespace vdb
