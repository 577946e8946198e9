#include "search/reranker.h"

#include <algorithm>
#include <limits>

#include "distance/code_distance.h"
#include "distance/code_resolution.h"
#include "memory/paging.h"
#include "memory/prefetch.h"
#include "runtime/cancellation.h"

namespace vdb {
namespace {

// Candidates rescored beyond k: float32 rounding may swap neighbours at the end of the list.
constexpr uint32_t kMargin = 8;

}  // namespace

void keep_best(const ExactValue& exact, uint32_t k, std::vector<Hit>* hits) {
  std::sort(hits->begin(), hits->end(), [&](const Hit& a, const Hit& b) {
    return a.value != b.value ? exact.ordered(a.value) < exact.ordered(b.value) : a.slot < b.slot;
  });
  if (hits->size() > k) hits->resize(k);
}

// A walk by codes has not touched the vectors that are about to be compared.
void Ranker::ask_for(const std::vector<uint32_t>& slots, size_t from, bool missing) const {
  if (codes_ == nullptr) return;
  if (missing)
    for (size_t i = from; i < slots.size(); ++i) vectors_.ask_for(slots[i]);
  for (size_t i = from; i < slots.size(); ++i) vectors_.prefetch(vectors_.locate(slots[i]).row);
}

Ranking Ranker::rank(const uint8_t* query, uint32_t k, const Care& care, Scratch& scratch,
                     std::vector<Hit>* hits) const {
  const ExactValue exact(metric_, vectors_.shape(), query);
  const Pool& pool = scratch.pool;
  std::vector<uint32_t>& slots = scratch.slots;  // in the order in which they are compared
  slots.clear();
  for (uint32_t i = 0; i < std::min<size_t>(pool.size(), k); ++i) slots.push_back(pool[i].slot);
  ask_for(slots, 0, care.last);
  const size_t wanted = size_t{k} + (codes_ == nullptr ? kMargin : 0);
  uint32_t links = graph_.slots();  // all chains together have fewer, or are rings, or meet
  uint32_t i = 0;
  for (; i < pool.size() && hits->size() < wanted; ++i) {
    attend_at<256>(i + 1);
    push(exact, pool[i].slot, k, &links, hits);
  }
  slots.resize(std::min<size_t>(slots.size(), i));
  for (auto at = static_cast<uint32_t>(slots.size()); at < i; ++at) slots.push_back(pool[at].slot);
  if (codes_ != nullptr && i < pool.size()) {
    double worst = -std::numeric_limits<double>::infinity();
    for (const Hit& hit : *hits) worst = std::max(worst, exact.ordered(hit.value));
    const CodeDistance distance = CodeDistance::search(metric_);
    if (distance.from_one()) worst += 1;
    const size_t before = slots.size();
    for (; i < pool.size(); ++i) {
      const auto [near, slot] = pool[i];
      const CodeHead head = Codes::head(codes_->at(slot));
      if (near - distance.slack(scratch.query, head, near) <= worst) slots.push_back(slot);
    }
    ask_for(slots, before, care.last);
    for (size_t at = before; at < slots.size(); ++at) {
      attend_at<256>(at + 1);
      push(exact, slots[at], k, &links, hits);
    }
  }
  if (care.give_up)
    for (const uint32_t slot : slots) give_up(vectors_.locate(slot).row, vectors_.row_bytes());
  keep_best(exact, k, hits);
  const auto compared = static_cast<uint32_t>(slots.size());
  return {compared, codes_ == nullptr || found(exact, scratch, *hits)};
}

// Whether a walk by codes has hardly missed any.
bool Ranker::found(const ExactValue& exact, Scratch& scratch, const std::vector<Hit>& hits) const {
  const Pool& pool = scratch.pool;
  if (pool.wants() || hits.empty()) return true;  // everything was reached
  const CodeDistance distance = CodeDistance::search(metric_);
  const auto exactly = [&](const Hit& hit) {
    return exact.ordered(hit.value) + (distance.from_one() ? 1 : 0);
  };
  const Resolution resolution(*codes_, distance, scratch.query);
  const Resolution::Edge edge = resolution.edge(pool[pool.size() - 1]);
  // A walk among what it cannot tell apart goes anywhere.
  if (!edge.apart(pool[0].distance, pool[pool.expanded() - 1].distance)) return false;
  if (edge.far_behind(exactly(hits.back()))) return true;
  std::vector<uint32_t>& slots = scratch.slots;
  slots.clear();
  for (const Hit& hit : hits) slots.push_back(hit.slot);
  scratch.distances.resize(slots.size());
  CodeScorer(*codes_, distance, scratch.query)
      .score(slots.data(), static_cast<uint32_t>(slots.size()), scratch.distances.data());
  std::vector<Resolution::Judged> judged;
  for (size_t i = 0; i < hits.size(); ++i)
    judged.push_back({exactly(hits[i]), scratch.distances[i]});
  return edge.behind(judged);
}

// A node and its duplicates, at most k of them together.
void Ranker::push(const ExactValue& exact, uint32_t node, uint32_t k, uint32_t* links,
                  std::vector<Hit>* hits) const {
  const double value = exact(vectors_.at(node).row);
  // No number comes of what no vector should hold, and it cannot be put in order.
  if (value != value) return;
  if (copies_ == Copies::kLeftOut) {
    bool stands = passes(node);
    for (uint32_t twin = graph_.next_duplicate(node); !stands && twin != kNone && *links > 0;
         twin = graph_.next_duplicate(twin), --*links)
      stands = passes(twin);
    if (stands) hits->push_back({value, node});
    return;
  }
  const size_t most = hits->size() + k;
  if (passes(node)) hits->push_back({value, node});
  for (uint32_t twin = graph_.next_duplicate(node);
       twin != kNone && hits->size() < most && *links > 0;
       twin = graph_.next_duplicate(twin), --*links)
    if (passes(twin)) hits->push_back({value, twin});
}

}  // namespace vdb
