#include "filtered_searcher.h"

#include <algorithm>

namespace vdb {
namespace {

constexpr uint32_t kMargin = 8;        // candidates rescored beyond k, as in Searcher
constexpr uint32_t kNear = 16;         // width of the walk that finds where the query lies
constexpr uint32_t kSeeds = 32;        // allowed slots, spread evenly, that a walk begins with too
constexpr uint32_t kSeedsApart = 160;  // the same, where nothing near the query shows the way,
constexpr uint32_t kSeedsOfEf = 6;     // and for each of ef
constexpr uint32_t kWider = 36;        // candidates kept beyond ef there, and at most so many for
constexpr uint32_t kWiderOfEf = 12;    // ten of ef
constexpr uint32_t kScanned = 80;      // slots that are scanned in its time, for each of ef
constexpr uint32_t kBridges = 256;     // failing nodes remembered at a time
constexpr uint32_t kBridgeStep = 8;    // of which the nearest are walked over at once

}  // namespace

// One query under way. `scratch.slots` gathers what is to be compared next.
struct FilteredSearcher::Walk {
  Walk(Scorer& from, Scratch& memory, uint32_t width) : scorer(from), scratch(memory), ef(width) {}

  Scorer& scorer;
  Scratch& scratch;
  uint32_t ef;
  bool apart = false;  // around the query clearly fewer pass than elsewhere
  uint64_t compared = 0;
  // What is left to follow: all chains together are no longer than the collection, or are rings.
  uint32_t links_of_chains = 0;
  std::vector<uint32_t> failing;  // neighbours of the node that is being expanded
  std::vector<uint32_t> bridges;  // failing nodes two steps away, the newest last

