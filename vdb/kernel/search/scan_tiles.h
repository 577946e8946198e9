// Exact scans: every query of a tile looks at the same rows, and keeps the k best of them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "blocks/vectors.h"
#include "distance/lower_bound.h"
#include "distance/metric.h"
#include "runtime/cancellation.h"
#include "runtime/parallel.h"
#include "search/hit.h"

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
  // What a further value has to be below, as ExactValue orders it, to be kept: at most this.
  double worst() const {
    return heap_.size() < k_ ? std::numeric_limits<double>::infinity() : heap_.front().first;
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

// The queries of one tile, and what they have found. Rows are looked at four at a time.
class Tile {
 public:
  Tile(Metric metric, const RowShape& shape, const uint8_t* queries, uint32_t count, uint32_t k) {
    for (uint32_t q = 0; q < count; ++q) {
      const uint8_t* const query = queries + q * shape.query_bytes();
      exact_.emplace_back(metric, shape, query);
      screens_.emplace_back(metric, shape, query);
    }
    for (const ExactValue& exact : exact_) best_.emplace_back(exact, k);
  }
  void offer(uint32_t slot, const Item& item) {
    slots_[held_] = slot;
    items_[held_] = item;
    if (++held_ == 4) look();
  }
  std::vector<Hit> take(uint32_t query) {
    look();
    return best_[query].take();
  }

 private:
  void look() {
    if (held_ == 0) return;
    for (uint32_t i = held_; i < 4; ++i) items_[i] = items_[0];
    for (size_t q = 0; q < exact_.size(); ++q) {
      bool near[4];
      screens_[q].look(items_, best_[q].worst(), near);
      for (uint32_t i = 0; i < held_; ++i)
        if (near[i]) best_[q].offer(exact_[q](items_[i].row), slots_[i]);
    }
    held_ = 0;
  }

  std::vector<ExactValue> exact_;
  std::vector<Screen> screens_;
  std::vector<Best> best_;
  uint32_t slots_[4], held_ = 0;
  Item items_[4];
};

// The k best of each query among the rows that `rows` goes through. It is called once a tile of
// queries, on any of the threads, with a function to call as offer(slot, item) for every row.
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
    Tile own(metric, vectors.shape(), queries + begin * vectors.shape().query_bytes(), end - begin,
             k);
    rows([&](uint32_t slot, const Item& item) { own.offer(slot, item); });
    for (uint32_t q = begin; q < end; ++q) {
      attend();  // sorting takes its time where k is large
      results[q] = own.take(q - begin);
    }
  });
  return results;
}

}  // namespace vdb
