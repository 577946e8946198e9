// The best documents of one segment for a query.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "text/deleted.h"
#include "text/family_scores.h"
#include "text/posting_cursor.h"
#include "text/query.h"
#include "text/scorer.h"
#include "text/segment.h"
#include "text/top_hits.h"

namespace vdb {

// The slots that pass a filter, a bit a slot; slots behind the end do not pass.
struct SlotMask {
  const uint8_t* bits = nullptr;
  size_t size = 0;  // bytes

  bool has(uint32_t slot) const {
    return slot / 8 < size && (bits[slot / 8] >> (slot % 8) & 1) != 0;
  }
};

struct SegmentQuery {
  const TextSegment* segment;
  DeletedDocuments deleted;
  const Scorer* scorer;
  const std::vector<WeightedClause>* clauses;
  // Clauses by their numbers in the order of the query, repeated ones as often as they count.
  const std::vector<uint32_t>* order;
  // Where each clause matches in this segment; null for nowhere.
  std::vector<std::unique_ptr<PostingCursor>> cursors;
  TextOperator all = TextOperator::kOr;
  bool prune = true;
  const SlotMask* mask = nullptr;
  uint64_t passing = 0;  // bits set in the mask
};

// Offers every document that could stay. The hits are the same with and without `prune`.
void search_segment(SegmentQuery& query, TopHits* hits);

}  // namespace vdb
