#include "walk.h"

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

void Walk::begin(const std::vector<uint32_t>& starts, uint32_t ef,
                 const std::vector<Candidate>& known) {
  scratch_->pool.reset(ef);
  scratch_->visited.reset(graph_->slots());
  for (const Candidate& candidate : known)
    if (scratch_->visited.insert(candidate.slot)) scratch_->pool.offer(candidate);
  scratch_->slots.clear();
  for (const uint32_t start : starts)
    if (scratch_->visited.insert(start)) scratch_->slots.push_back(start);
  scratch_->distances.resize(scratch_->slots.size());
  scorer_->ask(scratch_->slots.data(), static_cast<uint32_t>(scratch_->slots.size()));
}

bool Walk::step() {
  Pool& pool = scratch_->pool;
  const uint32_t* const slots = scratch_->slots.data();
  const auto n = static_cast<uint32_t>(scratch_->slots.size());
  scorer_->compare(slots, n, scratch_->distances.data());
  scratch_->computed += n;
  for (uint32_t i = 0; i < n; ++i)
    if (pool.offer({scratch_->distances[i], slots[i]}) && level_ == 0) graph_->prefetch(slots[i]);
  uint32_t slot, next;
  if (!pool.expand(&slot)) return false;
  gather(*graph_, level_, slot, *scratch_);
  scorer_->ask(scratch_->slots.data(), static_cast<uint32_t>(scratch_->slots.size()));
  if (level_ == 0 && pool.peek(&next)) graph_->prefetch(next);
  return true;
}

void beam(const Graph& graph, uint32_t level, Scorer& scorer, const std::vector<uint32_t>& starts,
          uint32_t ef, Scratch& scratch) {
  Walk walk(graph, level, scorer, scratch);
  walk.begin(starts, ef);
  while (walk.step()) continue;
}

void step_in_turn(std::vector<Walk>* walks) {
  while (!walks->empty())
    for (size_t i = 0; i < walks->size();) {
      if ((*walks)[i].step()) {
        ++i;
      } else {
        (*walks)[i] = walks->back();
        walks->pop_back();
      }
    }
}

}  // namespace vdb
