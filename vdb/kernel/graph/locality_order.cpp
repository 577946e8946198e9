#include "graph/locality_order.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "runtime/cancellation.h"
#include "runtime/parallel.h"

namespace vdb {
namespace {

constexpr uint32_t kGroup = 128;       // items that need no further partition
constexpr uint32_t kPivots = 32;       // parts of one partition
constexpr uint32_t kStride = 1 << 16;  // items between two ticks

struct Range {
  uint32_t begin, end;
  uint32_t size() const { return end - begin; }
};

class Partition {
 public:
  Partition(const Distance& distance, const std::vector<Item>& items, std::vector<uint32_t>* order)
      : distance_(distance), items_(items), order_(*order), part_(items.size()) {}

  // Items of the range, evenly spaced.
  std::vector<Item> pivots(Range range) const {
    const uint32_t count = std::min(kPivots, (range.size() + kGroup - 1) / kGroup);
    std::vector<Item> chosen;
    for (uint32_t i = 0; i < count; ++i)
      chosen.push_back(
          items_[order_[range.begin + static_cast<uint32_t>(uint64_t{range.size()} * i / count)]]);
    return chosen;
  }

  // Notes which pivot the item at a place of the order is nearest to.
  void assign(uint32_t place, const std::vector<Item>& pivots) {
    const Item& item = items_[order_[place]];
    float best = std::numeric_limits<float>::infinity();
    uint8_t nearest = 0;
    for (size_t i = 0; i < pivots.size(); i += 4) {
      const size_t n = std::min<size_t>(4, pivots.size() - i);
      float distances[4];
      if (n == 4)
        distance_.four(item, &pivots[i], distances);
      else
        for (size_t j = 0; j < n; ++j) distances[j] = distance_.one(item, pivots[i + j]);
      for (size_t j = 0; j < n; ++j)
        if (distances[j] < best) best = distances[j], nearest = static_cast<uint8_t>(i + j);
    }
    part_[order_[place]] = nearest;
  }

  // Moves the items of each pivot together, in the order they were in, and returns the parts to
  // divide again. A part that holds nearly everything, of equal items for instance, is not divided:
  // nothing would be gained, and it might never end.
  std::vector<Range> divide(Range range, size_t pivots) {
    std::vector<uint32_t> ends(pivots + 1, 0);
    for (uint32_t i = range.begin; i < range.end; ++i) ++ends[part_[order_[i]] + 1];
    std::partial_sum(ends.begin(), ends.end(), ends.begin());
    std::vector<uint32_t> sorted(range.size());
    std::vector<uint32_t> next(ends);
    for (uint32_t i = range.begin; i < range.end; ++i) sorted[next[part_[order_[i]]]++] = order_[i];
    std::copy(sorted.begin(), sorted.end(), order_.begin() + range.begin);
    std::vector<Range> parts;
    for (size_t i = 0; i < pivots; ++i) {
      const Range part{range.begin + ends[i], range.begin + ends[i + 1]};
      if (part.size() > kGroup && part.size() <= range.size() / 4 * 3) parts.push_back(part);
    }
    return parts;
  }

  // Divides a range until every part is small.
  void finish(Range whole) {
    std::vector<Range> waiting{whole};
    while (!waiting.empty()) {
      const Range range = waiting.back();
      waiting.pop_back();
      const std::vector<Item> chosen = pivots(range);
      for (uint32_t i = range.begin; i < range.end; ++i) {
        check_cancelled_every<256>(i);
        assign(i, chosen);
      }
      const std::vector<Range> parts = divide(range, chosen.size());
      waiting.insert(waiting.end(), parts.begin(), parts.end());
    }
  }

 private:
  const Distance& distance_;
  const std::vector<Item>& items_;
  std::vector<uint32_t>& order_;
  std::vector<uint8_t> part_;
};

}  // namespace

std::vector<uint32_t> locality_order(const Distance& distance, const std::vector<Item>& items,
                                     uint32_t threads, const std::function<void()>& tick) {
  const auto count = static_cast<uint32_t>(items.size());
  std::vector<uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0u);
  if (count <= kGroup) return order;
  Partition partition(distance, items, &order);
  const Range whole{0, count};
  const std::vector<Item> chosen = partition.pivots(whole);
  for (uint32_t begin = 0; begin < count; begin += std::min(kStride, count - begin)) {
    parallel_for(std::min(kStride, count - begin), threads, 1024,
                 [&](uint32_t i, uint32_t) { partition.assign(begin + i, chosen); });
    tick();
  }
  const std::vector<Range> parts = partition.divide(whole, chosen.size());
  threads = std::max(1u, threads);
  for (size_t begin = 0; begin < parts.size(); begin += threads) {
    parallel_for(static_cast<uint32_t>(std::min<size_t>(threads, parts.size() - begin)), threads, 1,
                 [&](uint32_t i, uint32_t) { partition.finish(parts[begin + i]); });
    tick();
  }
  return order;
}

}  // namespace vdb
