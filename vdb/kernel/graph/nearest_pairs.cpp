#include "graph/nearest_pairs.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "runtime/cancellation.h"

namespace vdb {
namespace {

// A node whose vector has left its slot already, and which is about to be removed as well.
constexpr float kNoDistance = std::numeric_limits<float>::infinity();

}  // namespace

std::vector<Pair> nearest_pairs(const Vectors& vectors, const Distance& build,
                                const std::vector<uint32_t>& slots) {
  std::vector<Pair> pairs;
  for (uint32_t a = 0; a < slots.size(); ++a) {
    check_cancelled();
    const Item x = vectors.at(slots[a]);
    for (uint32_t b = a + 1; b < slots.size(); ++b) {
      const Item y = vectors.at(slots[b]);
      const float distance = build.one(x, y) + build.one(y, x);
      pairs.push_back({distance == distance ? distance : kNoDistance, a, b});
    }
  }
  std::sort(pairs.begin(), pairs.end(), [](const Pair& x, const Pair& y) {
    return std::tie(x.distance, x.a, x.b) < std::tie(y.distance, y.a, y.b);
  });
  return pairs;
}

}  // namespace vdb
