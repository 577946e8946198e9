// A clause that matches in a segment, and what bounds its scores there.
#pragma once

#include <cstdint>

#include "text/family_scores.h"
#include "text/posting_cursor.h"

namespace vdb {

struct Matcher {
  PostingCursor* cursor = nullptr;
  WeightedClause clause;
  uint32_t number = 0;  // of the clause
  uint32_t count = 0;   // how often it stands in the sum
  // Bounds, times `count`.
  double all_bound = 0;
  double bound = 0;  // of the block of that number
  uint32_t bounded = UINT32_MAX;
  double super_bound = 0;  // of the superblock that ends there
  uint32_t super_bounded = UINT32_MAX;
};

}  // namespace vdb
