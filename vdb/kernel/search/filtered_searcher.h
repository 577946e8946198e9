// The walk through the graph among some of the slots only.
//
// Two-hop expansion after ACORN-1 (Patel et al., arXiv 2403.04871), chosen node by node by local
// selectivity as in NaviX (arXiv 2506.23397), with failing nodes as bridges where the walk would
// end too early (RACORN-1, arXiv 2607.00768).
#pragma once

#include <cstdint>
#include <vector>

#include "blocks/codes.h"
#include "blocks/vectors.h"
#include "distance/metric.h"
#include "distance/query_distance.h"
#include "graph/graph.h"
#include "graph/scratch.h"
#include "memory/residency.h"
#include "search/filter_set.h"
#include "search/reranker.h"

namespace vdb {

// Answers queries on one collection at one moment. Threads: any number, a Scratch each.
class FilteredSearcher {
 public:
  // `starts` and `codes` as for Searcher.
  FilteredSearcher(const Vectors& vectors, const Graph& graph, Metric metric, uint32_t entry,
                   const std::vector<uint32_t>& starts, const Codes* codes, const Allowed& allowed,
                   Copies copies = Copies::kFound)
      : vectors_(vectors),
        graph_(graph),
        metric_(metric),
        entry_(entry),
        starts_(starts),
        codes_(codes),
        allowed_(allowed),
        copies_(copies) {}

  // At most k allowed hits among the candidates kept (ef, k at least), best first, equal values by
  // slot; how many vectors were compared, failing ones too, is added to `compared`. False, with no
  // hits, where the walk found fewer than min(k, allowed), had compared as many vectors as are
  // allowed, or would have begun far from few of them: an exact scan is due. Where copies are left
  // out it is enough that the walk went to its end. `reads` as for Searcher.
  bool search(const uint8_t* query, uint32_t k, uint32_t ef, const Care& care, Scratch& scratch,
              std::vector<Hit>* hits, Reads* reads, uint64_t* compared) const;

 private:
  struct Walk;
  bool passes(uint32_t slot, Walk& walk) const {
    return allowed_.has(slot) || passing_duplicate(slot, walk);
  }
  bool passing_duplicate(uint32_t slot, Walk& walk) const;
  uint32_t node_of(uint32_t slot) const;
  void survey(uint32_t start, Walk& walk) const;
  void begin(Walk& walk) const;
  void expand(uint32_t node, Walk& walk) const;
  void scan_failing(uint32_t node, Walk& walk) const;
  bool bridge(Walk& walk) const;
  bool walk(uint32_t start, uint32_t k, Walk& walk) const;

  const Vectors& vectors_;
  const Graph& graph_;
  Metric metric_;
  uint32_t entry_;
  const std::vector<uint32_t>& starts_;
  const Codes* codes_;
  const Allowed& allowed_;
  Copies copies_;
};

}  // namespace vdb
