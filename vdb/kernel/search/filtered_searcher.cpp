#include "search/filtered_searcher.h"

#include <algorithm>
#include <optional>

#include "distance/code_resolution.h"
#include "graph/search_layer.h"
#include "memory/paging.h"
#include "memory/prefetch.h"
#include "runtime/cancellation.h"
#include "search/reranker.h"
#include "search/walk_distances.h"

namespace vdb {
namespace {

constexpr uint32_t kProbeWidth = 10;  // ef of the probe
constexpr uint32_t kRarer = 4;        // so many times fewer pass around the query: it lies apart
constexpr uint32_t kBridges = 256;    // failing nodes remembered at a time
constexpr uint32_t kBridgeStep = 8;   // of which the nearest are walked over at once

// Evenly spaced slots of the filter at which a walk begins, besides the nodes of the probe.
constexpr uint32_t kSeeds = 32;
constexpr uint32_t kSeedsApart = 80;  // where the query lies apart,
constexpr uint32_t kSeedsPerEf = 4;   // but no more than this for each of ef

// Where the query lies apart: candidates kept beyond ef, and at most this many for ten of ef; and
// slots that can be scanned in the time of a walk, for each of ef.
constexpr uint32_t kWider = 36;
constexpr uint32_t kWiderPerTenEf = 12;
constexpr uint32_t kScannedPerEf = 112;

// The second step of an expansion, over failing neighbours.
struct SecondStep {
  uint32_t most;    // passing ones of ten neighbours: where more pass, one step leads far enough
  uint32_t rows;    // failing neighbours to step over
  uint32_t enough;  // passing nodes gathered, after which the step ends
};
constexpr SecondStep kAmid{5, 16, 32};
// Where the query's own region fails, passing nodes lie along its border.
constexpr SecondStep kApart{7, 8, 24};

}  // namespace

// One query under way. `scratch.slots` gathers nodes to be compared next; `scratch.visited` holds
// the passing nodes that were gathered, `scratch.bypassed` the failing ones whose links were read.
struct FilteredSearcher::Walk {
  Walk(QueryDistance& from, Scratch& memory, uint32_t width)
      : distance(from), scratch(memory), ef(width) {}

  QueryDistance& distance;
  Scratch& scratch;
  uint32_t ef;
  uint32_t kept = 0;  // candidates, where that is more than ef
  uint64_t compared = 0;
  uint64_t passed = 0;  // of those that the probe compared
  bool apart = false;   // clearly fewer pass around the query than elsewhere
  // Links of duplicates left to follow: chains with more links than there are slots are rings.
  uint32_t links_of_chains = 0;

