#include "remover.h"

#include <algorithm>

#include "errors.h"
#include "pairs.h"
#include "spanning_tree.h"

namespace vdb {
namespace {

constexpr uint32_t kNewLinks = 2;  // new links that a neighbour of a removed node may gain

}  // namespace

// Takes a node out of the lists of its neighbours on one level and returns them, in list order.
std::vector<uint32_t> Remover::detach(uint32_t level, uint32_t slot) {
  const uint32_t* list = graph_.links(level, slot);
  std::vector<uint32_t> neighbours;
  for (uint32_t i = 0; i < graph_.capacity(level) && list[i] != kNone; ++i)
    neighbours.push_back(graph_.checked(list[i]));
  for (const uint32_t other : neighbours)
    if (!graph_.erase(level, other, slot))
      throw Corrupted("slot " + std::to_string(slot) + " links to slot " + std::to_string(other) +
                      " on level " + std::to_string(level) + ", which does not link back");
  return neighbours;
}

void Remover::reconnect(uint32_t level, const std::vector<uint32_t>& neighbours) {
  std::vector<uint32_t> gained(neighbours.size(), 0);
  for (const Pair& pair : nearest_pairs(vectors_, build_.at(level), neighbours)) {
    const uint32_t a = neighbours[pair.a], b = neighbours[pair.b];
    if (gained[pair.a] == kNewLinks || gained[pair.b] == kNewLinks) continue;
    if (graph_.degree(level, a) == graph_.capacity(level) ||
        graph_.degree(level, b) == graph_.capacity(level) || graph_.linked(level, a, b))
      continue;
    graph_.append(level, a, b);
    graph_.append(level, b, a);
    ++gained[pair.a];
    ++gained[pair.b];
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

void Remover::choose_entry(const std::vector<std::vector<uint32_t>>& neighbours) {
  *entry_ = kNone;
  uint32_t best = 0;
  for (size_t level = neighbours.size(); level-- > 0;)
    for (const uint32_t slot : neighbours[level])
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
  std::vector<std::vector<uint32_t>> neighbours(level + 1);
  for (uint32_t l = level; l >= 1; --l) {
    if (graph_.degree(l, slot) == 0) continue;
    neighbours[l] = detach(l, slot);
    reconnect(l, neighbours[l]);
    graph_.set_links(l, slot, nullptr, 0);
  }
  if (heir != kNone) {
    promote(slot, heir);
    neighbours[0] = {heir};
  } else {
    std::vector<uint32_t> pieces;
    const uint32_t* list = graph_.links(0, slot);
    for (uint32_t i = 0; i < graph_.capacity(0) && list[i] != kNone; ++i)
      if (is_tree(list[i])) pieces.push_back(graph_.checked(list[i]));
    neighbours[0] = detach(0, slot);
    join(vectors_, graph_, build_.at(0), pieces);
    reconnect(0, neighbours[0]);
  }
  graph_.clear_row(slot);
  if (*entry_ == slot) choose_entry(neighbours);
}

}  // namespace vdb