  void gather(uint32_t slot) {
    if (scratch.visited.insert(slot)) scratch.slots.push_back(slot);
  }
  // Compares what was gathered and offers it to the pool.
  void settle() {
    const auto n = static_cast<uint32_t>(scratch.slots.size());
    scratch.distances.resize(n);
    scorer.score(scratch.slots.data(), n, scratch.distances.data());
    for (uint32_t i = 0; i < n; ++i) scratch.pool.offer({scratch.distances[i], scratch.slots[i]});
    scratch.slots.clear();
    compared += n;
  }
  void remember(uint32_t slot) {
    if (bridges.size() == kBridges) bridges.erase(bridges.begin(), bridges.begin() + kBridges / 2);
    bridges.push_back(slot);
  }
};

bool FilteredSearcher::passing_duplicate(uint32_t slot, Walk& walk) const {
  for (uint32_t twin = graph_.next_duplicate(slot); twin != kNone && walk.links_of_chains > 0;
       twin = graph_.next_duplicate(twin), --walk.links_of_chains)
    if (allowed_.has(twin)) return true;
  return false;
}

// The node that stands for a slot in the graph.
uint32_t FilteredSearcher::node_of(uint32_t slot) const {
  return graph_.is_duplicate(slot) ? graph_.checked(graph_.row(slot)[1]) : slot;
}

void FilteredSearcher::seeds(Walk& walk) const {
  for (const uint32_t slot : starts_)
    if (passes(slot, walk)) walk.gather(slot);
  const size_t most = walk.apart ? std::min(kSeedsApart, kSeedsOfEf * walk.ef) : kSeeds;
  const size_t count = std::min(most, allowed_.count);
  for (size_t i = 0; i < count; ++i)
    walk.gather(node_of(allowed_.slots[i * allowed_.count / count]));
}

// Gathers the passing nodes around a failing one, as far as the budget of an expansion goes.
void FilteredSearcher::scan_failing(uint32_t node, Walk& walk) const {
  if (!walk.scratch.visited.insert(node)) return;
  const uint32_t* list = graph_.links(0, node);
  const uint32_t capacity = graph_.capacity(0);
  const bool bridging = !walk.scratch.pool.full();  // a full pool stays so, and needs no bridges
  for (uint32_t i = 0; i < capacity && list[i] != kNone; ++i) {
    const uint32_t other = graph_.checked(list[i]);
    // Duplicates of a node that fails are looked for when it is itself a neighbour: see expand().
    if (allowed_.has(other))
      walk.gather(other);
    else if (bridging && !walk.scratch.visited.contains(other))
      walk.remember(other);
  }
}

void FilteredSearcher::expand(uint32_t node, Walk& walk) const {
  const uint32_t* list = graph_.links(0, node);
  const uint32_t capacity = graph_.capacity(0);
  uint32_t seen = 0, passing = 0;
  walk.failing.clear();
  for (uint32_t i = 0; i < capacity && list[i] != kNone; ++i) {
    const uint32_t other = graph_.checked(list[i]);
    ++seen;
    if (allowed_.has(other)) {
      ++passing;
      walk.gather(other);
    } else if (!walk.scratch.visited.contains(other)) {
      walk.failing.push_back(other);
      graph_.prefetch(other);
    }
  }
  // Where most pass, one step leads far enough; not where the filter keeps the query's own region
  // out, because what passes is then found along a border.
  const bool two_steps = walk.apart || 2 * passing <= seen;
  for (const uint32_t other : walk.failing) {
    if (graph_.next_duplicate(other) != kNone && passing_duplicate(other, walk)) {
      walk.gather(other);
    } else if (two_steps && walk.scratch.slots.size() < capacity) {
      scan_failing(other, walk);
    } else if (graph_.next_duplicate(other) != kNone) {
      walk.scratch.visited.insert(other);  // its chain is followed once
    }
  }
}

// Walks over the nearest failing nodes; false when none are left.
bool FilteredSearcher::bridge(Walk& walk) const {
  Scratch& scratch = walk.scratch;
  scratch.slots.clear();
  for (const uint32_t slot : walk.bridges)
    if (!scratch.visited.contains(slot)) scratch.slots.push_back(slot);
  std::sort(scratch.slots.begin(), scratch.slots.end());
  scratch.slots.erase(std::unique(scratch.slots.begin(), scratch.slots.end()), scratch.slots.end());
  walk.bridges.clear();
  const auto n = static_cast<uint32_t>(scratch.slots.size());
  if (n == 0) return false;
  scratch.distances.resize(n);
  walk.scorer.score(scratch.slots.data(), n, scratch.distances.data());
  walk.compared += n;
  std::vector<Candidate> order;
  for (uint32_t i = 0; i < n; ++i) order.push_back({scratch.distances[i], scratch.slots[i]});
  std::sort(order.begin(), order.end());
  scratch.slots.clear();
  for (uint32_t i = 0; i < n && i < kBridgeStep; ++i) scan_failing(order[i].slot, walk);
  for (uint32_t i = n; i > kBridgeStep; --i) walk.remember(order[i - 1].slot);
  return true;
}

bool FilteredSearcher::rank(const uint8_t* query, uint32_t k, Scratch& scratch,
                            std::vector<Hit>* hits) const {
  const ExactValue exact(metric_, vectors_.shape(), query);
  const size_t wanted = size_t{k} + kMargin;
  for (uint32_t i = 0; i < scratch.pool.size() && hits->size() < wanted; ++i) {
    const uint32_t node = scratch.pool[i].slot;
    const double value = exact(vectors_.at(node).row);
    uint32_t steps = graph_.slots();
    for (uint32_t twin = node; twin != kNone && hits->size() < wanted && steps-- > 0;
         twin = graph_.next_duplicate(twin))
      if (allowed_.has(twin)) hits->push_back({value, twin});
  }
  keep_best(exact, k, hits);
  return hits->size() >= std::min<size_t>(k, allowed_.count);
}

bool FilteredSearcher::search(const uint8_t* query, uint32_t k, uint32_t ef, Scratch& scratch,
                              std::vector<Hit>* hits, uint64_t* compared) const {
  hits->clear();
  if (entry_ == kNone || k == 0) return k == 0;
  const Distance distance = Distance::search(metric_, vectors_.shape());
  const Item item{query, norm_of_query(vectors_.shape(), query)};
  VectorScorer scorer(vectors_, distance, item);
  Walk walk{scorer, scratch, ef};
  walk.links_of_chains = graph_.slots();

  // Where the query lies among all vectors.
  const Distance above = Distance::search_above(metric_, vectors_.shape());
  VectorScorer guide(vectors_, above, item);
  const uint32_t start = descend(graph_, guide, entry_, graph_.level_of(entry_), 0, scratch);
  beam(graph_, 0, scorer, {start}, kNear, scratch);
  std::vector<uint32_t> near;
  for (uint32_t i = 0; i < scratch.pool.size(); ++i) near.push_back(scratch.pool[i].slot);

  scratch.pool.reset(std::max(ef, k));
  scratch.visited.reset(graph_.slots());
  scratch.slots.clear();
  for (const uint32_t slot : near)
    if (passes(slot, walk)) walk.gather(slot);
  walk.apart = uint64_t{2} * scratch.slots.size() * graph_.slots() <= near.size() * allowed_.count;
  if (walk.apart) {
    if (allowed_.count <= size_t{kScanned} * ef) return false;
    scratch.pool.reset(std::max(ef + std::min(kWider, ef * kWiderOfEf / 10), k));
  }
  seeds(walk);
  for (const uint32_t slot : near) scan_failing(slot, walk);
  walk.settle();
  for (;;) {
    uint32_t slot, next;
    if (walk.compared > allowed_.count) break;
    if (scratch.pool.expand(&slot)) {
      expand(slot, walk);
      if (scratch.pool.peek(&next)) graph_.prefetch(next);
    } else if (scratch.pool.full() || !bridge(walk)) {
      break;
    }
    walk.settle();
  }
  *compared += walk.compared;
  if (walk.compared <= allowed_.count && rank(query, k, scratch, hits)) return true;
  hits->clear();
  return false;
}

}  // namespace vdb
