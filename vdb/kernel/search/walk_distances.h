// The distances of a query that a walk uses: of codes where the collection has them, and of vectors
// where it has none or where codes are too coarse around the query.
#pragma once

#include <cstdint>

#include "distance/code_distance.h"
#include "distance/query_distance.h"
#include "graph/scratch.h"
#include "search/search_context.h"

namespace vdb {

// Calls walk(codes, base, above), with the distances on level 0 and on the levels above it: first
// by codes; by vectors, with codes == nullptr, where there are none or where that call returned
// false. `ahead`: see VectorQueryDistance; on level 0.
template <typename Walk>
void with_walk_distances(const SearchContext& context, const Item& query, uint32_t ahead,
                         bool from_disk, Scratch& scratch, const Walk& walk) {
  const Metric metric = context.metric;
  if (context.codes != nullptr) {
    const Codes& codes = *context.codes;
    scratch.query.set(codes.shape(), reinterpret_cast<const float*>(query.row));
    CodeQueryDistance base(codes, CodeDistance::search(metric), scratch.query, from_disk);
    CodeQueryDistance above(codes, CodeDistance::search_above(metric), scratch.query, from_disk);
    if (walk(&codes, base, above)) return;
  }
  const Vectors& vectors = context.vectors;
  constexpr uint32_t kAheadAbove = 4;
  VectorQueryDistance base(vectors, Distance::search(metric, vectors.shape()), query, ahead,
                           from_disk);
  VectorQueryDistance above(vectors, Distance::search_above(metric, vectors.shape()), query,
                            kAheadAbove, from_disk);
  walk(nullptr, base, above);
}

}  // namespace vdb
