// The links of existing nodes back to the new nodes of a sub-batch.
//
// Requests are grouped by the node that receives the link. A list that becomes too long is shrunk,
// and a link that it drops is erased on the other side too. Lists are changed in parallel, each by
// one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "blocks/vectors.h"
#include "distance/build_distance.h"
#include "distance/distance.h"
#include "graph/graph.h"
#include "graph/neighbor_heuristic.h"
#include "graph/scratch.h"

namespace vdb {

// The objects of one thread that builds.
struct BuildWorker {
  BuildDistance distance;
  NeighborHeuristic heuristic;
  ScratchLease scratch;
};

class BackLinks {
 public:
  using Workers = std::vector<std::unique_ptr<BuildWorker>>;

  BackLinks(const Vectors& vectors, Graph& graph, Metric metric)
      : vectors_(vectors), graph_(graph), build_(metric, vectors.shape()) {}

  void clear() {
    requests_.clear();
    has_offers_ = false;
  }
  // `target` links back to `from`, which carries the tree bit where the link is one of the tree.
  void request(uint32_t level, uint32_t target, uint32_t from) {
    requests_.push_back({level, target, from, false});
  }
  // On level 0 `target` and `from` become neighbours if the list of `target` has nothing better:
  // inner product, where a new node is offered to shorter ones.
  void offer(uint32_t target, uint32_t from) {
    requests_.push_back({0, target, from, true});
    has_offers_ = true;
  }
  // Writes the links of all requests. Depends on their order, not on the number of threads.
  void apply(uint32_t threads, const Workers& workers);

 private:
  struct Request {
    uint32_t level, target, from;
    bool offer;
  };
  struct DroppedLink {
    uint32_t level, slot, other;
  };
  bool accepts_offer(const Request& request) const;
  void link_back(const Request* first, const Request* last, BuildWorker& worker,
                 std::vector<DroppedLink>* dropped);

  const Vectors& vectors_;
  Graph& graph_;
  LevelDistances build_;
  std::vector<Request> requests_;
  bool has_offers_ = false;
};

}  // namespace vdb
