// All records of one exact value: the ones to choose from where the k-th hit has the same value as
// others behind it.
#pragma once

#include <cstdint>
#include <vector>

#include "blocks/vectors.h"
#include "distance/metric.h"
#include "search/filter_set.h"

namespace vdb {

// For each of `count` queries (one after the other) the slots whose value is values[i], rising;
// with `filter`, among those only. `threads` share the queries.
std::vector<std::vector<uint32_t>> ties(const Vectors& vectors, Metric metric,
                                        const uint8_t* queries, const double* values,
                                        uint32_t count, const FilterSet* filter, uint32_t threads);

}  // namespace vdb
