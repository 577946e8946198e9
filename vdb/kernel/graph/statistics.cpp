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

// The duplicates that hang off a node. `left` is what may still be followed, at first the number of
// slots: chains that are longer together are rings, or lead into one another.
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

LevelSurvey survey_level(const Graph& graph, uint32_t level, const Tick& tick) {
  LevelSurvey found;
  std::vector<uint32_t> incoming(graph.slots(), 0);
  const auto belongs = [&](uint32_t slot) {
    return graph.level_of(slot) >= level && is_node(graph, slot);
  };
  for (uint32_t slot = 0; slot < graph.slots(); ++slot) {
    if (slot % kTickRows == 0) tick(slot, graph.slots());
    if (!belongs(slot)) continue;
    ++found.nodes;
    count(&found.out_degrees, graph.degree(level, slot));
    for_each_link(graph, level, slot, [&](uint32_t other) { ++incoming[other]; });
  }
  for (uint32_t slot = 0; slot < graph.slots(); ++slot)
    if (belongs(slot)) count(&found.in_degrees, incoming[slot]);
  return found;
}

uint32_t reach(const Graph& graph, uint32_t entry, const Tick& tick) {
  if (entry == kNone) return 0;
  std::vector<uint8_t> seen(graph.slots(), 0);
  std::vector<uint32_t> waiting{entry};
  seen[entry] = 1;
  uint32_t reached = 0, left = graph.slots();
  for (uint32_t done = 0; !waiting.empty(); ++done) {
    if (done % kTickRows == 0) tick(done, graph.slots());
    const uint32_t slot = waiting.back();
    waiting.pop_back();
    ++reached;
    for_each_duplicate(graph, slot, &left, [&](uint32_t twin) {
      if (!seen[twin]) seen[twin] = 1, ++reached;
    });
    for_each_link(graph, 0, slot, [&](uint32_t other) {
      if (!seen[other]) seen[other] = 1, waiting.push_back(other);
    });
  }
  return reached;
}

}  // namespace

Survey survey(const Graph& graph, uint32_t entry, const Tick& tick) {
  Survey found;
  for (uint32_t slot = 0; slot < graph.slots(); ++slot) {
    if (slot % kTickRows == 0) tick(slot, graph.slots());
    if (graph.is_unused(slot)) continue;
    if (graph.is_duplicate(slot)) {
      ++found.duplicates;
      continue;
    }
    ++found.nodes;
    if (graph.next_duplicate(slot) != kNone) ++found.representatives;
  }
  for (uint32_t level = 0; level < graph.levels(); ++level) {
    LevelSurvey one = survey_level(graph, level, tick);
    if (one.nodes == 0) break;
    found.levels.push_back(std::move(one));
  }
  found.reached = reach(graph, entry, tick);
  return found;
}

Neighbourhood neighbourhood(const Graph& graph, uint32_t slot) {
  Neighbourhood found;
  if (slot >= graph.slots() || graph.is_unused(slot))
    throw Corrupted("slot " + std::to_string(slot) + " has no place in the graph");
  found.representative = graph.is_duplicate(slot) ? graph.checked(graph.row(slot)[1]) : slot;
  if (!is_node(graph, found.representative))
    throw Corrupted("slot " + std::to_string(slot) + " is a duplicate of slot " +
                    std::to_string(found.representative) + ", which is no node");
  uint32_t left = graph.slots();
  for_each_duplicate(graph, found.representative, &left,
                     [&](uint32_t twin) { found.duplicates.push_back(twin); });
  for (uint32_t level = 0; level <= graph.level_of(found.representative); ++level) {
    found.links.emplace_back();
    for_each_link(graph, level, found.representative,
                  [&](uint32_t other) { found.links.back().push_back(other); });
  }
  return found;
}

}  // namespace vdb
