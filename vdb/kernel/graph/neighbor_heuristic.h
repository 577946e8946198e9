// Which candidates become links, and which links go when a list is too long.
#pragma once

#include <cstdint>
#include <vector>

#include "distance/pair_distance.h"
#include "graph/candidate_pool.h"

namespace vdb {

class Selector {
 public:
  // From candidates sorted nearest first, chooses at most `limit` that are diverse: a candidate is
  // occluded when one already chosen is nearer to it than the owner is. The heuristic of Malkov and
  // Yashunin, arXiv 1603.09320, algorithm 4.
  void choose(Comparer& build, const std::vector<Candidate>& candidates, uint32_t limit,
              std::vector<Candidate>* chosen);

  // Marks which links of a list, sorted nearest first, go so that `limit` remain: the farthest that
  // are occluded by any nearer one, then simply the farthest. Those marked in `fixed` stay:
  // REQUIRES fewer of them than `limit`.
  void thin(Comparer& build, const std::vector<Candidate>& links, const std::vector<bool>& fixed,
            uint32_t limit, std::vector<bool>* dropped);

 private:
  bool occluded(Comparer& build, const Item& candidate, float distance, size_t by) const;

  std::vector<Item> items_;
};

}  // namespace vdb
