// Search through the graph among the slots of a filter.
//
// Two-hop expansion after ACORN-1 (Patel et al., arXiv 2403.04871), chosen node by node by local
// selectivity as in NaviX (arXiv 2506.23397), with failing nodes as bridges where the walk would
// end too early (RACORN-1, arXiv 2607.00768). A node *passes* if its slot is in the filter; the
// others *fail*.
#pragma once

#include <cstdint>
#include <vector>

#include "distance/query_distance.h"
#include "graph/scratch.h"
#include "search/filter_set.h"
#include "search/hit.h"
#include "search/search_context.h"

namespace vdb {

// Threads: any number, a Scratch each.
class FilteredSearcher {
 public:
  FilteredSearcher(const SearchContext& context, const FilterSet& filter)
      : context_(context), graph_(context.graph), filter_(filter) {}

  // At most k hits of the filter among the nearest candidates (ef, k at least), best first, equal
  // values by slot. Sets stats->scan, and leaves no hits, where the walk came to fewer than
  // min(k, filter.count()), compared as many vectors as pass, or would have begun far from few of
  // them: an exact scan is due. Where duplicates are excluded, any hits of a finished walk will do.
  void search(const uint8_t* query, const SearchParameters& parameters, Scratch& scratch,
              std::vector<Hit>* hits, SearchStats* stats) const;

 private:
  struct Walk;
  bool passes(uint32_t slot, Walk& walk) const {
    return filter_.has(slot) || passing_duplicate(slot, walk);
  }
  bool passing_duplicate(uint32_t slot, Walk& walk) const;
  uint32_t node_of(uint32_t slot) const;
  void probe(uint32_t start, Walk& walk) const;
  void begin(Walk& walk) const;
  void expand(uint32_t node, Walk& walk) const;
  void scan_failing(uint32_t node, Walk& walk) const;
  bool bridge(Walk& walk) const;
  bool walk(QueryDistance& above, uint32_t k, Walk& walk) const;
  bool nowhere(uint32_t k, Walk& walk) const;
  void compare_unlinked(Walk& walk) const;

  const SearchContext& context_;
  const Graph& graph_;
  const FilterSet& filter_;
};

}  // namespace vdb
