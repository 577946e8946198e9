// The collection that searches look at, the parameters of a search, and its statistics.
#pragma once

#include <cstdint>
#include <vector>

#include "blocks/codes.h"
#include "blocks/vectors.h"
#include "distance/metric.h"
#include "graph/graph.h"
#include "memory/residency.h"

namespace vdb {

// One collection at one moment. All of it outlives the searches.
struct SearchContext {
  const Vectors& vectors;
  const Graph& graph;
  const Codes* codes;  // compared by walks instead of the vectors; nullptr for none
  Metric metric;
  uint32_t entry;  // kNone where the graph is empty
  // Where walks begin besides the entry point: at the longest vectors, for inner product.
  const std::vector<uint32_t>& starts;
  // Vectors that are not linked yet: compared after the walk.
  const std::vector<uint32_t>& unlinked;
};

// Whether all slots that hold the same vector become hits, or only the node that stands for them.
enum class Duplicates : uint8_t { kIncluded, kExcluded };

struct SearchParameters {
  uint32_t k;   // hits
  uint32_t ef;  // candidates kept on level 0
  Duplicates duplicates = Duplicates::kIncluded;
  PrefetchPolicy prefetch = {};
};

struct SearchStats {
  // Distances computed; of a filtered search those on level 0 and in a scan.
  uint64_t distances = 0;
  // Filtered search only: the walk did not lead to k hits, and an exact scan is due, or was done.
  bool scan = false;
  DiskReads reads;  // measured under a prefetch policy
};

}  // namespace vdb
