#include "graph/statistics.h"

#include <string>

#include "runtime/errors.h"

namespace vdb {
namespace {

constexpr uint32_t kTickRows = 1 << 16;

bool is_node(const Graph& graph, uint32_t slot) {
  return !graph.is_unused(slot) && !graph.is_duplicate(slot);
}

template <typename Body>
void for_each_link(const Graph& graph, uint32_t level, uint32_t slot, const Body& body) {
  const uint32_t* list = graph.links(level, slot);
  for (uint32_t i = 0; i < graph.capacity(level) && list[i] != kNone; ++i)
    body(graph.checked(list[i]));
}

// The duplicates of a node. `left`: how many may still be followed, at first the number of slots:
// chains with more members together are rings, or lead into one another.
template <typename Body>
void for_each_duplicate(const Graph& graph, uint32_t node, uint32_t* left, const Body& body) {
  for (uint32_t twin = graph.next_duplicate(node); twin != kNone;
       twin = graph.next_duplicate(twin)) {
    if (*left == 0)
      throw Corrupted("slot " + std::to_string(node) +
                      ": its chain of duplicates is a ring, or meets others");
    --*left;
    body(twin);
  }
}

void count(std::vector<uint32_t>* histogram, uint32_t degree) {
  if (histogram->size() <= degree) histogram->resize(degree + 1, 0);
  ++(*histogram)[degree];
}

LevelStatistics level_statistics(const Graph& graph, uint32_t level, const Tick& tick) {
  LevelStatistics statistics;
  std::vector<uint32_t> incoming(graph.slots(), 0);
  const auto belongs = [&](uint32_t slot) {
    return graph.level_of(slot) >= level && is_node(graph, slot);
  };
  for (uint32_t slot = 0; slot < graph.slots(); ++slot) {
    if (slot % kTickRows == 0) tick(slot, graph.slots());
    if (!belongs(slot)) continue;
    ++statistics.nodes;
    count(&statistics.out_degrees, graph.degree(level, slot));
    for_each_link(graph, level, slot, [&](uint32_t other) { ++incoming[other]; });
  }
  for (uint32_t slot = 0; slot < graph.slots(); ++slot)
    if (belongs(slot)) count(&statistics.in_degrees, incoming[slot]);
  return statistics;
}

uint32_t count_reached(const Graph& graph, uint32_t entry, const Tick& tick) {
  if (entry == kNone) return 0;
  std::vector<uint8_t> seen(graph.slots(), 0);
  std::vector<uint32_t> stack{entry};
  seen[entry] = 1;
  uint32_t reached = 0, left = graph.slots();
  for (uint32_t done = 0; !stack.empty(); ++done) {
    if (done % kTickRows == 0) tick(done, graph.slots());
    const uint32_t slot = stack.back();
    stack.pop_back();
    ++reached;
    for_each_duplicate(graph, slot, &left, [&](uint32_t twin) {
      if (!seen[twin]) seen[twin] = 1, ++reached;
    });
    for_each_link(graph, 0, slot, [&](uint32_t other) {
      if (!seen[other]) seen[other] = 1, stack.push_back(other);
    });
  }
  return reached;
}

}  // namespace

GraphStatistics graph_statistics(const Graph& graph, uint32_t entry, const Tick& tick) {
  GraphStatistics statistics;
  for (uint32_t slot = 0; slot < graph.slots(); ++slot) {
    if (slot % kTickRows == 0) tick(slot, graph.slots());
    if (graph.is_unused(slot)) continue;
    if (graph.is_duplicate(slot)) {
      ++statistics.duplicates;
      continue;
    }
    ++statistics.nodes;
    if (graph.next_duplicate(slot) != kNone) ++statistics.representatives;
  }
  for (uint32_t level = 0; level < graph.levels(); ++level) {
    LevelStatistics one = level_statistics(graph, level, tick);
    if (one.nodes == 0) break;
    statistics.levels.push_back(std::move(one));
  }
  statistics.reached = count_reached(graph, entry, tick);
  return statistics;
}

Neighborhood neighborhood(const Graph& graph, uint32_t slot) {
  Neighborhood neighbors;
  if (slot >= graph.slots() || graph.is_unused(slot))
    throw Corrupted("slot " + std::to_string(slot) + " has no place in the graph");
  neighbors.representative = graph.is_duplicate(slot) ? graph.checked(graph.row(slot)[1]) : slot;
  if (!is_node(graph, neighbors.representative))
    throw Corrupted("slot " + std::to_string(slot) + " is a duplicate of slot " +
                    std::to_string(neighbors.representative) + ", which is no node");
  uint32_t left = graph.slots();
  for_each_duplicate(graph, neighbors.representative, &left,
                     [&](uint32_t twin) { neighbors.duplicates.push_back(twin); });
  for (uint32_t level = 0; level <= graph.level_of(neighbors.representative); ++level) {
    neighbors.links.emplace_back();
    for_each_link(graph, level, neighbors.representative,
                  [&](uint32_t other) { neighbors.links.back().push_back(other); });
  }
  return neighbors;
}

}  // namespace vdb
