// The spanning tree inside level 0, which makes every node reachable by construction.
//
// A new node hangs on a near node with room for one more tree link; when a node goes, the pieces it
// held together are joined again before anything else happens.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "blocks/vectors.h"
#include "distance/distance.h"
#include "graph/graph.h"

namespace vdb {

// Tree links of a sub-batch that are not in the lists of their parents yet.
class PendingLinks {
 public:
  void add(uint32_t parent, uint32_t child) { children_[parent].push_back(child); }
  const std::vector<uint32_t>& of(uint32_t slot) const {
    static const std::vector<uint32_t> none;
    const auto found = children_.find(slot);
    return found == children_.end() ? none : found->second;
  }

 private:
  std::unordered_map<uint32_t, std::vector<uint32_t>> children_;
};

// Whether a node can take one more tree link.
bool has_room(const Graph& graph, uint32_t slot, const PendingLinks& pending);

// The first node, breadth first along tree links from `start`, that has room for a tree link.
// A tree always has one: its leaves.
uint32_t attach_point(const Graph& graph, uint32_t start, const PendingLinks& pending);

// Makes a and b tree neighbours. Where a list is full, its farthest link outside the tree goes.
void tie(const Vectors& vectors, Graph& graph, const Distance& build, uint32_t a, uint32_t b);

// Joins the trees that each of `pieces` belongs to (pairwise different trees) into one, by the
// shortest links among the pieces themselves as far as tree capacity allows.
void join(const Vectors& vectors, Graph& graph, const Distance& build,
          const std::vector<uint32_t>& pieces);

}  // namespace vdb
