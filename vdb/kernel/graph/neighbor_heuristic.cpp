#include "graph/neighbor_heuristic.h"

namespace vdb {
namespace {

constexpr size_t kAhead = 2;  // candidates prefetched before they are compared

}  // namespace

// By one of the first `by` of items_.
bool NeighborHeuristic::occluded(PairDistance& build, const Item& candidate, float distance,
                                 size_t by) const {
  size_t i = 0;
  if (by > 0) build.set_from(candidate);
  for (; i + 4 <= by; i += 4) {
    float d[4];
    build.four(items_.data() + i, d);
    if (d[0] < distance || d[1] < distance || d[2] < distance || d[3] < distance) return true;
  }
  for (; i < by; ++i)
    if (build.one(items_[i]) < distance) return true;
  return false;
}

void NeighborHeuristic::select_neighbors(PairDistance& build,
                                         const std::vector<Candidate>& candidates, uint32_t limit,
                                         std::vector<Candidate>* selected) {
  selected->clear();
  items_.clear();
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (selected->size() == limit) return;
    if (i + kAhead < candidates.size()) build.prefetch(candidates[i + kAhead].slot);
    const Candidate& candidate = candidates[i];
    const Item item = build.at(candidate.slot);
    if (occluded(build, item, candidate.distance, items_.size())) continue;
    selected->push_back(candidate);
    items_.push_back(item);
  }
}

void NeighborHeuristic::shrink(PairDistance& build, const std::vector<Candidate>& links,
                               const std::vector<bool>& fixed, uint32_t limit,
                               std::vector<bool>* dropped) {
  items_.clear();
  for (const Candidate& link : links) items_.push_back(build.at(link.slot));
  dropped->assign(links.size(), false);
  size_t surplus = links.size() > limit ? links.size() - limit : 0;
  for (const bool any : {false, true})
    for (size_t i = links.size(); i-- > 0 && surplus > 0;)
      if (!fixed[i] && !(*dropped)[i] &&
          (any || occluded(build, items_[i], links[i].distance, i))) {
        (*dropped)[i] = true;
        --surplus;
      }
}

}  // namespace vdb
