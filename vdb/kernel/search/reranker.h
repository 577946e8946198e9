// The last candidates of a walk by their exact values: hits.
#pragma once

#include <cstdint>
#include <vector>

#include "blocks/codes.h"
#include "blocks/vectors.h"
#include "distance/metric.h"
#include "graph/graph.h"
#include "graph/scratch.h"
#include "memory/residency.h"
#include "search/filter_set.h"
#include "search/hit.h"

namespace vdb {

struct Ranking {
  uint32_t compared;  // vectors
  bool found;         // false where codes are blind: the walk by them may have missed hits
};

// Orders hits best first, equal values by slot, and keeps k.
void keep_best(const ExactValue& exact, uint32_t k, std::vector<Hit>* hits);

// Whether slots that hold the same vector become hits, or only the node that stands for them.
enum class Copies : uint8_t { kFound, kLeftOut };

// Threads: any number, a Scratch each.
class Ranker {
 public:
  // With `codes`, candidates were put in order by them, and `scratch.query` is the query's. With
  // `allowed`, only those slots become hits.
  Ranker(const Vectors& vectors, const Graph& graph, Metric metric, const Codes* codes,
         const Allowed* allowed = nullptr, Copies copies = Copies::kFound)
      : vectors_(vectors),
        graph_(graph),
        metric_(metric),
        codes_(codes),
        allowed_(allowed),
        copies_(copies) {}

  // The k best of `scratch.pool`, best first, equal values by slot. Those that a walk by codes put
  // behind the k-th are compared too where the code may be wrong by so much. Each comes with up to
  // k duplicates, the last one too: by its exact value it may be nearer than those before it. Where
  // copies are left out, a node that stands for an allowed one is a hit.
  // Vectors are asked for, and their pages given up again, as `care` says.
  Ranking rank(const uint8_t* query, uint32_t k, const Care& care, Scratch& scratch,
               std::vector<Hit>* hits) const;

 private:
  void ask_for(const std::vector<uint32_t>& slots, size_t from, bool missing) const;
  void push(const ExactValue& exact, uint32_t node, uint32_t k, uint32_t* links,
            std::vector<Hit>* hits) const;
  bool found(const ExactValue& exact, Scratch& scratch, const std::vector<Hit>& hits) const;
  bool passes(uint32_t slot) const { return allowed_ == nullptr || allowed_->has(slot); }

  const Vectors& vectors_;
  const Graph& graph_;
  Metric metric_;
  const Codes* codes_;
  const Allowed* allowed_;
  Copies copies_;
};

}  // namespace vdb
