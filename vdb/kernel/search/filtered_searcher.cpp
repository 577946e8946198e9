#include "search/filtered_searcher.h"

#include <algorithm>
#include <optional>

#include "distance/code_distance.h"
#include "distance/code_resolution.h"
#include "graph/search_layer.h"
#include "memory/paging.h"
#include "memory/prefetch.h"
#include "runtime/cancellation.h"
#include "search/reranker.h"

namespace vdb {
namespace {

constexpr uint32_t kAhead = 4;       // vectors asked for ahead on the way down
constexpr uint32_t kNear = 10;       // width of the survey
constexpr uint32_t kRarer = 4;       // so many times fewer pass around the query: it lies apart
constexpr uint32_t kBridges = 256;   // failing nodes remembered at a time
constexpr uint32_t kBridgeStep = 8;  // of which the nearest are walked over at once

// What a walk begins with besides what the survey finds: allowed slots, spread evenly.
constexpr uint32_t kSeeds = 32;
constexpr uint32_t kSeedsApart = 80;  // where nothing near the query shows the way,
constexpr uint32_t kSeedsOfEf = 4;    // and for each of ef

// Apart: candidates kept beyond ef, and at most so many for ten of ef; slots that are scanned in
// the time of a walk, for each of ef.
constexpr uint32_t kWider = 36;
constexpr uint32_t kWiderOfEf = 12;
constexpr uint32_t kScanned = 112;

// How an expansion takes its second step, over failing neighbours.
struct SecondStep {
  uint32_t most;    // of ten neighbours, that pass: with more than that one step leads far enough
  uint32_t rows;    // failing neighbours that are stepped over
  uint32_t enough;  // nodes gathered, after which no further one is
};
constexpr SecondStep kAmid{5, 16, 32};
// Where the filter keeps the query's own region out, what passes is found along a border.
constexpr SecondStep kApart{7, 8, 24};

}  // namespace

// One query under way. `scratch.slots` gathers what is to be compared next; `scratch.visited` holds
// the passing nodes that were gathered, `scratch.bypassed` the failing ones whose links were read.
struct FilteredSearcher::Walk {
  Walk(Scorer& from, Scratch& memory, uint32_t width) : scorer(from), scratch(memory), ef(width) {}

  Scorer& scorer;
  Scratch& scratch;
  uint32_t ef;
  uint32_t kept = 0;  // candidates, where that is more than ef
  uint64_t compared = 0;
  uint64_t passed = 0;  // of those that the survey compared
  bool apart = false;   // around the query clearly fewer pass than elsewhere
  // What is left to follow: all chains together are no longer than the collection, or are rings.
  uint32_t links_of_chains = 0;

