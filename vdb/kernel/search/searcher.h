// Search through the graph: from a query to its k nearest vectors, approximately.
#pragma once

#include <cstdint>
#include <vector>

#include "blocks/vectors.h"
#include "distance/candidate.h"
#include "distance/query_distance.h"
#include "graph/scratch.h"
#include "search/hit.h"
#include "search/search_context.h"

namespace vdb {

// Threads: any number, a Scratch each.
class Searcher {
 public:
  explicit Searcher(const SearchContext& context) : context_(context) {}

  // At most k hits among the ef nearest candidates, best first, equal values by slot. Unless they
  // are excluded, duplicates of a hit are hits as well, even beyond ef.
  void search(const uint8_t* query, const SearchParameters& parameters, Scratch& scratch,
              std::vector<Hit>* hits, SearchStats* stats) const;

 private:
  struct EntryPoints {  // of the walk on level 0
    std::vector<uint32_t> slots;
    std::vector<Candidate> candidates;  // those whose distances are computed already
  };
  EntryPoints entry_points(const Item& query, QueryDistance& base, QueryDistance& above,
                           Scratch& scratch) const;
  EntryPoints entry_points_by_direction(const Item& query, QueryDistance& base,
                                        QueryDistance& above, Scratch& scratch) const;

  const SearchContext& context_;
};

}  // namespace vdb
