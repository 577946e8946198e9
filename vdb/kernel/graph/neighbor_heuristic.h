// The neighbour selection heuristic of HNSW: which candidates become links, and which links are
// dropped when a list is too long.
#pragma once

#include <cstdint>
#include <vector>

#include "distance/pair_distance.h"
#include "graph/candidate_pool.h"

namespace vdb {

class NeighborHeuristic {
 public:
  // Algorithm 4 of Malkov and Yashunin, arXiv 1603.09320, SELECT-NEIGHBORS-HEURISTIC: from
  // candidates sorted nearest first, selects at most `limit` that are diverse. A candidate is
  // occluded when one already selected is nearer to it than the owner is.
  void select_neighbors(PairDistance& build, const std::vector<Candidate>& candidates,
                        uint32_t limit, std::vector<Candidate>* selected);

  // Shrinks a list of links, sorted nearest first, to `limit` of them: `dropped` receives the
  // farthest that are occluded by any nearer one, then simply the farthest. Links in `fixed` stay:
  // REQUIRES fewer of them than `limit`.
  void shrink(PairDistance& build, const std::vector<Candidate>& links,
              const std::vector<bool>& fixed, uint32_t limit, std::vector<bool>* dropped);

 private:
  bool occluded(PairDistance& build, const Item& candidate, float distance, size_t by) const;

  std::vector<Item> items_;
};

}  // namespace vdb