  void gather(uint32_t slot) {
    if (scratch.visited.insert(slot)) scratch.slots.push_back(slot);
  }
  // Compares what was gathered.
  void score() {
    const auto n = static_cast<uint32_t>(scratch.slots.size());
    scratch.distances.resize(n);
    scorer.score(scratch.slots.data(), n, scratch.distances.data());
    compared += n;
  }
  // The same, and offers it to the pool.
  void settle() {
    score();
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
    if (allowed_.has(twin)) return true;
  return false;
}

// The node that stands for a slot in the graph.
uint32_t FilteredSearcher::node_of(uint32_t slot) const {
  return graph_.is_duplicate(slot) ? graph_.checked(graph_.row(slot)[1]) : slot;
}

// A narrow walk among all nodes: scratch.guide becomes the nearest of them. Those that pass of all
// that it compares are offered to the pool.
void FilteredSearcher::survey(uint32_t start, Walk& walk) const {
  Scratch& scratch = walk.scratch;
  Visited& seen = scratch.bypassed;
  scratch.guide.reset(kNear);
  seen.reset(graph_.slots());
  seen.insert(start);
  scratch.slots.assign(1, start);
  for (;;) {
    walk.score();
    for (size_t i = 0; i < scratch.slots.size(); ++i) {
      const Candidate found{scratch.distances[i], scratch.slots[i]};
      scratch.guide.offer(found);
      if (!scratch.visited.insert_if(found.slot, allowed_.has(found.slot))) continue;
      scratch.pool.offer(found);
      ++walk.passed;
    }
    scratch.slots.clear();
    uint32_t slot, next;
    if (!scratch.guide.expand(&slot)) return;
    const uint32_t* list = graph_.links(0, slot);
    const uint32_t capacity = graph_.capacity(0);
    for (uint32_t i = 0; i < capacity && list[i] != kNone; ++i) {
      const uint32_t other = graph_.checked(list[i]);
      if (seen.insert(other)) scratch.slots.push_back(other);
    }
    if (scratch.guide.peek(&next)) graph_.prefetch(next);
  }
}

// Gathers what the walk begins with besides what the survey has found.
void FilteredSearcher::begin(Walk& walk) const {
  Scratch& scratch = walk.scratch;
  for (const uint32_t slot : starts_)
    if (passes(slot, walk)) walk.gather(slot);
  const size_t most = walk.apart ? std::min(kSeedsApart, kSeedsOfEf * walk.ef) : kSeeds;
  for (const uint32_t slot : allowed_.spread(most)) walk.gather(node_of(slot));
  scratch.bypassed.reset(graph_.slots());
  for (uint32_t i = 0; i < scratch.guide.size(); ++i) {
    const uint32_t slot = scratch.guide[i].slot;
    if (allowed_.has(slot)) continue;
    if (passing_duplicate(slot, walk)) walk.gather(slot);
    scan_failing(slot, walk);
  }
}

// Gathers the passing nodes around a failing one.
void FilteredSearcher::scan_failing(uint32_t node, Walk& walk) const {
  Visited &visited = walk.scratch.visited, &bypassed = walk.scratch.bypassed;
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
    n += visited.insert_if(other, allowed_.has(other));
  }
  gathered.resize(n);
  if (walk.scratch.pool.full()) return;  // it stays so, and needs no bridges
  for (uint32_t i = 0; i < links; ++i) {
    const uint32_t other = slot_of(list[i]);
    if (!allowed_.has(other) && !bypassed.contains(other)) walk.remember(other);
  }
}

void FilteredSearcher::expand(uint32_t node, Walk& walk) const {
  const uint32_t* list = graph_.links(0, node);
  const uint32_t capacity = graph_.capacity(0);
  Visited &visited = walk.scratch.visited, &bypassed = walk.scratch.bypassed;
  std::vector<uint32_t>&gathered = walk.scratch.slots, &failing = walk.scratch.failing;
  size_t n = gathered.size();
  gathered.resize(n + capacity);
  failing.resize(capacity);
  uint32_t links = 0, passing = 0, failed = 0;
  for (; links < capacity && list[links] != kNone; ++links) {
    const uint32_t other = graph_.checked(list[links]);
    const bool passes = allowed_.has(other);
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
      prefetch_line(graph_.row(failing[i]));  // for its duplicates alone
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
  walk.score();
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

// False where an exact scan costs no more than going on would, or than what was done.
bool FilteredSearcher::walk(uint32_t start, uint32_t k, Walk& walk) const {
  Scratch& scratch = walk.scratch;
  const uint32_t ef = walk.ef;
  // Where the query lies among all vectors, and whether what passes does too.
  const uint32_t wide = std::max(ef + std::min(kWider, ef * kWiderOfEf / 10), k);
  scratch.pool.reset(std::max(wide, walk.kept), wide);
  scratch.visited.reset(graph_.slots());
  scratch.bridges.clear();
  survey(start, walk);
  walk.apart = uint64_t{kRarer} * walk.passed * graph_.slots() <= walk.compared * allowed_.count();
  if (walk.apart && allowed_.count() <= size_t{kScanned} * ef) return false;
  if (!walk.apart) scratch.pool.narrow(std::max({ef, k, walk.kept}), std::max(ef, k));
  begin(walk);
  walk.settle();
  for (uint32_t steps = 1;; ++steps) {
    attend_at<64>(steps);
    uint32_t slot, next;
    if (walk.compared > allowed_.count()) return false;
    if (scratch.pool.expand(&slot)) {
      expand(slot, walk);
      if (scratch.pool.peek(&next)) graph_.prefetch(next);
    } else if (scratch.pool.full() || !bridge(walk)) {
      return true;
    }
    walk.settle();
  }
}

bool FilteredSearcher::search(const uint8_t* query, uint32_t k, uint32_t ef, const Care& care,
                              Scratch& scratch, std::vector<Hit>* hits, Reads* reads,
                              uint64_t* compared) const {
  hits->clear();
  if (entry_ == kNone || k == 0) return k == 0;
  std::optional<DiskReads> seen;
  if (care.any()) seen.emplace();
  bool blind = false;
  // False where an exact scan is due, or codes were blind.
  const auto look = [&](const Codes* codes, Scorer& scorer, Scorer& above) {
    hits->clear();
    Walk one{scorer, scratch, ef};
    if (codes != nullptr) one.kept = Resolution::kept(codes->shape().kind, k, graph_.slots());
    one.links_of_chains = graph_.slots();
    const uint32_t start = descend(graph_, above, entry_, graph_.level_of(entry_), 0, scratch);
    const bool walked = walk(start, k, one);
    *compared += one.compared;
    if (seen) reads->walk = seen->bytes();
    if (!walked) return false;
    const Ranker ranker(vectors_, graph_, metric_, codes, &allowed_, copies_);
    const Ranking ranking = ranker.rank(query, k, care, scratch, hits);
    if (codes != nullptr) *compared += ranking.compared;
    if (seen) reads->last = seen->bytes() - reads->walk;
    blind = !ranking.found;
    if (blind || (copies_ == Copies::kLeftOut && !hits->empty())) return !blind;
    return hits->size() >= std::min<size_t>(k, allowed_.count());
  };
  bool found = false;
  if (codes_ != nullptr) {
    scratch.query.set(codes_->shape(), reinterpret_cast<const float*>(query));
    CodeScorer scorer(*codes_, CodeDistance::search(metric_), scratch.query, care.walk);
    CodeScorer above(*codes_, CodeDistance::search_above(metric_), scratch.query, care.walk);
    found = look(codes_, scorer, above);
  }
  if (codes_ == nullptr || blind) {
    const Item item{query, norm_of_query(vectors_.shape(), query)};
    const Distance distance = Distance::search(metric_, vectors_.shape());
    const Distance direction = Distance::search_above(metric_, vectors_.shape());
    VectorScorer scorer(vectors_, distance, item, VectorScorer::kFarAhead, care.walk);
    VectorScorer above(vectors_, direction, item, kAhead, care.walk);
    found = look(nullptr, scorer, above);
  }
  if (!found) hits->clear();
  return found;
}

}  // namespace vdb
