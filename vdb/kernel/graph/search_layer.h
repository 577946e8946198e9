// The walk through the graph: greedy down the upper levels, a beam on one level.
//
// Hierarchical navigable small worlds: Malkov and Yashunin, arXiv 1603.09320, algorithms 2 and 5.
#pragma once

#include <cstdint>
#include <vector>

#include "distance/query_distance.h"
#include "graph/graph.h"
#include "graph/scratch.h"

namespace vdb {

// The nearest node that greedy steps reach from `start`, from `level` down to (not including)
// `stop`.
uint32_t descend(const Graph& graph, Scorer& scorer, uint32_t start, uint32_t level, uint32_t stop,
                 Scratch& scratch);

// Fills scratch.pool with the ef nearest nodes found on one level, or with the `kept` nearest where
// that is more, walking from `starts` and from `known`, nodes whose distances have been computed
// already. Every node is visited once at most, so
// the walk ends whatever the links say.
void beam(const Graph& graph, uint32_t level, Scorer& scorer, const std::vector<uint32_t>& starts,
          uint32_t ef, Scratch& scratch, const std::vector<Candidate>& known = {},
          uint32_t kept = 0);

}  // namespace vdb
