// Search among some of the slots only: exactly, by comparing each of them.
#pragma once

#include <cstdint>
#include <vector>

#include "blocks/vectors.h"
#include "distance/metric.h"
#include "search/filter_set.h"
#include "search/hit.h"

namespace vdb {

// For each of `count` queries (one after the other) the k best hits among the allowed slots, best
// first, equal values by slot. Rows are read once for many queries. `threads` share the queries.
// Throws Corrupted for a slot that holds no vector.
std::vector<std::vector<Hit>> scan_allowed(const Vectors& vectors, Metric metric,
                                           const uint8_t* queries, uint32_t count,
                                           const Allowed& allowed, uint32_t k, uint32_t threads);

}  // namespace vdb
