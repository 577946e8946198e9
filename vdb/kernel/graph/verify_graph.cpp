#include <algorithm>
#include <unordered_set>

#include "graph/verify.h"
#include "runtime/cancellation.h"
#include "runtime/errors.h"

namespace vdb {
namespace {

std::string at_level(uint32_t slot, uint32_t level) {
  return at_slot(slot) + ", level " + std::to_string(level);
}

// Reads every row of the graph. A damaged block is reported once.
class GraphCheck {
 public:
  GraphCheck(const Graph& graph, const Vectors& vectors, uint32_t entry,
             const std::vector<uint8_t>& live, std::vector<Finding>* findings)
      : graph_(graph),
        vectors_(vectors),
        entry_(entry),
        live_(live),
        findings_(findings),
        readable_(graph.slots(), 1) {}

  void run(const std::vector<uint32_t>& longest, const std::vector<uint32_t>& unlinked) {
    for (const uint32_t slot : unlinked) unlinked_slot(slot);
    for (uint32_t slot = 0; slot < graph_.slots(); ++slot) {
      check_cancelled_every<64>(slot);
      row(slot);
    }
    for (uint32_t level = 1; level < graph_.levels(); ++level)
      for (uint32_t slot = 0; slot < graph_.slots(); ++slot) {
        check_cancelled_every<256>(slot);
        if (is_node(slot) && graph_.level_of(slot) >= level) list(level, slot);
      }
    reach();
    for (const uint32_t slot : longest)
      if (!valid(slot) || (readable_[slot] && live_[slot] != kUnknown && !is_node(slot)))
        add("longest", "slot " + std::to_string(slot) + " is no node");
    if (nodes_ > 0 && tree_ends_ != 2 * (nodes_ - 1))
      add("spanning tree", "expected " + std::to_string(nodes_ - 1) + " links for " +
                               std::to_string(nodes_) + " nodes, got " +
                               std::to_string(tree_ends_) + " link ends");
  }

 private:
  void add(const std::string& where, const std::string& what) { report(findings_, {where, what}); }

  bool is_node(uint32_t slot) {
    return readable_[slot] && live_[slot] != kEmpty && !graph_.is_unused(slot) &&
           !graph_.is_duplicate(slot);
  }

  void row(uint32_t slot) {
    try {
      graph_.row(slot);
    } catch (const Corrupted& problem) {
      readable_[slot] = 0;
      if (problem.what() != last_damage_) add(at_slot(slot), last_damage_ = problem.what());
      return;
    }
    if (live_[slot] == kUnknown) return;
    if (live_[slot] == kEmpty) {
      const uint32_t* words = graph_.row(slot);
      if (!std::all_of(words, words + 1 + graph_.capacity(0),
                       [](uint32_t w) { return w == kNone; }))
        add(at_slot(slot), "holds no vector, but its row of links is not empty");
      return;
    }
    if (graph_.is_unused(slot)) {
      if (unlinked_.count(slot) == 0) add(at_slot(slot), "is in use but has no place in the graph");
    } else if (graph_.is_duplicate(slot)) {
      duplicate(slot);
    } else {
      ++nodes_;
      list(0, slot);
      chain(slot);
    }
  }

  // A vector that is not linked yet has no links.
  void unlinked_slot(uint32_t slot) {
    if (!valid(slot) || !unlinked_.insert(slot).second) {
      add("unlinked", "slot " + std::to_string(slot) + (valid(slot) ? " twice" : " out of bounds"));
    } else if (live_[slot] == kEmpty) {
      add("unlinked", "slot " + std::to_string(slot) + " holds no vector");
    } else if (readable(slot) && !graph_.is_unused(slot)) {
      add("unlinked", "slot " + std::to_string(slot) + " has a place in the graph");
    }
  }

  bool valid(uint32_t slot) const { return slot < graph_.slots(); }

  void duplicate(uint32_t slot) {
    const uint32_t* words = graph_.row(slot);
    if (!valid(words[1]) || !valid(words[2]))
      add(at_slot(slot), "duplicate of a slot out of bounds");
    else if (!readable(words[1]) || live_[words[1]] != kLive || graph_.is_unused(words[1]) ||
             graph_.is_duplicate(words[1]))
      add(at_slot(slot), "duplicate of slot " + std::to_string(words[1]) + ", which is no node");
  }

  // A representative's chain of duplicates: each names it and the one before.
  void chain(uint32_t slot) {
    uint32_t before = slot;
    uint32_t next = graph_.row(slot)[0] & kSlotMask;
    while (next != kNoDuplicate) {
      // Each belongs to one chain: a second visit means a ring, or another chain that leads into
      // this one, and the walk would not end.
      if (!valid(next) || !readable(next) || !graph_.is_duplicate(next) ||
          !chained_.insert(next).second) {
        add(at_slot(slot),
            "its chain of duplicates is broken after slot " + std::to_string(before));
        return;
      }
      const uint32_t* words = graph_.row(next);
      if (words[1] != slot || words[2] != before)
        add(at_slot(next),
            "stands in the duplicates of slot " + std::to_string(slot) + " but names others");
      if (!equal(slot, next))
        add(at_slot(next),
            "is a duplicate of slot " + std::to_string(slot) + ", but their vectors differ");
      before = next;
      next = words[0] & kSlotMask;
    }
  }

  bool equal(uint32_t a, uint32_t b) const {
    if (live_[a] != kLive || live_[b] != kLive) return true;  // reported elsewhere
    return vectors_.equal(a, b);
  }

