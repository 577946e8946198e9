// Statistics of a graph for reports, and the links of one slot. They do not check invariants (see
// verify.h), but every slot is bounds-checked and every walk ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "graph/graph.h"

namespace vdb {

// Called now and then with (done, total); may throw to stop.
using Tick = std::function<void(size_t, size_t)>;

struct LevelStatistics {
  uint32_t nodes = 0;
  // [d] = how many of the nodes have d links, or are the end of d links.
  std::vector<uint32_t> out_degrees, in_degrees;
};

struct GraphStatistics {
  uint32_t nodes = 0;
  uint32_t duplicates = 0;       // slots that hang off a node with the same vector
  uint32_t representatives = 0;  // nodes with duplicates
  uint32_t reached = 0;          // nodes and duplicates reached from the entry point along links
  std::vector<LevelStatistics> levels;  // level 0 first, up to the highest that has nodes
};

// Throws Corrupted for links and chains that lead out of bounds or in a ring.
GraphStatistics graph_statistics(const Graph& graph, uint32_t entry, const Tick& tick);

struct Neighborhood {
  uint32_t representative = kNone;           // the node that stands for the slot; often itself
  std::vector<uint32_t> duplicates;          // the other slots with that node's vector
  std::vector<std::vector<uint32_t>> links;  // of the node, level 0 first
};

// Throws Corrupted for a slot that has no place in the graph.
Neighborhood neighborhood(const Graph& graph, uint32_t slot);

}  // namespace vdb
