#include "graph/search_layer.h"

#include <algorithm>

#include "runtime/cancellation.h"

namespace vdb {
namespace {

void gather(const Graph& graph, uint32_t level, uint32_t slot, Scratch& scratch) {
  const uint32_t* list = graph.links(level, slot);
  const uint32_t capacity = graph.capacity(level);
  scratch.slots.resize(capacity);
  uint32_t* const slots = scratch.slots.data();
  uint32_t n = 0;
  // Which ones are new is anybody's guess, the processor's too: they are put down without a branch.
  for (uint32_t i = 0; i < capacity && list[i] != kNone; ++i) {
    const uint32_t other = graph.checked(list[i]);
    slots[n] = other;
    n += scratch.visited.insert(other);
  }
  scratch.slots.resize(n);
  scratch.distances.resize(n);
}

// A list that may be the next: of the system where its page may be missing, or of the processor.
void ask_for_list(const Graph& graph, uint32_t slot, const Scratch& scratch) {
  if (scratch.missing)
    graph.ask_for(slot);
  else
    graph.prefetch(slot);
}

}  // namespace

uint32_t descend(const Graph& graph, Scorer& scorer, uint32_t start, uint32_t level, uint32_t stop,
                 Scratch& scratch) {
  Candidate nearest{0, start};
  scorer.score(&start, 1, &nearest.distance);
  ++scratch.computed;
  for (uint32_t at = level; at > stop; --at) {
    scratch.visited.reset(graph.slots());
    scratch.visited.insert(nearest.slot);
    for (bool moved = true; moved;) {
      moved = false;
      gather(graph, at, nearest.slot, scratch);
      const auto n = static_cast<uint32_t>(scratch.slots.size());
      scorer.score(scratch.slots.data(), n, scratch.distances.data());
      scratch.computed += n;
      for (uint32_t i = 0; i < n; ++i) {
        const Candidate candidate{scratch.distances[i], scratch.slots[i]};
        if (candidate < nearest) nearest = candidate, moved = true;
      }
    }
  }
  return nearest.slot;
}

void beam(const Graph& graph, uint32_t level, Scorer& scorer, const std::vector<uint32_t>& starts,
          uint32_t ef, Scratch& scratch, const std::vector<Candidate>& known, uint32_t kept) {
  Pool& pool = scratch.pool;
  pool.reset(std::max(ef, kept), ef);
  scratch.visited.reset(graph.slots());
  for (const Candidate& candidate : known)
    if (scratch.visited.insert(candidate.slot)) pool.offer(candidate);
  scratch.slots.clear();
  for (const uint32_t start : starts)
    if (scratch.visited.insert(start)) scratch.slots.push_back(start);
  scratch.distances.resize(scratch.slots.size());
  for (uint32_t step = 1;; ++step) {
    attend_at<64>(step);
    const auto n = static_cast<uint32_t>(scratch.slots.size());
    scorer.score(scratch.slots.data(), n, scratch.distances.data());
    scratch.computed += n;
    for (uint32_t i = 0; i < n; ++i)
      if (pool.offer({scratch.distances[i], scratch.slots[i]}) && level == 0)
        ask_for_list(graph, scratch.slots[i], scratch);
    uint32_t slot, next;
    if (!pool.expand(&slot)) return;
    gather(graph, level, slot, scratch);
    if (level == 0 && pool.peek(&next)) graph.prefetch(next);
  }
}

}  // namespace vdb
