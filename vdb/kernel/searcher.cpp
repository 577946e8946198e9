#include "searcher.h"

#include <algorithm>

namespace vdb {
namespace {

// Candidates rescored beyond k: float32 rounding may swap neighbours at the end of the list.
constexpr uint32_t kMargin = 8;

void gather(const Graph& graph, uint32_t level, uint32_t slot, Scratch& scratch) {
  const uint32_t* list = graph.links(level, slot);
  const uint32_t capacity = graph.capacity(level);
  scratch.slots.clear();
  for (uint32_t i = 0; i < capacity && list[i] != kNone; ++i) {
    const uint32_t other = graph.checked(list[i]);
    if (scratch.visited.insert(other)) scratch.slots.push_back(other);
  }
  scratch.distances.resize(scratch.slots.size());
}

}  // namespace

uint32_t descend(const Graph& graph, Scorer& scorer, uint32_t start, uint32_t level, uint32_t stop,
                 Scratch& scratch) {
  Candidate nearest{0, start};
  scorer.score(&start, 1, &nearest.distance);
  for (uint32_t at = level; at > stop; --at) {
    scratch.visited.reset(graph.slots());
    scratch.visited.insert(nearest.slot);
    for (bool moved = true; moved;) {
      moved = false;
      gather(graph, at, nearest.slot, scratch);
      const auto n = static_cast<uint32_t>(scratch.slots.size());
      scorer.score(scratch.slots.data(), n, scratch.distances.data());
      for (uint32_t i = 0; i < n; ++i) {
        const Candidate candidate{scratch.distances[i], scratch.slots[i]};
        if (candidate < nearest) nearest = candidate, moved = true;
      }
    }
  }
  return nearest.slot;
}

void beam(const Graph& graph, uint32_t level, Scorer& scorer, const uint32_t* starts,
          uint32_t start_count, uint32_t ef, Scratch& scratch) {
  Pool& pool = scratch.pool;
  pool.reset(ef);
  scratch.visited.reset(graph.slots());
  scratch.slots.clear();
  for (uint32_t i = 0; i < start_count; ++i)
    if (scratch.visited.insert(starts[i])) scratch.slots.push_back(starts[i]);
  scratch.distances.resize(scratch.slots.size());
  for (;;) {
    const auto n = static_cast<uint32_t>(scratch.slots.size());
    scorer.score(scratch.slots.data(), n, scratch.distances.data());
    for (uint32_t i = 0; i < n; ++i) pool.offer({scratch.distances[i], scratch.slots[i]});
    uint32_t slot, next;
    if (!pool.expand(&slot)) return;
    gather(graph, level, slot, scratch);
    if (level == 0 && pool.peek(&next)) graph.prefetch(next);
  }
}

void keep_best(const ExactValue& exact, uint32_t k, std::vector<Hit>* hits) {
  std::sort(hits->begin(), hits->end(), [&](const Hit& a, const Hit& b) {
    return a.value != b.value ? exact.ordered(a.value) < exact.ordered(b.value) : a.slot < b.slot;
  });
  if (hits->size() > k) hits->resize(k);
}

void Searcher::search(const uint8_t* query, uint32_t k, uint32_t ef, Scratch& scratch,
                      std::vector<Hit>* hits) const {
  hits->clear();
  if (entry_ == kNone || k == 0) return;
  const Distance distance = Distance::search(metric_, vectors_.shape());
  VectorScorer scorer(vectors_, distance, {query, norm_of_query(vectors_.shape(), query)});
  std::vector<uint32_t> starts{
      descend(graph_, scorer, entry_, graph_.level_of(entry_), 0, scratch)};
  starts.insert(starts.end(), starts_.begin(), starts_.end());
  beam(graph_, 0, scorer, starts.data(), static_cast<uint32_t>(starts.size()), std::max(ef, 1u),
       scratch);

  const ExactValue exact(metric_, vectors_.shape(), query);
  const size_t wanted = size_t{k} + kMargin;
  for (uint32_t i = 0; i < scratch.pool.size() && hits->size() < wanted; ++i) {
    const uint32_t node = scratch.pool[i].slot;
    const double value = exact(vectors_.at(node).row);
    hits->push_back({value, node});
    // A chain longer than the collection can only be a ring.
    uint32_t steps = graph_.slots();
    for (uint32_t twin = graph_.next_duplicate(node);
         twin != kNone && hits->size() < wanted && steps-- > 0; twin = graph_.next_duplicate(twin))
      hits->push_back({value, twin});
  }
  keep_best(exact, k, hits);
}

}  // namespace vdb
