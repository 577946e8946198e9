// Exact search: every vector is compared with the query. The oracle of the index, the index of
// small collections, and the answer where a filter lets few slots pass.
#pragma once

#include <cstdint>
#include <vector>

#include "blocks/vectors.h"
#include "distance/metric.h"
#include "search/filter_set.h"
#include "search/hit.h"

namespace vdb {

// For each of `count` queries (one after the other) the k best hits, best first, equal values by
// slot; with `filter`, among its slots only. Rows that have no value under the metric (zero vectors
// under cosine) are left out. Rows are read once for many queries. `threads` share the queries.
// Throws Corrupted where a slot of the filter holds no vector.
std::vector<std::vector<Hit>> scan(const Vectors& vectors, Metric metric, const uint8_t* queries,
                                   uint32_t count, uint32_t k, uint32_t threads,
                                   const FilterSet* filter = nullptr);

}  // namespace vdb
