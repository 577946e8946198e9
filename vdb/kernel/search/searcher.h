// From queries to hits: walks through the graph, and the exact values of what they find.
#pragma once

#include <cstdint>
#include <vector>

#include "blocks/codes.h"
#include "blocks/vectors.h"
#include "distance/metric.h"
#include "distance/query_distance.h"
#include "graph/graph.h"
#include "graph/scratch.h"
#include "graph/search_layer.h"
#include "memory/residency.h"
#include "search/reranker.h"

namespace vdb {

// Answers queries on one collection at one moment. Threads: any number, a Scratch each.
class Searcher {
 public:
  // `starts`: what to look at besides the entry point: the longest vectors, for inner product, and
  // vectors that are not linked yet. With `codes` the walk goes by them, and only the last
  // candidates are compared by their vectors.
  Searcher(const Vectors& vectors, const Graph& graph, Metric metric, uint32_t entry,
           const std::vector<uint32_t>& starts, const Codes* codes = nullptr,
           Copies copies = Copies::kFound)
      : vectors_(vectors),
        graph_(graph),
        metric_(metric),
        entry_(entry),
        starts_(starts),
        codes_(codes),
        copies_(copies) {}

  // At most k hits among the ef candidates kept, best first, equal values by slot. Duplicates of a
  // found node are found too, beyond ef as well, unless they are left out. `reads` receives what
  // was read from the disk, where `care` asks for anything; a look takes calls of the system.
  void search(const uint8_t* query, uint32_t k, uint32_t ef, const Care& care, Scratch& scratch,
              std::vector<Hit>* hits, Reads* reads) const;

 private:
  struct Starts {  // of the walk on level 0
    std::vector<uint32_t> slots;
    std::vector<Candidate> known;
  };
  Starts begin(const Item& query, Scorer& scorer, Scorer& above, Scratch& scratch) const;
  Starts begin_by_direction(const Item& query, Scorer& scorer, Scorer& above,
                            Scratch& scratch) const;

  const Vectors& vectors_;
  const Graph& graph_;
  Metric metric_;
  uint32_t entry_;
  const std::vector<uint32_t>& starts_;
  const Codes* codes_;
  Copies copies_;
};

}  // namespace vdb