  bool readable(uint32_t slot) {
    try {
      graph_.row(slot);
      return true;
    } catch (const Corrupted&) {
      return false;
    }
  }

  void list(uint32_t level, uint32_t slot) {
    const uint32_t* links;
    try {
      links = graph_.links(level, slot);
    } catch (const Corrupted& problem) {
      if (problem.what() != last_damage_) add(at_level(slot, level), last_damage_ = problem.what());
      return;
    }
    const uint32_t capacity = graph_.capacity(level);
    const auto end = static_cast<uint32_t>(std::find(links, links + capacity, kNone) - links);
    if (!std::all_of(links + end, links + capacity, [](uint32_t w) { return w == kNone; }))
      add(at_level(slot, level), "links after the end of the list");
    std::unordered_set<uint32_t> seen;
    uint32_t tree = 0;
    for (uint32_t i = 0; i < end; ++i) {
      const uint32_t other = slot_of(links[i]);
      const std::string to = "link to slot " + std::to_string(other);
      if (!valid(other)) {
        add(at_level(slot, level), to + " in a collection of " + std::to_string(graph_.slots()));
        continue;
      }
      if (other == slot || !seen.insert(other).second)
        add(at_level(slot, level), to + (other == slot ? ", itself" : " twice"));
      if (is_tree(links[i]) && level > 0) add(at_level(slot, level), to + " has the tree bit");
      if (level == 0 && is_tree(links[i])) ++tree, ++tree_ends_;
      if (!readable(other) || live_[other] == kUnknown) continue;
      if (live_[other] != kLive || graph_.is_unused(other) || graph_.is_duplicate(other)) {
        add(at_level(slot, level), to + ", which is no node");
      } else if (graph_.level_of(other) < level) {
        add(at_level(slot, level), to + ", which does not belong to this level");
      } else {
        mutual(level, slot, links[i], to);
      }
    }
    if (level == 0 && tree > graph_.tree_capacity())
      add(at_level(slot, level), "expected at most " + std::to_string(graph_.tree_capacity()) +
                                     " tree links, got " + std::to_string(tree));
  }

  void mutual(uint32_t level, uint32_t slot, uint32_t link, const std::string& to) {
    const uint32_t* back;
    try {
      back = graph_.links(level, slot_of(link));
    } catch (const Corrupted&) {
      return;  // reported where that node's own list is read
    }
    for (uint32_t i = 0; i < graph_.capacity(level) && back[i] != kNone; ++i)
      if (slot_of(back[i]) == slot) {
        if (level == 0 && is_tree(back[i]) != is_tree(link))
          add(at_level(slot, level), to + " is a tree link on one side only");
        return;
      }
    add(at_level(slot, level), to + " is not returned");
  }

  void reach() {
    const auto live = static_cast<uint32_t>(std::count(live_.begin(), live_.end(), uint8_t{kLive}));
    if (entry_ == kNone) {
      if (live > unlinked_.size())
        add("entry point", "none, with " + std::to_string(live) + " vectors");
      return;
    }
    if (!valid(entry_) || !is_node(entry_)) {
      add("entry point", "slot " + std::to_string(entry_) + " is no node");
      return;
    }
    walk(false);
    walk(true);
  }

  // From the entry point along all links, or along the spanning tree alone.
  void walk(bool tree_only) {
    std::vector<uint8_t> seen(graph_.slots(), 0);
    std::vector<uint32_t> queue{entry_};
    seen[entry_] = 1;
    for (size_t at = 0; at < queue.size(); ++at) {
      check_cancelled_every<256>(at);
      const uint32_t* links = graph_.links(0, queue[at]);
      for (uint32_t i = 0; i < graph_.capacity(0) && links[i] != kNone; ++i) {
        const uint32_t other = slot_of(links[i]);
        if (!valid(other) || seen[other] || (tree_only && !is_tree(links[i])) || !is_node(other))
          continue;
        seen[other] = 1;
        queue.push_back(other);
      }
    }
    for (uint32_t slot = 0; slot < graph_.slots(); ++slot) {
      check_cancelled_every<1024>(slot);
      if (live_[slot] != kLive || !readable_[slot] || graph_.is_unused(slot)) continue;
      if (graph_.is_duplicate(slot)) {
        if (!tree_only && chained_.count(slot) == 0)
          add(at_slot(slot), "cannot be reached: stands in nobody's chain of duplicates");
      } else if (!seen[slot]) {
        add(at_slot(slot), tree_only ? "is not in the spanning tree of the entry point"
                                     : "cannot be reached from the entry point");
      }
    }
  }

  const Graph& graph_;
  const Vectors& vectors_;
  uint32_t entry_;
  const std::vector<uint8_t>& live_;
  std::vector<Finding>* findings_;
  std::vector<uint8_t> readable_;
  std::unordered_set<uint32_t> chained_, unlinked_;
  std::string last_damage_;
  uint64_t nodes_ = 0, tree_ends_ = 0;
};

}  // namespace

void verify_graph(const Graph& graph, const Vectors& vectors, uint32_t entry,
                  const std::vector<uint32_t>& longest, const std::vector<uint32_t>& unlinked,
                  const std::vector<uint8_t>& live, std::vector<Finding>* findings) {
  GraphCheck(graph, vectors, entry, live, findings).run(longest, unlinked);
}

}  // namespace vdb
