// Search among some of the slots only: exactly, by comparing each of them.
#pragma once

#include <cstdint>
#include <vector>

#include "metric.h"
#include "searcher.h"
#include "vectors.h"

namespace vdb {

// For each of `count` queries (one after the other) the k best hits among `slots`, best first,
// equal values by slot. Rows are read once for many queries. `threads` share the queries. Throws
// Corrupted for a slot that is out of bounds or holds no vector.
std::vector<std::vector<Hit>> scan_slots(const Vectors& vectors, Metric metric,
                                         const uint8_t* queries, uint32_t count,
                                         const uint32_t* slots, size_t slot_count, uint32_t k,
                                         uint32_t threads);

}  // namespace vdb
