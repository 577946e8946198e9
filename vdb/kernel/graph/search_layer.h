// The two walks of an HNSW graph (hierarchical navigable small worlds: Malkov and Yashunin, arXiv
// 1603.09320): greedy down the upper levels, with a pool of candidates on one level.
#pragma once

#include <cstdint>
#include <vector>

#include "distance/candidate.h"
#include "distance/query_distance.h"
#include "graph/graph.h"
#include "graph/scratch.h"

namespace vdb {

// The nearest node that greedy steps reach from `start`, from `level` down to (not including)
// `stop`: algorithm 2 with ef = 1 on each level, as in lines 4 to 7 of algorithm 5.
uint32_t greedy_descend(const Graph& graph, QueryDistance& distance, uint32_t start, uint32_t level,
                        uint32_t stop, Scratch& scratch);

// Algorithm 2, SEARCH-LAYER: scratch.pool receives the ef nearest nodes found on one level (or the
// `kept` nearest, where that is more; only ef are expanded), from `starts` and from `candidates`,
// whose distances are known. Every node is visited once at most, so that it ends whatever the links
// are.
void search_layer(const Graph& graph, uint32_t level, QueryDistance& distance,
                  const std::vector<uint32_t>& starts, uint32_t ef, Scratch& scratch,
                  const std::vector<Candidate>& candidates = {}, uint32_t kept = 0);

// Offers these slots, to which no link leads, to scratch.pool: after a walk, because before it they
// could take the places of the nodes that lead on. None of them is in the pool.
void offer_slots(QueryDistance& distance, const std::vector<uint32_t>& slots, Scratch& scratch);

}  // namespace vdb
