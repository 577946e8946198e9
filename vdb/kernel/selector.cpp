#include "selector.h"

#include <algorithm>

namespace vdb {

bool Selector::occluded(const Item& candidate, float distance) const {
  size_t i = 0;
  for (; i + 4 <= chosen_.size(); i += 4) {
    float d[4];
    build_.four(candidate, chosen_.data() + i, d);
    if (d[0] < distance || d[1] < distance || d[2] < distance || d[3] < distance) return true;
  }
  for (; i < chosen_.size(); ++i)
    if (build_.one(candidate, chosen_[i]) < distance) return true;
  return false;
}

void Selector::select(const std::vector<Candidate>& candidates, const std::vector<bool>* fixed,
                      uint32_t limit, uint32_t fill, std::vector<Candidate>* kept) {
  kept->clear();
  chosen_.clear();
  spare_.clear();
  uint32_t room = limit;
  if (fixed != nullptr)
    room -= static_cast<uint32_t>(std::count(fixed->begin(), fixed->end(), true));
  for (uint32_t i = 0; i < candidates.size(); ++i) {
    const bool must = fixed != nullptr && (*fixed)[i];
    if (!must && room == 0) continue;
    const Item item = vectors_.at(candidates[i].slot);
    if (!must && occluded(item, candidates[i].distance)) {
      spare_.push_back(i);
      continue;
    }
    if (!must) --room;
    kept->push_back(candidates[i]);
    chosen_.push_back(item);
  }
  if (kept->size() < fill && room > 0) {
    for (size_t i = 0; i < spare_.size() && kept->size() < fill && room > 0; ++i, --room)
      kept->push_back(candidates[spare_[i]]);
    std::sort(kept->begin(), kept->end());
  }
}

}  // namespace vdb
