#include "searcher.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "code_scorer.h"
#include "paging.h"
#include "prefetch.h"

namespace vdb {
namespace {

// Candidates rescored beyond k: float32 rounding may swap neighbours at the end of the list.
constexpr uint32_t kMargin = 8;

// Inner product: how many nodes of level 1 that lie in the query's direction a walk begins from,
// unless some start gives so many times the inner product of what the levels above lead to.
constexpr uint32_t kDirections = 6;
constexpr float kFarLonger = 6;

// Vectors asked for ahead of the one that a walk compares.
constexpr uint32_t kAhead = 4;

}  // namespace

void keep_best(const ExactValue& exact, uint32_t k, std::vector<Hit>* hits) {
  std::sort(hits->begin(), hits->end(), [&](const Hit& a, const Hit& b) {
    return a.value != b.value ? exact.ordered(a.value) < exact.ordered(b.value) : a.slot < b.slot;
  });
  if (hits->size() > k) hits->resize(k);
}

Searcher::Starts Searcher::begin(const Item& query, Scorer& scorer, Scorer& above,
                                 Scratch& scratch) const {
  const uint32_t top = graph_.level_of(entry_);
  if (metric_ == Metric::kIp && top > 0) return begin_by_direction(query, scorer, above, scratch);
  Starts starts{{descend(graph_, scorer, entry_, top, 0, scratch)}, {}};
  starts.slots.insert(starts.slots.end(), starts_.begin(), starts_.end());
  return starts;
}

// A walk that begins at the longest vectors alone may never come to where the query points. Where
// they are so long that they outdo what lies there, looking for it is wasted.
Searcher::Starts Searcher::begin_by_direction(const Item& query, Scorer& scorer, Scorer& above,
                                              Scratch& scratch) const {
  const uint32_t node = descend(graph_, above, entry_, graph_.level_of(entry_), 1, scratch);
  std::vector<uint32_t> slots{node};
  slots.insert(slots.end(), starts_.begin(), starts_.end());
  std::vector<float> distances(slots.size());
  scorer.score(slots.data(), static_cast<uint32_t>(slots.size()), distances.data());
  scratch.computed += static_cast<uint32_t>(slots.size());
  Starts starts;
  for (size_t i = 0; i < slots.size(); ++i) starts.known.push_back({distances[i], slots[i]});
  const float product = -distances[0],
              best = -*std::min_element(distances.begin(), distances.end());
  if (product > 0 && best >= kFarLonger * product) return starts;
  beam(graph_, 1, above, {node}, kDirections, scratch);
  for (uint32_t i = 0; i < scratch.pool.size(); ++i) {
    // The cosine and the lengths give the inner product.
    const auto [distance, slot] = scratch.pool[i];
    const float negative = (distance - 1) * query.norm * vectors_.at(slot).norm;
    starts.known.push_back({negative == negative ? negative : 0, slot});
  }
  return starts;
}

// A walk by codes has not touched the vectors that are about to be compared.
void Searcher::ask_for_vectors(const std::vector<uint32_t>& slots, bool missing) const {
  if (missing)
    for (const uint32_t slot : slots) vectors_.ask_for(slot);
  for (const uint32_t slot : slots) vectors_.prefetch(vectors_.locate(slot).row);
}

// Vectors of the pool's first, and of others.
void Searcher::give_up(const Pool& pool, size_t count, const std::vector<uint32_t>& others) const {
  const size_t bytes = vectors_.row_bytes();
  for (uint32_t i = 0; i < count; ++i) let_go(vectors_.locate(pool[i].slot).row, bytes);
  for (const uint32_t slot : others) let_go(vectors_.locate(slot).row, bytes);
}

void Searcher::search(const uint8_t* query, uint32_t k, uint32_t ef, const Care& care,
                      Scratch& scratch, std::vector<Hit>* hits, Reads* reads) const {
  hits->clear();
  if (entry_ == kNone || k == 0) return;
  std::optional<DiskReads> seen;
  if (care.any()) seen.emplace();
  scratch.missing = care.walk;
  const float norm = norm_of_query(vectors_.shape(), query);
  const auto walk = [&](Scorer& scorer, Scorer& above) {
    const Starts starts = begin({query, norm}, scorer, above, scratch);
    beam(graph_, 0, scorer, starts.slots, std::max(ef, 1u), scratch, starts.known);
  };
  if (codes_ == nullptr) {
    const Distance distance = Distance::search(metric_, vectors_.shape());
    const Distance direction = Distance::search_above(metric_, vectors_.shape());
    VectorScorer scorer(vectors_, distance, {query, norm}, kAhead, care.walk);
    VectorScorer above(vectors_, direction, {query, norm}, kAhead, care.walk);
    walk(scorer, above);
  } else {
    scratch.query.set(codes_->shape(), reinterpret_cast<const float*>(query));
    CodeScorer scorer(*codes_, CodeDistance::search(metric_), scratch.query, care.walk);
    CodeScorer above(*codes_, CodeDistance::search_above(metric_), scratch.query, care.walk);
    walk(scorer, above);
  }
  if (seen) reads->walk = seen->bytes();
  const size_t compared = rank(query, k, care.last, scratch, hits);
  if (seen) reads->last = seen->bytes() - reads->walk;
  if (care.let_go) give_up(scratch.pool, compared, scratch.slots);
}

// The candidates by their exact values. Those that a walk by codes put behind the k-th are compared
// too where the code may be wrong by so much. Each comes with up to k duplicates, the last one too:
// by its exact value it may be nearer than those before it. Returns how many of the pool's first
// were compared; the others of a walk by codes are in `scratch.slots`.
size_t Searcher::rank(const uint8_t* query, uint32_t k, bool missing, Scratch& scratch,
                      std::vector<Hit>* hits) const {
  const ExactValue exact(metric_, vectors_.shape(), query);
  const Pool& pool = scratch.pool;
  const size_t wanted = size_t{k} + (codes_ == nullptr ? kMargin : 0);
  uint32_t i = 0;
  scratch.slots.clear();
  if (codes_ != nullptr) {
    for (; i < std::min<size_t>(pool.size(), k); ++i) scratch.slots.push_back(pool[i].slot);
    ask_for_vectors(scratch.slots, missing);
  }
  for (i = 0; i < pool.size() && hits->size() < wanted; ++i) push(exact, pool[i].slot, k, hits);
  const size_t compared = i;
  scratch.computed += i;
  scratch.slots.clear();
  if (codes_ != nullptr && i < pool.size()) {
    double worst = -std::numeric_limits<double>::infinity();
    for (const Hit& hit : *hits) worst = std::max(worst, exact.ordered(hit.value));
    const CodeDistance distance = CodeDistance::search(metric_);
    if (distance.from_one()) worst += 1;
    for (; i < pool.size(); ++i) {
      const auto [near, slot] = pool[i];
      const CodeHead head = Codes::head(codes_->at(slot));
      if (near - distance.slack(scratch.query, head, near) > worst) continue;
      scratch.slots.push_back(slot);
    }
    ask_for_vectors(scratch.slots, missing);
    scratch.computed += static_cast<uint32_t>(scratch.slots.size());
    for (const uint32_t slot : scratch.slots) push(exact, slot, k, hits);
  }
  keep_best(exact, k, hits);
  return compared;
}

// A node and its duplicates, at most `most` of them together.
void Searcher::push(const ExactValue& exact, uint32_t node, size_t most,
                    std::vector<Hit>* hits) const {
  const double value = exact(vectors_.at(node).row);
  // No number comes of what no vector should hold, and it cannot be put in order.
  if (value != value) return;
  hits->push_back({value, node});
  // More hits than slots: the chains are rings, or meet.
  for (uint32_t twin = graph_.next_duplicate(node);
       twin != kNone && --most > 0 && hits->size() < graph_.slots();
       twin = graph_.next_duplicate(twin))
    hits->push_back({value, twin});
}

}  // namespace vdb
