#include "search/searcher.h"

#include <algorithm>
#include <optional>

#include "distance/code_distance.h"
#include "distance/code_resolution.h"
#include "memory/paging.h"

namespace vdb {
namespace {

// Inner product: how many nodes of level 1 that lie in the query's direction a walk begins from,
// unless some start gives so many times the inner product of what the levels above lead to.
constexpr uint32_t kDirections = 6;
constexpr float kFarLonger = 6;

// Vectors asked for ahead of the one that a walk compares.
constexpr uint32_t kAhead = 4;

}  // namespace

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

void Searcher::search(const uint8_t* query, uint32_t k, uint32_t ef, const Care& care,
                      Scratch& scratch, std::vector<Hit>* hits, Reads* reads) const {
  hits->clear();
  if (entry_ == kNone || k == 0) return;
  std::optional<DiskReads> seen;
  if (care.any()) seen.emplace();
  scratch.missing = care.walk;
  const Item item{query, norm_of_query(vectors_.shape(), query)};
  const auto answer = [&](const Codes* codes, Scorer& scorer, Scorer& above) {
    hits->clear();
    const Starts starts = begin(item, scorer, above, scratch);
    beam(graph_, 0, scorer, starts.slots, std::max(ef, 1u), scratch, starts.known,
         codes == nullptr ? 0 : Resolution::kept(codes->shape().kind, k, graph_.slots()));
    if (seen) reads->walk = seen->bytes();
    const Ranker ranker(vectors_, graph_, metric_, codes, nullptr, copies_);
    const Ranking ranking = ranker.rank(query, k, care, scratch, hits);
    scratch.computed += ranking.compared;
    return ranking.found;
  };
  bool found = false;
  if (codes_ != nullptr) {
    scratch.query.set(codes_->shape(), reinterpret_cast<const float*>(query));
    CodeScorer scorer(*codes_, CodeDistance::search(metric_), scratch.query, care.walk);
    CodeScorer above(*codes_, CodeDistance::search_above(metric_), scratch.query, care.walk);
    found = answer(codes_, scorer, above);
  }
  if (!found) {
    const Distance distance = Distance::search(metric_, vectors_.shape());
    const Distance direction = Distance::search_above(metric_, vectors_.shape());
    VectorScorer scorer(vectors_, distance, item, kAhead, care.walk);
    VectorScorer above(vectors_, direction, item, kAhead, care.walk);
    answer(nullptr, scorer, above);
  }
  if (seen) reads->last = seen->bytes() - reads->walk;
}

}  // namespace vdb
