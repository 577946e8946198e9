// Exact search: every row in use is compared. The oracle of the index, and the index of small
// collections.
#pragma once

#include <cstdint>
#include <vector>

#include "blocks/vectors.h"
#include "distance/metric.h"
#include "search/hit.h"

namespace vdb {

// For each of `count` queries (one after the other) the k best hits, best first, equal values by
// slot. Rows that have no value under the metric (zero vectors under cosine) are left out. Rows are
// read once for many queries. `threads` share the queries.
std::vector<std::vector<Hit>> scan(const Vectors& vectors, Metric metric, const uint8_t* queries,
                                   uint32_t count, uint32_t k, uint32_t threads);

}  // namespace vdb
