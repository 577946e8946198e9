// Which candidates become links: diverse ones first.
//
// The heuristic of Malkov and Yashunin, arXiv 1603.09320, algorithm 4: nearest first, a candidate
// is occluded when one already chosen is nearer to it than the owner is.
#pragma once

#include <cstdint>
#include <vector>

#include "metric.h"
#include "pool.h"
#include "vectors.h"

namespace vdb {

class Selector {
 public:
  Selector(const Vectors& vectors, const Distance& build) : vectors_(vectors), build_(build) {}

  // From candidates sorted nearest first, keeps at most `limit`, sorted. `fixed[i]` (or fixed ==
  // nullptr for none) marks candidates that must stay: REQUIRES fewer of them than `limit`.
  // Where diversity leaves fewer than `fill`, the nearest occluded ones make up the number.
  void select(const std::vector<Candidate>& candidates, const std::vector<bool>* fixed,
              uint32_t limit, uint32_t fill, std::vector<Candidate>* kept);

 private:
  bool occluded(const Item& candidate, float distance) const;

  const Vectors& vectors_;
  const Distance& build_;
  std::vector<Item> chosen_;
  std::vector<uint32_t> spare_;
};

}  // namespace vdb
