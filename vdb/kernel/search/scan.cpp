#include "search/scan.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "blocks/sequential_reader.h"
#include "distance/exact_value.h"
#include "distance/lower_bound.h"
#include "runtime/cancellation.h"
#include "runtime/errors.h"
#include "runtime/parallel.h"

namespace vdb {
namespace {

constexpr uint32_t kTile = 16;  // queries that share one pass over the rows
constexpr size_t kAhead = 8;    // rows of a filter prefetched before they are needed

// The k best of one query so far: a heap with the worst on top.
class TopK {
 public:
  TopK(const ExactValue& exact, uint32_t k) : exact_(exact), k_(k) {}
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
  // An upper bound, as ExactValue orders values, of any further one that would be kept.
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

// A few queries and their best rows. Rows are compared four at a time.
class QueryTile {
 public:
  QueryTile(Metric metric, const RowShape& shape, const uint8_t* queries, uint32_t count,
            uint32_t k) {
    for (uint32_t q = 0; q < count; ++q) {
      const uint8_t* const query = queries + q * shape.query_bytes();
      exact_.emplace_back(metric, shape, query);
      bounds_.emplace_back(metric, shape, query);
    }
    for (const ExactValue& exact : exact_) best_.emplace_back(exact, k);
  }
  void offer(uint32_t slot, const Item& item) {
    slots_[held_] = slot;
    items_[held_] = item;
    if (++held_ == 4) compare();
  }
  std::vector<Hit> take(uint32_t query) {
    compare();
    return best_[query].take();
  }

 private:
  void compare() {
    if (held_ == 0) return;
    for (uint32_t i = held_; i < 4; ++i) items_[i] = items_[0];
    for (size_t q = 0; q < exact_.size(); ++q) {
      bool possible[4];
      bounds_[q].possible(items_, best_[q].worst(), possible);
      for (uint32_t i = 0; i < held_; ++i)
        if (possible[i]) best_[q].offer(exact_[q](items_[i].row), slots_[i]);
    }
    held_ = 0;
  }

  std::vector<ExactValue> exact_;
  std::vector<LowerBound> bounds_;
  std::vector<TopK> best_;
  uint32_t slots_[4], held_ = 0;
  Item items_[4];
};

void offer_all(const Vectors& vectors, QueryTile& tile) {
  SequentialReader rows(vectors);
  for (uint32_t slot = 0; slot < vectors.slots(); ++slot) {
    check_cancelled_every<256>(slot);
    const Item item = rows.at(slot);
    if (item.norm >= 0) tile.offer(slot, item);
  }
}

void offer_some(const Vectors& vectors, const std::vector<uint32_t>& slots, QueryTile& tile) {
  for (size_t i = 0; i < slots.size(); ++i) {
    check_cancelled_every<256>(i);
    if (i + kAhead < slots.size()) vectors.prefetch(vectors.locate(slots[i + kAhead]).row);
    const Item item = vectors.at(slots[i]);
    if (item.norm < 0) throw Corrupted("slot " + std::to_string(slots[i]) + " holds no vector");
    tile.offer(slots[i], item);
  }
}

}  // namespace

std::vector<std::vector<Hit>> scan(const Vectors& vectors, Metric metric, const uint8_t* queries,
                                   uint32_t count, uint32_t k, uint32_t threads,
                                   const FilterSet* filter) {
  std::vector<std::vector<Hit>> results(count);
  if (k == 0 || (filter != nullptr && filter->count() == 0)) return results;
  const std::vector<uint32_t> slots = filter == nullptr ? std::vector<uint32_t>{} : filter->slots();
  // Enough tiles for every thread, none larger than what stays in the cache beside a row.
  const uint32_t size =
      std::max(1u, std::min(kTile, (count + threads - 1) / std::max(1u, threads)));
  const uint32_t tiles = (count + size - 1) / size;
  parallel_for(tiles, threads, 1, [&](uint32_t t, uint32_t) {
    const uint32_t begin = t * size, end = std::min(count, begin + size);
    QueryTile tile(metric, vectors.shape(), queries + begin * vectors.shape().query_bytes(),
                   end - begin, k);
    if (filter == nullptr)
      offer_all(vectors, tile);
    else
      offer_some(vectors, slots, tile);
    for (uint32_t q = begin; q < end; ++q) {
      check_cancelled();  // sorting takes long where k is large
      results[q] = tile.take(q - begin);
    }
  });
  return results;
}

}  // namespace vdb
