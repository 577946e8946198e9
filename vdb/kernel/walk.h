// The walk through the graph: greedy down the upper levels, a beam on one level.
//
// Hierarchical navigable small worlds: Malkov and Yashunin, arXiv 1603.09320, algorithms 2 and 5.
#pragma once

#include <cstdint>
#include <vector>

#include "graph.h"
#include "scorer.h"
#include "scratch.h"

namespace vdb {

// The nearest node that greedy steps reach from `start`, from `level` down to (not including)
// `stop`.
uint32_t descend(const Graph& graph, Scorer& scorer, uint32_t start, uint32_t level, uint32_t stop,
                 Scratch& scratch);

// A beam under way: fills scratch.pool with the ef nearest nodes found on one level. Every node is
// visited once at most, so it ends whatever the links say.
//
// A step ends by asking for what the next one compares. Where several walks are stepped in turn,
// each with a scorer and a scratch of its own, one is compared while memory is fetched for others.
class Walk {
 public:
  Walk(const Graph& graph, uint32_t level, Scorer& scorer, Scratch& scratch)
      : graph_(&graph), level_(level), scorer_(&scorer), scratch_(&scratch) {}

  // From `starts` and from `known`, nodes whose distances have been computed already.
  void begin(const std::vector<uint32_t>& starts, uint32_t ef,
             const std::vector<Candidate>& known = {});
  // Compares what was asked for and goes on to the nearest candidate; false when there is none.
  bool step();

 private:
  const Graph* graph_;
  uint32_t level_;
  Scorer* scorer_;
  Scratch* scratch_;
};

// A whole walk by itself.
void beam(const Graph& graph, uint32_t level, Scorer& scorer, const std::vector<uint32_t>& starts,
          uint32_t ef, Scratch& scratch);

// Walks that have begun, in turn, to the end of each.
void step_in_turn(std::vector<Walk>* walks);

}  // namespace vdb
