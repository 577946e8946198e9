#include "graph/search_layer.h"

#include <algorithm>

#include "runtime/cancellation.h"

namespace vdb {
namespace {

void gather_new(const Graph& graph, uint32_t level, uint32_t slot, Scratch& scratch) {
  const uint32_t* list = graph.links(level, slot);
  const uint32_t capacity = graph.capacity(level);
  scratch.slots.resize(capacity);
  uint32_t* const slots = scratch.slots.data();
  uint32_t n = 0;
  // Whether a node is new cannot be predicted: it is stored without a branch.
  for (uint32_t i = 0; i < capacity && list[i] != kNone; ++i) {
    const uint32_t other = graph.checked(list[i]);
    slots[n] = other;
    n += scratch.visited.insert(other);
  }
  scratch.slots.resize(n);
  scratch.distances.resize(n);
}

// The list of a node that may be the next: from disk where its page may be missing, else into the
// cache.
void prefetch_list(const Graph& graph, uint32_t slot, const Scratch& scratch) {
  if (scratch.from_disk)
    graph.will_need(slot);
  else
    graph.prefetch(slot);
}

}  // namespace

uint32_t greedy_descend(const Graph& graph, QueryDistance& distance, uint32_t start, uint32_t level,
                        uint32_t stop, Scratch& scratch) {
  Candidate nearest{0, start};
  distance.compute(&start, 1, &nearest.distance);
  ++scratch.computed;
  for (uint32_t at = level; at > stop; --at) {
    scratch.visited.reset(graph.slots());
    scratch.visited.insert(nearest.slot);
    for (bool moved = true; moved;) {
      moved = false;
      gather_new(graph, at, nearest.slot, scratch);
      const auto n = static_cast<uint32_t>(scratch.slots.size());
      distance.compute(scratch.slots.data(), n, scratch.distances.data());
      scratch.computed += n;
      for (uint32_t i = 0; i < n; ++i) {
        const Candidate candidate{scratch.distances[i], scratch.slots[i]};
        if (candidate < nearest) nearest = candidate, moved = true;
      }
    }
  }
  return nearest.slot;
}

void search_layer(const Graph& graph, uint32_t level, QueryDistance& distance,
                  const std::vector<uint32_t>& starts, uint32_t ef, Scratch& scratch,
                  const std::vector<Candidate>& candidates, uint32_t kept) {
  CandidatePool& pool = scratch.pool;
  pool.reset(std::max(ef, kept), ef);
  scratch.visited.reset(graph.slots());
  for (const Candidate& candidate : candidates)
    if (scratch.visited.insert(candidate.slot)) pool.offer(candidate);
  scratch.slots.clear();
  for (const uint32_t start : starts)
    if (scratch.visited.insert(start)) scratch.slots.push_back(start);
  scratch.distances.resize(scratch.slots.size());
  for (uint32_t step = 1;; ++step) {
    check_cancelled_every<64>(step);
    const auto n = static_cast<uint32_t>(scratch.slots.size());
    distance.compute(scratch.slots.data(), n, scratch.distances.data());
    scratch.computed += n;
    for (uint32_t i = 0; i < n; ++i)
      if (pool.offer({scratch.distances[i], scratch.slots[i]}) && level == 0)
        prefetch_list(graph, scratch.slots[i], scratch);
    uint32_t slot, next;
    if (!pool.expand(&slot)) return;
    gather_new(graph, level, slot, scratch);
    if (level == 0 && pool.peek(&next)) graph.prefetch(next);
  }
}

void offer_slots(QueryDistance& distance, const std::vector<uint32_t>& slots, Scratch& scratch) {
  constexpr size_t kTogether = 1024;  // their distances stay in the nearest cache
  scratch.distances.resize(std::min(kTogether, slots.size()));
  for (size_t first = 0; first < slots.size(); first += kTogether) {
    check_cancelled();
    const auto n = static_cast<uint32_t>(std::min(kTogether, slots.size() - first));
    distance.compute(slots.data() + first, n, scratch.distances.data());
    for (uint32_t i = 0; i < n; ++i) scratch.pool.offer({scratch.distances[i], slots[first + i]});
  }
  scratch.computed += static_cast<uint32_t>(slots.size());
}

}  // namespace vdb
