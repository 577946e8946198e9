// Taking nodes out of the graph: unlinked from every list, with the gap repaired at once.
//
// Links are mutual, so a node's own lists name every list that it stands in; nothing else is read.
// Its former neighbours are linked with each other, by the shortest links, until they are connected
// again; then each that got no link gets one to a near one. On level 0 the parts of the spanning
// tree are joined first.
#pragma once

#include <cstdint>
#include <vector>

#include "blocks/vectors.h"
#include "distance/distance.h"
#include "graph/graph.h"

namespace vdb {

class Remover {
 public:
  // `entry` is kept up to date: kNone once the graph is empty.
  Remover(const Vectors& vectors, Graph& graph, Metric metric, uint32_t* entry)
      : vectors_(vectors), graph_(graph), build_(metric, vectors.shape()), entry_(entry) {}

  // Removes one slot: a node, a duplicate, or a node with duplicates (the first of them takes its
  // place). The slot's own vector is not read. A neighbour whose vector has changed since it was
  // linked should be removed next: until then it may get links that no longer suit it.
  void remove(uint32_t slot);

 private:
  std::vector<uint32_t> detach(uint32_t level, uint32_t slot);
  bool link(uint32_t level, uint32_t a, uint32_t b);
  void reconnect(uint32_t level, const std::vector<uint32_t>& neighbors);
  void promote(uint32_t slot, uint32_t heir);
  void choose_entry(const std::vector<std::vector<uint32_t>>& neighbors);

  const Vectors& vectors_;
  Graph& graph_;
  LevelDistances build_;
  uint32_t* entry_;
};

}  // namespace vdb
