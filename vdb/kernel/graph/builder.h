// Insertion into the graph: batch-synchronous, parallel, deterministic.
//
// New nodes go in by sub-batches. Every node of a sub-batch searches the graph as it stood before
// the sub-batch (in parallel, nothing is written), and is compared with the earlier nodes of its
// own sub-batch. Then its links are selected, and its neighbours link back to it (see
// back_links.h). The graph depends on the data, their order, and the seed, never on the number of
// threads.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "blocks/codes.h"
#include "blocks/vectors.h"
#include "distance/distance.h"
#include "graph/back_links.h"
#include "graph/graph.h"
#include "graph/spanning_tree.h"

namespace vdb {

class Builder {
 public:
  // `entry` is the collection's entry point, kNone where the graph is empty; it is kept up to date.
  // With `codes`, which every vector has by now, candidates and links are selected by them.
  Builder(const Vectors& vectors, const Codes* codes, Graph& graph, Metric metric,
          uint32_t ef_construction, uint32_t* entry);

  // How many nodes go in at once where there are `nodes` already.
  static size_t sub_batch_size(size_t nodes);

  // Called between sub-batches on the calling thread; may throw Stopped.
  using Tick = std::function<void(size_t done, size_t total)>;

  // Links `count` stored vectors into the graph, in this order. `nodes`: how many are in it.
  // `offer_long_links`: each is also offered the nearest nodes of level 1 as neighbours on level 0,
  // which lie farther off. A graph that only grows has its long links from when it was small; where
  // nodes come and go, long links must be renewed.
  void insert(const uint32_t* slots, size_t count, size_t nodes, uint32_t threads,
              bool offer_long_links, const Tick& tick);

 private:
  struct NewNode {
    uint32_t slot;
    uint32_t level;
    uint32_t duplicate_of;  // slot of an equal vector that stands for it, or kNone
    bool exact;  // whether it is linked by vectors, because codes are too coarse around it
    std::vector<std::vector<Candidate>> candidates;  // by level, nearest first
    std::vector<Candidate> long_candidates;          // nodes of level 1, for long links on level 0
    std::vector<std::vector<Candidate>> selected;    // by level
    std::vector<uint32_t> offers;  // shorter nodes it is offered to (inner product)
  };

  void insert_sub_batch(const uint32_t* slots, uint32_t count, uint32_t threads);
  void find_duplicates_in_batch(uint32_t count);
  void find_candidates(NewNode& node, BuildWorker& worker) const;
  void find_candidates_by(bool exact, NewNode& node, BuildWorker& worker) const;
  void find_long_candidates(NewNode& node, const std::vector<uint32_t>& around,
                            QueryDistance& distance) const;
  void find_duplicate(NewNode& node) const;
  void find_candidates_in_batch(uint32_t index, BuildWorker& worker);
  void find_candidates_in_batch_by(bool exact, uint32_t index, BuildWorker& worker);
  void select_links(NewNode& node, BuildWorker& worker) const;
  void insert_node(NewNode& node, PendingLinks& pending);

  const Vectors& vectors_;
  const Codes* codes_;
  Graph& graph_;
  Metric metric_;
  LevelDistances build_;
  bool offers_;  // whether new nodes are offered to shorter ones
  BackLinks back_links_;
  bool offer_long_links_ = false;
  uint32_t ef_construction_;
  uint32_t* entry_;
  std::vector<NewNode> nodes_;
  BackLinks::Workers workers_;
};

}  // namespace vdb
