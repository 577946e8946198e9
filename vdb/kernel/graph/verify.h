// Verification of a collection, row by row. Never stops at the first problem, never writes.
#pragma once

#include <cstdint>
#include <vector>

#include "blocks/codes.h"
#include "blocks/vectors.h"
#include "distance/metric.h"
#include "graph/findings.h"
#include "graph/graph.h"

namespace vdb {

// What a header says of the slots without a vector.
struct EmptySlots {
  uint32_t free_head, free_count;  // the list of free ones
  uint32_t bare;                   // how many belong to records
};

// Blocks that cannot be read are findings too, and every row in them counts as unknown.
// Norms: each recomputed; live rows finite (not zero for cosine, of length 1 for dot). Free list:
// every free slot once. Bare slots: rows of zeros, as many as counted. `live` receives the
// SlotState of every slot.
void verify_vectors(const Vectors& vectors, Metric metric, const EmptySlots& empty,
                    std::vector<uint8_t>* live, std::vector<Finding>* findings);

// Codes: every live slot has the code that its vector is encoded as, every other slot none.
void verify_codes(const Codes& codes, const Vectors& vectors, const std::vector<uint8_t>& live,
                  std::vector<Finding>* findings);

// Graph: every invariant of graph.h, that every live slot is reached from the entry point or is one
// of the `unlinked`, and that the longest vectors named are nodes.
void verify_graph(const Graph& graph, const Vectors& vectors, uint32_t entry,
                  const std::vector<uint32_t>& longest, const std::vector<uint32_t>& unlinked,
                  const std::vector<uint8_t>& live, std::vector<Finding>* findings);

}  // namespace vdb
