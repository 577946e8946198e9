// Exact scans: every query of a tile looks at the same rows, and keeps the k best of them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "metric.h"
#include "parallel.h"
#include "searcher.h"
#include "vectors.h"

namespace vdb {

// The k best of one query so far: a heap with the worst on top.
class Best {
 public:
  Best(const ExactValue& exact, uint32_t k) : exact_(exact), k_(k) {}
  void offer(double value, uint32_t slot) {
    // No value: a zero vector under cosine, when a collection is scanned under another metric.
    if (value != value) return;
    const Key key{exact_.ordered(value), slot};
    if (heap_.size() < k_) {
      heap_.push_back(key);
      std::push_heap(heap_.begin(), heap_.end());
    } else if (key < heap_.front()) {
      std::pop_heap(heap_.begin(), heap_.end());
      heap_.back() = key;
      std::push_heap(heap_.begin(), heap_.end());
    }
  }
  std::vector<Hit> take() {
    std::sort_heap(heap_.begin(), heap_.end());
    std::vector<Hit> hits;
    hits.reserve(heap_.size());
    for (const Key& key : heap_) hits.push_back({exact_.ordered(key.first), key.second});
    return hits;
  }

 private:
  using Key = std::pair<double, uint32_t>;
  const ExactValue& exact_;
  uint32_t k_;
  std::vector<Key> heap_;
};

// The k best of each query among the rows that `rows` goes through. It is called once a tile of
// queries, on any of the threads, with a function to call as offer(slot, row) for every row.
template <typename Rows>
std::vector<std::vector<Hit>> scan_tiles(const Vectors& vectors, Metric metric,
                                         const uint8_t* queries, uint32_t count, uint32_t k,
                                         uint32_t threads, const Rows& rows) {
  constexpr uint32_t kTile = 16;  // queries that share one pass over the rows
  std::vector<std::vector<Hit>> results(count);
  // Enough tiles for every thread, none larger than what stays in the cache beside a row.
  const uint32_t tile =
      std::max(1u, std::min(kTile, (count + threads - 1) / std::max(1u, threads)));
  const uint32_t tiles = (count + tile - 1) / tile;
  parallel_for(tiles, threads, 1, [&](uint32_t t, uint32_t) {
    const uint32_t begin = t * tile, end = std::min(count, begin + tile);
    std::vector<ExactValue> exact;
    for (uint32_t q = begin; q < end; ++q)
      exact.emplace_back(metric, vectors.shape(), queries + q * vectors.shape().query_bytes());
    std::vector<Best> best;
    for (const ExactValue& e : exact) best.emplace_back(e, k);
    rows([&](uint32_t slot, const uint8_t* row) {
      for (size_t i = 0; i < exact.size(); ++i) best[i].offer(exact[i](row), slot);
    });
    for (uint32_t q = begin; q < end; ++q) results[q] = best[q - begin].take();
  });
  return results;
}

}  // namespace vdb
