// One collection at one moment, ready to be searched: its tables, its parameters, its entry point.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "blocks/block_table.h"
#include "blocks/vectors.h"
#include "distance/code_distance.h"
#include "distance/metric.h"
#include "graph/graph.h"
#include "graph/statistics.h"
#include "graph/verify.h"
#include "search/filter_set.h"
#include "search/filtered_searcher.h"
#include "search/searcher.h"

namespace vdb {

struct IndexState {
  Metric metric;
  RowShape shape;
  uint32_t M;                // 0 where there is no graph (flat)
  uint32_t ef_construction;  // candidates kept while building
  uint64_t seed;
  uint32_t slots;  // high-water mark: every slot in use is below it
  uint32_t entry;  // kNone where the graph is empty
  std::vector<uint32_t>
      longest;  // slots of the longest vectors, longest first (inner product only)
  // Slots of stored vectors that wait for their links; every search looks at all of them.
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

  using Answers = std::vector<std::vector<Hit>>;
  // For `count` queries, one after the other, the k best found by the graph with a beam of ef, best
  // first. `computed`
  // receives how many distances each of them took.
  Answers search(Source& source, const uint8_t* queries, uint32_t count, uint32_t k, uint32_t ef,
                 uint32_t threads, std::vector<uint32_t>* computed = nullptr,
                 Copies copies = Copies::kFound) const;
  // The same, exactly, by comparing everything; under another metric than its own when one is
  // given: rows and norms serve all of them.
  Answers scan(Source& source, const uint8_t* queries, uint32_t count, uint32_t k, uint32_t threads,
               std::optional<Metric> metric = std::nullopt) const;
  // The same, exactly, among some slots only; see filtered.h.
  Answers scan_allowed(Source& source, const uint8_t* queries, uint32_t count,
                       const Allowed& allowed, uint32_t k, uint32_t threads) const;

  // Through the graph among the allowed slots; the queries for which that does not do, exactly.
  // compared[i]: how many vectors query i was compared with; switched[i]: whether it was scanned;
  // where copies are left out it is left without hits instead.
  Answers search_among(Source& source, const uint8_t* queries, uint32_t count,
                       const Allowed& allowed, uint32_t k, uint32_t ef, uint32_t threads,
                       uint64_t* compared, uint8_t* switched, Copies copies = Copies::kFound) const;

  // Each of these nodes, and behind it the slots that it stands for, `most` together.
  std::vector<std::vector<uint32_t>> copies(Source& source, const std::vector<uint32_t>& nodes,
                                            uint32_t most) const;
  // For each query the slots whose value is values[i]; see ties.h.
  std::vector<std::vector<uint32_t>> ties(Source& source, const uint8_t* queries,
                                          const double* values, uint32_t count,
                                          const Allowed* allowed, uint32_t threads) const;

  // The slots on the free list, in its order; throws Corrupted where it is not `free_count` long.
  std::vector<uint32_t> free_slots(Source& source, uint32_t free_head, uint32_t free_count) const;

  // Copies rows out; throws Corrupted for a slot not in use.
  void copy_rows(Source& source, const uint32_t* slots, size_t count, uint8_t* out) const;
  NormStats norm_stats(Source& source) const;
  // The stored norm of every slot; -1 where it is not in use. `out` has state().slots places.
  void copy_norms(Source& source, float* out) const;
  // What the graph looks like; std::invalid_argument for a flat index.
  Survey survey(Source& source, const Tick& tick) const;
  Neighbourhood neighbourhood(Source& source, uint32_t slot) const;
  // Stored norms of these slots; -1 for a slot not in use.
  std::vector<float> norms_of(Source& source, const uint32_t* slots, size_t count) const;
  // Which slots stand in the graph; blocks of it may be missing. REQUIRES has_graph().
  std::vector<uint8_t> linked(Source& source, const uint32_t* slots, size_t count) const;
  std::vector<Finding> verify(Source& source, uint32_t free_head, uint32_t free_count) const;

 private:
  friend class Writer;
  Vectors vectors(Source& source) const { return {*vectors_, source, state_.shape, state_.slots}; }
  Graph graph(Source& source) const;
  Codes codes(Source& source) const;
  template <typename Search>
  void watched(uint32_t i, const Search& search) const;
  std::vector<uint32_t> starts() const;  // where walks begin besides the entry point

  IndexState state_;
  std::shared_ptr<BlockTable> vectors_;
  std::vector<std::shared_ptr<BlockTable>> links_;
  std::shared_ptr<BlockTable> codes_;  // none where the state has no codes
};

}  // namespace vdb
