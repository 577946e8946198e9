#include "graph/spanning_tree.h"

#include <algorithm>
#include <unordered_set>

#include "graph/candidate_pool.h"
#include "graph/nearest_pairs.h"
#include "graph/union_find.h"
#include "runtime/errors.h"

namespace vdb {
namespace {

void make_room(const Vectors& vectors, Graph& graph, const Distance& build, uint32_t slot) {
  if (graph.degree(0, slot) < graph.capacity(0)) return;
  const uint32_t* list = graph.links(0, slot);
  Candidate farthest{0, kNone};
  for (uint32_t i = 0; i < graph.capacity(0); ++i) {
    if (is_tree(list[i])) continue;
    const uint32_t other = graph.checked(list[i]);
    const Candidate candidate{build.one(vectors.at(slot), vectors.at(other)), other};
    if (farthest.slot == kNone || farthest < candidate) farthest = candidate;
  }
  if (farthest.slot == kNone)
    throw Corrupted("slot " + std::to_string(slot) + " has nothing but tree links");
  graph.erase(0, slot, farthest.slot);
  graph.erase(0, farthest.slot, slot);
}

}  // namespace

bool has_room(const Graph& graph, uint32_t slot, const PendingLinks& pending) {
  return graph.tree_degree(slot) + pending.of(slot).size() < graph.tree_capacity();
}

uint32_t attach_point(const Graph& graph, uint32_t start, const PendingLinks& pending) {
  std::vector<uint32_t> queue{start};
  std::unordered_set<uint32_t> seen{start};
  for (size_t at = 0; at < queue.size(); ++at) {
    const uint32_t slot = queue[at];
    if (has_room(graph, slot, pending)) return slot;
    const uint32_t* list = graph.links(0, slot);
    for (uint32_t i = 0; i < graph.capacity(0) && list[i] != kNone; ++i)
      if (is_tree(list[i]) && seen.insert(graph.checked(list[i])).second)
        queue.push_back(slot_of(list[i]));
    for (const uint32_t child : pending.of(slot))
      if (seen.insert(child).second) queue.push_back(child);
  }
  throw Corrupted("the spanning tree around slot " + std::to_string(start) + " has no leaf");
}

void tie(const Vectors& vectors, Graph& graph, const Distance& build, uint32_t a, uint32_t b) {
  if (!graph.linked(0, a, b)) {
    make_room(vectors, graph, build, a);
    make_room(vectors, graph, build, b);
    graph.append(0, a, b);
    graph.append(0, b, a);
  }
  graph.mark_tree(a, b);
  graph.mark_tree(b, a);
}

void join(const Vectors& vectors, Graph& graph, const Distance& build,
          const std::vector<uint32_t>& pieces) {
  UnionFind joined(pieces.size());
  const PendingLinks none;
  const auto roomy = [&](uint32_t slot) { return has_room(graph, slot, none); };
  for (const Pair& pair : nearest_pairs(vectors, build, pieces)) {
    if (joined.same(pair.a, pair.b) || !roomy(pieces[pair.a]) || !roomy(pieces[pair.b])) continue;
    tie(vectors, graph, build, pieces[pair.a], pieces[pair.b]);
    joined.unite(pair.a, pair.b);
  }
  for (uint32_t i = 1; i < pieces.size(); ++i) {
    if (joined.same(0, i)) continue;
    tie(vectors, graph, build, attach_point(graph, pieces[0], none),
        attach_point(graph, pieces[i], none));
    joined.unite(0, i);
  }
}

}  // namespace vdb
