// One collection at one moment, ready to be searched: its tables, its parameters, its entry point.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "blocks/block_table.h"
#include "blocks/codes.h"
#include "blocks/vectors.h"
#include "distance/metric.h"
#include "graph/graph.h"
#include "graph/statistics.h"
#include "graph/verify.h"
#include "search/filter_set.h"
#include "search/hit.h"
#include "search/search_context.h"

namespace vdb {

struct IndexState {
  Metric metric;
  RowShape shape;
  uint32_t M;                // 0 where there is no graph (flat)
  uint32_t ef_construction;  // candidates kept while building
  uint64_t seed;
  uint32_t slots;                 // high-water mark: every slot in use is below it
  uint32_t entry;                 // kNone where the graph is empty
  std::vector<uint32_t> longest;  // slots of the longest vectors, longest first; of inner product
  // Slots of stored vectors that are not linked yet; every search compares all of them.
  std::vector<uint32_t> unlinked = {};
  CodeKind codes = CodeKind::kNoCodes;
};

struct NormStats {
  uint64_t count;
  double min, max, mean;
};

// Threads: const functions may run on any number of threads at once, each call with its own Source.
class Index {
 public:
  // `links` has a table for every level that M allows, or none for a flat index.
  // Throws std::invalid_argument where tables and parameters do not belong together.
  Index(IndexState state, std::shared_ptr<BlockTable> vectors,
        std::vector<std::shared_ptr<BlockTable>> links,
        std::shared_ptr<BlockTable> codes = nullptr);

  const IndexState& state() const { return state_; }
  bool has_codes() const { return codes_ != nullptr; }
  bool has_graph() const { return !links_.empty(); }
  std::vector<const BlockTable*> tables() const;  // vectors, links by level, codes

  using Hits = std::vector<std::vector<Hit>>;  // by query, best first, equal values by slot
  struct SearchResults {
    Hits hits;
    std::vector<SearchStats> stats;  // by query
  };
  // Through the graph, for `count` queries, one after the other; with `filter`, among its slots
  // only. Queries for which a filtered walk does not do are scanned instead (stats[i].scan); where
  // duplicates are excluded they are left without hits. The prefetch policy is the index's own.
  SearchResults search(Source& source, const uint8_t* queries, uint32_t count,
                       SearchParameters parameters, uint32_t threads,
                       const FilterSet* filter = nullptr) const;
  // The same, exactly, by comparing every vector, or every one of the filter; under another metric
  // than the index's own where one is given: rows and norms serve all of them.
  Hits scan(Source& source, const uint8_t* queries, uint32_t count, uint32_t k, uint32_t threads,
            const FilterSet* filter = nullptr, std::optional<Metric> metric = std::nullopt) const;

  // Each of these nodes, followed by its duplicates, `most` slots together.
  std::vector<std::vector<uint32_t>> duplicates(Source& source, const std::vector<uint32_t>& nodes,
                                                uint32_t most) const;
  // For each query the slots whose value is values[i]; see ties.h.
  std::vector<std::vector<uint32_t>> ties(Source& source, const uint8_t* queries,
                                          const double* values, uint32_t count,
                                          const FilterSet* filter, uint32_t threads) const;

  // The slots on the free list, in its order; throws Corrupted where it is not `free_count` long.
  std::vector<uint32_t> free_slots(Source& source, uint32_t free_head, uint32_t free_count) const;

  // Duplicates rows out; throws Corrupted for a slot not in use.
  void copy_rows(Source& source, const uint32_t* slots, size_t count, uint8_t* out) const;
  NormStats norm_stats(Source& source) const;
  // The stored norm of every slot, as vectors.h has them. `out` has state().slots places.
  void copy_norms(Source& source, float* out) const;
  // Throw std::invalid_argument for a flat index.
  GraphStatistics graph_statistics(Source& source, const Tick& tick) const;
  Neighborhood neighborhood(Source& source, uint32_t slot) const;
  // Stored norms of these slots.
  std::vector<float> norms_of(Source& source, const uint32_t* slots, size_t count) const;
  // Which slots stand in the graph; blocks of it may be missing. REQUIRES has_graph().
  std::vector<uint8_t> linked(Source& source, const uint32_t* slots, size_t count) const;
  // `free_head` and `free_count` describe the list of free slots, and so many slots are `bare`.
  std::vector<Finding> verify(Source& source, uint32_t free_head, uint32_t free_count,
                              uint32_t bare = 0) const;

 private:
  friend class Writer;
  Vectors vectors(Source& source) const { return {*vectors_, source, state_.shape, state_.slots}; }
  Graph graph(Source& source) const;
  Codes codes(Source& source) const;
  void make_resident(uint32_t searches) const;
  template <typename Search>
  void with_prefetch_policy(const Search& search) const;
  std::vector<uint32_t> starts() const;  // where walks begin besides the entry point

  IndexState state_;
  std::shared_ptr<BlockTable> vectors_;
  std::vector<std::shared_ptr<BlockTable>> links_;
  std::shared_ptr<BlockTable> codes_;          // none where the state has no codes
  mutable std::atomic<uint32_t> searches_{0};  // of this state, until its copies are made
};

}  // namespace vdb
