#include "filtered.h"

#include <algorithm>
#include <string>

#include "errors.h"
#include "parallel.h"
#include "prefetch.h"

namespace vdb {
namespace {

constexpr uint32_t kTile = 16;       // queries that share one pass over the rows
constexpr size_t kAhead = 8;         // rows asked for before they are needed
constexpr size_t kBytesAhead = 512;  // the processor's own prefetcher follows from there

// The k best of one query so far: a heap with the worst on top.
class Best {
 public:
  Best(const ExactValue& exact, uint32_t k) : exact_(exact), k_(k) {}
  void offer(double value, uint32_t slot) {
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

const uint8_t* row_of(const Vectors& vectors, uint32_t slot) {
  const Item item = vectors.at(slot);
  if (item.norm < 0) throw Corrupted("slot " + std::to_string(slot) + " holds no vector");
  return item.row;
}

}  // namespace

std::vector<std::vector<Hit>> scan_slots(const Vectors& vectors, Metric metric,
                                         const uint8_t* queries, uint32_t count,
                                         const uint32_t* slots, size_t slot_count, uint32_t k,
                                         uint32_t threads) {
  for (size_t i = 0; i < slot_count; ++i)
    if (slots[i] >= vectors.slots())
      throw Corrupted("slot " + std::to_string(slots[i]) + " of " +
                      std::to_string(vectors.slots()));
  std::vector<std::vector<Hit>> results(count);
  if (k == 0 || slot_count == 0) return results;
  const size_t bytes = std::min(vectors.row_bytes(), kBytesAhead);
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
    for (size_t i = 0; i < slot_count; ++i) {
      if (i + kAhead < slot_count) prefetch_bytes(vectors.locate(slots[i + kAhead]).row, bytes);
      const uint8_t* const row = row_of(vectors, slots[i]);
      for (size_t q = 0; q < exact.size(); ++q) best[q].offer(exact[q](row), slots[i]);
    }
    for (uint32_t q = begin; q < end; ++q) results[q] = best[q - begin].take();
  });
  return results;
}

}  // namespace vdb
