#include "search/reranker.h"

#include <algorithm>
#include <limits>

#include "distance/code_distance.h"
#include "distance/code_resolution.h"
#include "memory/paging.h"
#include "runtime/cancellation.h"

namespace vdb {
namespace {

// Candidates reranked beyond k: float32 rounding may swap neighbours at the end of the list.
constexpr uint32_t kMargin = 8;

}  // namespace

// Only a walk by codes has not touched the vectors before.
void Reranker::prefetch(const std::vector<uint32_t>& slots, size_t from, bool from_disk) const {
  if (codes_ == nullptr) return;
  const Vectors& vectors = context_.vectors;
  if (from_disk)
    for (size_t i = from; i < slots.size(); ++i) vectors.will_need(slots[i]);
  for (size_t i = from; i < slots.size(); ++i) vectors.prefetch(vectors.locate(slots[i]).row);
}

RerankResult Reranker::rerank(const uint8_t* query, uint32_t k, const PrefetchPolicy& policy,
                              Scratch& scratch, std::vector<Hit>* hits) const {
  const Vectors& vectors = context_.vectors;
  const ExactValue exact(context_.metric, vectors.shape(), query);
  const CandidatePool& pool = scratch.pool;
  std::vector<uint32_t>& slots = scratch.slots;  // in the order in which they are compared
  slots.clear();
  for (uint32_t i = 0; i < std::min<size_t>(pool.size(), k); ++i) slots.push_back(pool[i].slot);
  prefetch(slots, 0, policy.rerank);
  const size_t enough = size_t{k} + (codes_ == nullptr ? kMargin : 0);
  // Chains of duplicates that have more links than there are slots are rings, or meet.
  uint32_t links = context_.graph.slots();
  uint32_t i = 0;
  for (; i < pool.size() && hits->size() < enough; ++i) {
    check_cancelled_every<256>(i + 1);
    push(exact, pool[i].slot, k, &links, hits);
  }
  slots.resize(std::min<size_t>(slots.size(), i));
  for (auto at = static_cast<uint32_t>(slots.size()); at < i; ++at) slots.push_back(pool[at].slot);
  if (codes_ != nullptr && i < pool.size()) {
    double worst = -std::numeric_limits<double>::infinity();
    for (const Hit& hit : *hits) worst = std::max(worst, exact.ordered(hit.value));
    const CodeDistance distance = CodeDistance::search(context_.metric);
    if (distance.is_cosine_distance()) worst += 1;
    const size_t before = slots.size();
    for (; i < pool.size(); ++i) {
      const auto [near, slot] = pool[i];
      const CodeHead head = Codes::head(codes_->at(slot));
      if (near - distance.error_bound(scratch.query, head, near) <= worst) slots.push_back(slot);
    }
    prefetch(slots, before, policy.rerank);
    for (size_t at = before; at < slots.size(); ++at) {
      check_cancelled_every<256>(at + 1);
      push(exact, slots[at], k, &links, hits);
    }
  }
  if (policy.evict)
    for (const uint32_t slot : slots) evict(vectors.locate(slot).row, vectors.row_bytes());
  keep_best(exact, k, hits);
  const auto compared = static_cast<uint32_t>(slots.size());
  return {compared, codes_ == nullptr || complete(exact, scratch, *hits)};
}

// Whether a walk by codes has missed hardly any hit.
bool Reranker::complete(const ExactValue& exact, Scratch& scratch,
                        const std::vector<Hit>& hits) const {
  const CandidatePool& pool = scratch.pool;
  if (pool.below_ef() || hits.empty()) return true;  // everything was reached
  const CodeDistance distance = CodeDistance::search(context_.metric);
  const auto exact_distance = [&](const Hit& hit) {
    return exact.ordered(hit.value) + (distance.is_cosine_distance() ? 1 : 0);
  };
  const CodeResolution resolution(*codes_, distance, scratch.query);
  const CodeResolution::Cutoff cutoff = resolution.cutoff(pool[pool.size() - 1]);
  // A walk among candidates that it cannot order has no direction.
  if (!cutoff.separates(pool[0].distance, pool[pool.within_ef() - 1].distance)) return false;
  if (cutoff.far_beyond(exact_distance(hits.back()))) return true;
  std::vector<uint32_t>& slots = scratch.slots;
  slots.clear();
  for (const Hit& hit : hits) slots.push_back(hit.slot);
  scratch.distances.resize(slots.size());
  CodeQueryDistance(*codes_, distance, scratch.query)
      .compute(slots.data(), static_cast<uint32_t>(slots.size()), scratch.distances.data());
  std::vector<CodeResolution::HitDistances> both;
  for (size_t i = 0; i < hits.size(); ++i)
    both.push_back({exact_distance(hits[i]), scratch.distances[i]});
  return cutoff.probably_beyond(both);
}

// A node and its duplicates, at most k of them together.
void Reranker::push(const ExactValue& exact, uint32_t node, uint32_t k, uint32_t* links,
                    std::vector<Hit>* hits) const {
  const Graph& graph = context_.graph;
  const double value = exact(context_.vectors.at(node).row);
  if (value != value) return;  // NaN, of a damaged vector, has no place in an order
  if (duplicates_ == Duplicates::kExcluded) {
    bool any_passes = passes(node);
    for (uint32_t twin = graph.next_duplicate(node); !any_passes && twin != kNone && *links > 0;
         twin = graph.next_duplicate(twin), --*links)
      any_passes = passes(twin);
    if (any_passes) hits->push_back({value, node});
    return;
  }
  const size_t most = hits->size() + k;
  if (passes(node)) hits->push_back({value, node});
  for (uint32_t twin = graph.next_duplicate(node);
       twin != kNone && hits->size() < most && *links > 0;
       twin = graph.next_duplicate(twin), --*links)
    if (passes(twin)) hits->push_back({value, twin});
}

}  // namespace vdb
