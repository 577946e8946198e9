#include "graph/remover.h"

#include <algorithm>

#include "graph/nearest_pairs.h"
#include "graph/spanning_tree.h"
#include "graph/union_find.h"
#include "runtime/errors.h"

namespace vdb {

// Takes a node out of the lists of its neighbours on one level and returns them, in list order.
std::vector<uint32_t> Remover::detach(uint32_t level, uint32_t slot) {
  const uint32_t* list = graph_.links(level, slot);
  std::vector<uint32_t> neighbors;
  for (uint32_t i = 0; i < graph_.capacity(level) && list[i] != kNone; ++i)
    neighbors.push_back(graph_.checked(list[i]));
  for (const uint32_t other : neighbors)
    if (!graph_.erase(level, other, slot))
      throw Corrupted("slot " + std::to_string(slot) + " links to slot " + std::to_string(other) +
                      " on level " + std::to_string(level) + ", which does not link back");
  return neighbors;
}

// Links two nodes, unless they are linked already (false) or one of them has no room (false).
bool Remover::link(uint32_t level, uint32_t a, uint32_t b) {
  const uint32_t capacity = graph_.capacity(level);
  if (graph_.degree(level, a) == capacity || graph_.degree(level, b) == capacity ||
      graph_.linked(level, a, b))
    return false;
  graph_.append(level, a, b);
  graph_.append(level, b, a);
  return true;
}

// First the neighbours are connected again by the shortest links that do it: otherwise the few long
// links would disappear one after the other, and with them the ways between clusters. Then each
// that got no link gets one to a near one.
void Remover::reconnect(uint32_t level, const std::vector<uint32_t>& neighbors) {
  const std::vector<Pair> pairs = nearest_pairs(vectors_, build_.at(level), neighbors);
  std::vector<bool> gained(neighbors.size(), false);
  UnionFind pieces(neighbors.size());
  for (const Pair& pair : pairs)
    if (graph_.linked(level, neighbors[pair.a], neighbors[pair.b])) pieces.unite(pair.a, pair.b);
  for (const Pair& pair : pairs) {
    if (pieces.same(pair.a, pair.b) || !link(level, neighbors[pair.a], neighbors[pair.b])) continue;
    pieces.unite(pair.a, pair.b);
    gained[pair.a] = gained[pair.b] = true;
  }
  for (const Pair& pair : pairs) {
    if (gained[pair.a] || gained[pair.b] || !link(level, neighbors[pair.a], neighbors[pair.b]))
      continue;
    gained[pair.a] = gained[pair.b] = true;
  }
}

// The first duplicate of a node takes over its place on level 0: the vectors are equal, so every
// link stays as good as it was.
void Remover::promote(uint32_t slot, uint32_t heir) {
  const uint32_t next = graph_.next_duplicate(heir);
  const uint32_t* list = graph_.links(0, slot);
  const std::vector<uint32_t> links(list, list + graph_.degree(0, slot));
  graph_.start_node(heir);
  graph_.set_links(0, heir, links.data(), static_cast<uint32_t>(links.size()));
  for (const uint32_t link : links) graph_.replace(0, graph_.checked(link), slot, heir);
  graph_.writable_row(heir)[0] = next == kNone ? kNoDuplicate : next;
  uint32_t steps = graph_.slots();
  for (uint32_t twin = next; twin != kNone && steps-- > 0; twin = graph_.next_duplicate(twin))
    graph_.writable_row(twin)[1] = heir;
  if (next != kNone) graph_.writable_row(next)[2] = heir;
}

void Remover::choose_entry(const std::vector<std::vector<uint32_t>>& neighbors) {
  *entry_ = kNone;
  uint32_t best = 0;
  for (size_t level = neighbors.size(); level-- > 0;)
    for (const uint32_t slot : neighbors[level])
      if (*entry_ == kNone || graph_.level_of(slot) > best) {
        *entry_ = slot;
        best = graph_.level_of(slot);
      }
}

void Remover::remove(uint32_t slot) {
  if (graph_.is_unused(slot))
    throw Corrupted("slot " + std::to_string(slot) + " is in use but has no place in the graph");
  if (graph_.is_duplicate(slot)) {
    graph_.remove_duplicate(slot);
    return;
  }
  const uint32_t level = graph_.level_of(slot);
  const uint32_t heir = graph_.next_duplicate(slot);
  std::vector<std::vector<uint32_t>> neighbors(level + 1);
  for (uint32_t l = level; l >= 1; --l) {
    if (graph_.degree(l, slot) == 0) continue;
    neighbors[l] = detach(l, slot);
    reconnect(l, neighbors[l]);
    graph_.set_links(l, slot, nullptr, 0);
  }
  if (heir != kNone) {
    promote(slot, heir);
    neighbors[0] = {heir};
  } else {
    std::vector<uint32_t> pieces;
    const uint32_t* list = graph_.links(0, slot);
    for (uint32_t i = 0; i < graph_.capacity(0) && list[i] != kNone; ++i)
      if (is_tree(list[i])) pieces.push_back(graph_.checked(list[i]));
    neighbors[0] = detach(0, slot);
    join(vectors_, graph_, build_.at(0), pieces);
    reconnect(0, neighbors[0]);
  }
  graph_.clear_row(slot);
  if (*entry_ == slot) choose_entry(neighbors);
}

}  // namespace vdb
