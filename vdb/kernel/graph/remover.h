// Taking nodes out of the graph: unlinked from every list, with the gap repaired at once.
//
// Links are mutual, so a node's own lists name everybody who must forget it; nothing else is read.
// Its former neighbours are linked with each other until all that it held together is held together
// again, by the shortest links; then those who gained none gain a link to a near one. On level 0
// the pieces of the spanning tree are joined first.
#pragma once

#include <cstdint>
#include <vector>

#include "blocks/vectors.h"
#include "distance/metric.h"
#include "graph/graph.h"

namespace vdb {

class Remover {
 public:
  // `entry` is kept up to date: kNone once the graph is empty.
  Remover(const Vectors& vectors, Graph& graph, Metric metric, uint32_t* entry)
      : vectors_(vectors), graph_(graph), build_(metric, vectors.shape()), entry_(entry) {}

  // Forgets one slot: a node, a duplicate, or a node with duplicates (the first of them takes its
  // place). The slot's own vector is not looked at. A neighbour whose vector is no longer the one
  // it was linked for should be removed next: until then it may be given links that nobody would
  // choose.
  void remove(uint32_t slot);

 private:
  std::vector<uint32_t> detach(uint32_t level, uint32_t slot);
  bool link(uint32_t level, uint32_t a, uint32_t b);
  void reconnect(uint32_t level, const std::vector<uint32_t>& neighbours);
  void promote(uint32_t slot, uint32_t heir);
  void choose_entry(const std::vector<std::vector<uint32_t>>& neighbours);

  const Vectors& vectors_;
  Graph& graph_;
  BuildDistances build_;
  uint32_t* entry_;
};

}  // namespace vdb
