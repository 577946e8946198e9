// Reranking: the candidates of a walk, ordered by the exact values of their vectors, become hits.
#pragma once

#include <cstdint>
#include <vector>

#include "distance/exact_value.h"
#include "graph/scratch.h"
#include "search/filter_set.h"
#include "search/hit.h"
#include "search/search_context.h"

namespace vdb {

struct RerankResult {
  uint32_t compared;  // vectors
  bool complete;      // false where codes are too coarse: the walk by them may have missed hits
};

// Threads: any number, a Scratch each.
class Reranker {
 public:
  // With `codes`, candidates are in order of their codes, and `scratch.query` is the query's code.
  // With `filter`, only its slots become hits.
  Reranker(const SearchContext& context, const Codes* codes, const FilterSet* filter,
           Duplicates duplicates)
      : context_(context), codes_(codes), filter_(filter), duplicates_(duplicates) {}

  // The k best of `scratch.pool`, best first, equal values by slot. Candidates that the order of
  // codes puts behind the k-th are compared too where the error of their codes may be that large.
  // Each node brings up to k duplicates, the last one too: by its exact value it may be nearer than
  // those before it. Where duplicates are excluded, a node is a hit if it or one of them passes the
  // filter.
  RerankResult rerank(const uint8_t* query, uint32_t k, const PrefetchPolicy& policy,
                      Scratch& scratch, std::vector<Hit>* hits) const;

 private:
  void prefetch(const std::vector<uint32_t>& slots, size_t from, bool from_disk) const;
  void push(const ExactValue& exact, uint32_t node, uint32_t k, uint32_t* links,
            std::vector<Hit>* hits) const;
  bool complete(const ExactValue& exact, Scratch& scratch, const std::vector<Hit>& hits) const;
  bool passes(uint32_t slot) const { return filter_ == nullptr || filter_->has(slot); }

  const SearchContext& context_;
  const Codes* codes_;
  const FilterSet* filter_;
  Duplicates duplicates_;
};

}  // namespace vdb
