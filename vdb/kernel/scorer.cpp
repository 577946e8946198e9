#include "scorer.h"

#include <algorithm>

#if defined(_MSC_VER)
#include <intrin.h>
#endif

namespace vdb {
namespace {

constexpr size_t kLine = 64;
// The processor's own prefetcher follows a row once its first lines have been touched.
constexpr size_t kLinesAhead = 8;

void prefetch_line(const void* p) {
#if defined(_MSC_VER) && (defined(_M_X64) || defined(_M_IX86))
  _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T0);
#elif defined(__GNUC__) || defined(__clang__)
  __builtin_prefetch(p);
#else
  (void)p;
#endif
}

void prefetch_row(const float* row, uint32_t dim) {
  const auto* p = reinterpret_cast<const char*>(row);
  const size_t bytes = std::min(size_t{dim} * sizeof(float), kLinesAhead * kLine);
  for (size_t at = 0; at < bytes; at += kLine) prefetch_line(p + at);
}

}  // namespace

void VectorScorer::score(const uint32_t* slots, uint32_t count, float* out) {
  const uint32_t dim = vectors_.dim();
  Item items[4], ahead[4];
  const auto gather = [&](uint32_t at, Item* group) {
    const uint32_t n = std::min<uint32_t>(4, count - at);
    for (uint32_t i = 0; i < n; ++i) {
      group[i] = vectors_.at(slots[at + i]);
      prefetch_row(group[i].row, dim);
    }
    return n;
  };
  uint32_t have = count > 0 ? gather(0, ahead) : 0;
  for (uint32_t at = 0; at < count;) {
    const uint32_t n = have;
    std::copy(ahead, ahead + n, items);
    const uint32_t next = at + n;
    have = next < count ? gather(next, ahead) : 0;
    if (n == 4) {
      distance_.four(from_, items, out + at);
    } else {
      for (uint32_t i = 0; i < n; ++i) out[at + i] = distance_.one(from_, items[i]);
    }
    at = next;
  }
}

}  // namespace vdb
