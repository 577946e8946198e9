// Insertion into the graph: batch-synchronous, parallel, deterministic.
//
// New nodes go in by sub-batches. Every node of a sub-batch searches the graph as it stood before
// it (in parallel, nothing is written) and looks at the earlier nodes of its own sub-batch; then
// links are grouped by the node that receives them and overfull lists are pruned (in parallel,
// every list by one thread). The graph depends on the data, their order, and the seed, never on the
// number of threads.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "blocks/vectors.h"
#include "distance/build_distance.h"
#include "distance/metric.h"
#include "graph/graph.h"
#include "graph/neighbor_heuristic.h"
#include "graph/scratch.h"
#include "graph/spanning_tree.h"

namespace vdb {

class Builder {
 public:
  // `entry` is the collection's entry point, kNone where the graph is empty; kept up to date.
  // With `codes`, which every vector has by now, candidates and links are chosen by them.
  Builder(const Vectors& vectors, const Codes* codes, Graph& graph, Metric metric,
          uint32_t ef_construction, uint32_t* entry);

  // How many nodes go in at once where there are `nodes` already.
  static size_t sub_batch_size(size_t nodes);

  // Called between sub-batches on the calling thread; may throw Stopped.
  using Tick = std::function<void(size_t done, size_t total)>;

  // Links `count` stored vectors into the graph, in this order. `nodes`: how many are in it. `far`:
  // each is also offered nodes of level 1 as neighbours, which lie farther off. A graph that only
  // grows has its long links from when it was small; where nodes come and go, these must be
  // renewed.
  void insert(const uint32_t* slots, size_t count, size_t nodes, uint32_t threads, bool far,
              const Tick& tick);

 private:
  struct NewNode {
    uint32_t slot;
    uint32_t level;
    uint32_t twin;  // slot of an equal vector that stands for it, or kNone
    bool exact;     // whether it is linked by vectors, because codes are blind around it
    std::vector<std::vector<Candidate>> found;   // by level, nearest first
    std::vector<Candidate> far;                  // more of level 0, from all around
    std::vector<std::vector<Candidate>> chosen;  // by level
    std::vector<uint32_t> offers;  // shorter nodes that might want a link (inner product)
  };
  struct Request {  // target, please link to from
    uint32_t level, target, from;
    bool offer;
  };
  struct Parting {  // a pruned list dropped a link: the other side drops it too
    uint32_t level, slot, other;
  };

  void sub_batch(const uint32_t* slots, uint32_t count, uint32_t threads);
  void find_twins(uint32_t count);
  struct Worker {  // what each thread has of its own
    Yardstick yardstick;
    Selector selector;
    ScratchLease scratch;
  };
  void look_around(NewNode& node, Worker& worker) const;
  void look_around_by(bool exact, NewNode& node, Worker& worker) const;
  void look_far(NewNode& node, const std::vector<uint32_t>& around, Scorer& scorer) const;
  void find_twin(NewNode& node) const;
  void look_beside(uint32_t index, Worker& worker);
  void look_beside_by(bool exact, uint32_t index, Worker& worker);
  void choose(NewNode& node, Worker& worker) const;
  void place(NewNode& node, PendingLinks& pending);
  void answer(const Request* first, const Request* last, Worker& worker,
              std::vector<Parting>* partings);
  bool wanted(const Request& request) const;
  void apply_requests(uint32_t threads);

  const Vectors& vectors_;
  const Codes* codes_;
  Graph& graph_;
  Metric metric_;
  BuildDistances build_;
  bool offers_;
  bool far_ = false;
  uint32_t ef_construction_;
  uint32_t* entry_;
  std::vector<NewNode> nodes_;
  std::vector<Request> requests_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace vdb