  void gather(uint32_t slot) {
    if (scratch.visited.insert(slot)) scratch.slots.push_back(slot);
  }
  // Compares the gathered nodes.
  void compare() {
    const auto n = static_cast<uint32_t>(scratch.slots.size());
    scratch.distances.resize(n);
    distance.compute(scratch.slots.data(), n, scratch.distances.data());
    compared += n;
  }
  // The same, and offers them to the pool.
  void settle() {
    compare();
    for (size_t i = 0; i < scratch.slots.size(); ++i)
      scratch.pool.offer({scratch.distances[i], scratch.slots[i]});
    scratch.slots.clear();
  }
  void remember(uint32_t slot) {
    std::vector<uint32_t>& bridges = scratch.bridges;
    if (bridges.size() == kBridges) bridges.erase(bridges.begin(), bridges.begin() + kBridges / 2);
    bridges.push_back(slot);
  }
};

bool FilteredSearcher::passing_duplicate(uint32_t slot, Walk& walk) const {
  for (uint32_t twin = graph_.next_duplicate(slot); twin != kNone && walk.links_of_chains > 0;
       twin = graph_.next_duplicate(twin), --walk.links_of_chains)
    if (filter_.has(twin)) return true;
  return false;
}

// The node that stands for a slot in the graph.
uint32_t FilteredSearcher::node_of(uint32_t slot) const {
  return graph_.is_duplicate(slot) ? graph_.checked(graph_.row(slot)[1]) : slot;
}

// A narrow search_layer among all nodes: scratch.nearest receives the nearest of them. Passing ones
// among all nodes compared are offered to the pool.
void FilteredSearcher::probe(uint32_t start, Walk& walk) const {
  Scratch& scratch = walk.scratch;
  VisitedSet& seen = scratch.bypassed;
  scratch.nearest.reset(kProbeWidth);
  seen.reset(graph_.slots());
  seen.insert(start);
  scratch.slots.assign(1, start);
  for (;;) {
    walk.compare();
    for (size_t i = 0; i < scratch.slots.size(); ++i) {
      const Candidate candidate{scratch.distances[i], scratch.slots[i]};
      scratch.nearest.offer(candidate);
      if (!scratch.visited.insert_if(candidate.slot, filter_.has(candidate.slot))) continue;
      scratch.pool.offer(candidate);
      ++walk.passed;
    }
    scratch.slots.clear();
    uint32_t slot, next;
    if (!scratch.nearest.expand(&slot)) return;
    const uint32_t* list = graph_.links(0, slot);
    const uint32_t capacity = graph_.capacity(0);
    for (uint32_t i = 0; i < capacity && list[i] != kNone; ++i) {
      const uint32_t other = graph_.checked(list[i]);
      if (seen.insert(other)) scratch.slots.push_back(other);
    }
    if (scratch.nearest.peek(&next)) graph_.prefetch(next);
  }
}

// Gathers the nodes at which the walk begins, besides those of the probe.
void FilteredSearcher::begin(Walk& walk) const {
  Scratch& scratch = walk.scratch;
  for (const uint32_t slot : context_.starts)
    if (passes(slot, walk)) walk.gather(slot);
  const size_t most = walk.apart ? std::min(kSeedsApart, kSeedsPerEf * walk.ef) : kSeeds;
  for (const uint32_t slot : filter_.sample(most)) walk.gather(node_of(slot));
  scratch.bypassed.reset(graph_.slots());
  for (uint32_t i = 0; i < scratch.nearest.size(); ++i) {
    const uint32_t slot = scratch.nearest[i].slot;
    if (filter_.has(slot)) continue;
    if (passing_duplicate(slot, walk)) walk.gather(slot);
    scan_failing(slot, walk);
  }
}

// Gathers the passing nodes around a failing one.
void FilteredSearcher::scan_failing(uint32_t node, Walk& walk) const {
  VisitedSet &visited = walk.scratch.visited, &bypassed = walk.scratch.bypassed;
  if (!bypassed.insert(node)) return;
  const uint32_t* list = graph_.links(0, node);
  const uint32_t capacity = graph_.capacity(0);
  std::vector<uint32_t>& gathered = walk.scratch.slots;
  size_t n = gathered.size();
  gathered.resize(n + capacity);
  uint32_t links = 0;
  for (; links < capacity && list[links] != kNone; ++links) {
    const uint32_t other = graph_.checked(list[links]);
    gathered[n] = other;
    n += visited.insert_if(other, filter_.has(other));
  }
  gathered.resize(n);
  if (walk.scratch.pool.full()) return;  // it stays full, and needs no bridges
  for (uint32_t i = 0; i < links; ++i) {
    const uint32_t other = slot_of(list[i]);
    if (!filter_.has(other) && !bypassed.contains(other)) walk.remember(other);
  }
}

void FilteredSearcher::expand(uint32_t node, Walk& walk) const {
  const uint32_t* list = graph_.links(0, node);
  const uint32_t capacity = graph_.capacity(0);
  VisitedSet &visited = walk.scratch.visited, &bypassed = walk.scratch.bypassed;
  std::vector<uint32_t>&gathered = walk.scratch.slots, &failing = walk.scratch.failing;
  size_t n = gathered.size();
  gathered.resize(n + capacity);
  failing.resize(capacity);
  uint32_t links = 0, passing = 0, failed = 0;
  for (; links < capacity && list[links] != kNone; ++links) {
    const uint32_t other = graph_.checked(list[links]);
    const bool passes = filter_.has(other);
    passing += passes;
    gathered[n] = other;
    n += visited.insert_if(other, passes);
    failing[failed] = other;
    failed += !passes & !bypassed.contains(other);
  }
  gathered.resize(n);
  const SecondStep& step = walk.apart ? kApart : kAmid;
  uint32_t rows = 10 * passing <= step.most * links ? step.rows : 0;
  for (uint32_t i = 0; i < failed; ++i) {
    if (i < rows)
      graph_.prefetch(failing[i]);
    else
      prefetch_line(graph_.row(failing[i]));  // only for its duplicates
  }
  for (uint32_t i = 0; i < failed; ++i) {
    const uint32_t other = failing[i];
    const bool twins = graph_.next_duplicate(other) != kNone;
    if (twins && passing_duplicate(other, walk)) walk.gather(other);
    if (rows > 0 && gathered.size() < step.enough) {
      --rows;
      scan_failing(other, walk);
    } else if (twins) {
      bypassed.insert(other);  // its chain is followed once
    }
  }
}

// Walks over the nearest failing nodes; false when none are left.
bool FilteredSearcher::bridge(Walk& walk) const {
  Scratch& scratch = walk.scratch;
  std::vector<uint32_t>& bridges = scratch.bridges;
  std::sort(bridges.begin(), bridges.end());
  bridges.erase(std::unique(bridges.begin(), bridges.end()), bridges.end());
  scratch.slots.clear();
  for (const uint32_t slot : bridges)
    if (!scratch.bypassed.contains(slot)) scratch.slots.push_back(slot);
  bridges.clear();
  if (scratch.slots.empty()) return false;
  walk.compare();
  std::vector<Candidate> order;
  for (size_t i = 0; i < scratch.slots.size(); ++i)
    order.push_back({scratch.distances[i], scratch.slots[i]});
  std::sort(order.begin(), order.end());
  scratch.slots.clear();
  const size_t step = std::min<size_t>(kBridgeStep, order.size());
  for (size_t i = 0; i < step; ++i) scan_failing(order[i].slot, walk);
  for (size_t i = order.size(); i > step; --i) walk.remember(order[i - 1].slot);
  return true;
}

// False where an exact scan costs no more than going on, or than the walk so far.
bool FilteredSearcher::walk(QueryDistance& above, uint32_t k, Walk& walk) const {
  Scratch& scratch = walk.scratch;
  const uint32_t start =
      greedy_descend(graph_, above, context_.entry, graph_.level_of(context_.entry), 0, scratch);
  const uint32_t ef = walk.ef;
  // Where the query lies among all vectors, and whether passing ones lie there too.
  const uint32_t wide = std::max(ef + std::min(kWider, ef * kWiderPerTenEf / 10), k);
  scratch.pool.reset(std::max(wide, walk.kept), wide);
  scratch.visited.reset(graph_.slots());
  scratch.bridges.clear();
  probe(start, walk);
  walk.apart = uint64_t{kRarer} * walk.passed * graph_.slots() <= walk.compared * filter_.count();
  if (walk.apart && filter_.count() <= size_t{kScannedPerEf} * ef) return false;
  if (!walk.apart) scratch.pool.narrow(std::max({ef, k, walk.kept}), std::max(ef, k));
  begin(walk);
  walk.settle();
  for (uint32_t steps = 1;; ++steps) {
    check_cancelled_every<64>(steps);
    uint32_t slot, next;
    if (walk.compared > filter_.count()) return false;
    if (scratch.pool.expand(&slot)) {
      expand(slot, walk);
      if (scratch.pool.peek(&next)) graph_.prefetch(next);
    } else if (scratch.pool.full() || !bridge(walk)) {
      return true;
    }
    walk.settle();
  }
}

// Nothing is linked yet.
bool FilteredSearcher::nowhere(uint32_t k, Walk& walk) const {
  const uint32_t width = std::max(walk.ef, k);
  walk.scratch.pool.reset(std::max(width, walk.kept), width);
  walk.scratch.visited.reset(graph_.slots());
  return true;
}

void FilteredSearcher::compare_unlinked(Walk& walk) const {
  for (const uint32_t slot : context_.unlinked)
    if (filter_.has(slot)) walk.gather(slot);
  walk.settle();
}

void FilteredSearcher::search(const uint8_t* query, const SearchParameters& parameters,
                              Scratch& scratch, std::vector<Hit>* hits, SearchStats* stats) const {
  hits->clear();
  const uint32_t k = parameters.k;
  stats->scan = k != 0;
  if ((context_.entry == kNone && context_.unlinked.empty()) || k == 0) return;
  const PrefetchPolicy& prefetch = parameters.prefetch;
  std::optional<DiskReadCounter> disk;
  if (prefetch.any()) disk.emplace();
  const Item item{query, norm_of_query(context_.vectors.shape(), query)};
  with_walk_distances(
      context_, item, VectorQueryDistance::kFarAhead, prefetch.walk, scratch,
      [&](const Codes* codes, QueryDistance& base, QueryDistance& above) {
        hits->clear();
        Walk one{base, scratch, parameters.ef};
        if (codes != nullptr)
          one.kept = CodeResolution::oversampled(codes->shape().kind, k, graph_.slots());
        one.links_of_chains = graph_.slots();
        const bool walked = context_.entry == kNone ? nowhere(k, one) : walk(above, k, one);
        if (walked) compare_unlinked(one);
        stats->distances += one.compared;
        if (disk) stats->reads.walk = disk->bytes();
        if (!walked) return true;
        const Reranker reranker(context_, codes, &filter_, parameters.duplicates);
        const RerankResult result = reranker.rerank(query, k, prefetch, scratch, hits);
        if (codes != nullptr) stats->distances += result.compared;
        if (disk) stats->reads.rerank = disk->bytes() - stats->reads.walk;
        if (!result.complete) return false;
        stats->scan = parameters.duplicates == Duplicates::kExcluded && !hits->empty()
                          ? false
                          : hits->size() < std::min<size_t>(k, filter_.count());
        return true;
      });
  if (stats->scan) hits->clear();
}

}  // namespace vdb
