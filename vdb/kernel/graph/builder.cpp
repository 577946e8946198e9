#include "graph/builder.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <tuple>
#include <unordered_map>

#include "blocks/crc32c.h"
#include "graph/search_layer.h"
#include "runtime/errors.h"
#include "runtime/parallel.h"

namespace vdb {
namespace {

constexpr uint32_t kSmallestBatch = 32;
constexpr uint32_t kLargestBatch = 256;
constexpr uint32_t kOffers = 16;  // shorter candidates that a new node is offered to
// Nodes of level 1 offered as neighbours on level 0: more than there are in a cluster of a thousand
// where M is 16, so that some lie in others.
constexpr uint32_t kFar = 64;
constexpr uint32_t kTwinsLooked = 8;  // nearest candidates compared number for number,
constexpr uint32_t kCodesLooked = 8;  // or such with other codes that are passed over

}  // namespace

Builder::Builder(const Vectors& vectors, const Codes* codes, Graph& graph, Metric metric,
                 uint32_t ef_construction, uint32_t* entry)
    : vectors_(vectors),
      codes_(codes),
      graph_(graph),
      metric_(metric),
      build_(metric, vectors.shape()),
      offers_(metric == Metric::kIp),
      ef_construction_(std::max(ef_construction, graph.M())),
      entry_(entry) {}

size_t Builder::sub_batch_size(size_t nodes) {
  return std::clamp<size_t>(nodes / 2, kSmallestBatch, kLargestBatch);
}

void Builder::insert(const uint32_t* slots, size_t count, size_t nodes, uint32_t threads, bool far,
                     const Tick& tick) {
  far_ = far;
  threads = std::max(1u, threads);
  threads = static_cast<uint32_t>(std::min<size_t>(threads, count));
  workers_.clear();
  for (uint32_t i = 0; i < threads; ++i)
    workers_.push_back(std::unique_ptr<Worker>(new Worker{{vectors_, codes_, metric_}, {}, {}}));
  for (size_t done = 0; done < count;) {
    const size_t size = std::min(count - done, sub_batch_size(nodes + done));
    sub_batch(slots + done, static_cast<uint32_t>(size), threads);
    done += size;
    tick(done, count);
  }
}

void Builder::sub_batch(const uint32_t* slots, uint32_t count, uint32_t threads) {
  nodes_.resize(count);
  for (uint32_t i = 0; i < count; ++i) {
    NewNode& node = nodes_[i];
    node.slot = slots[i];
    node.level = graph_.level_of(slots[i]);
    node.twin = kNone;
    node.exact = codes_ == nullptr;
    node.found.assign(node.level + 1, {});
    node.chosen.assign(node.level + 1, {});
    node.far.clear();
    node.offers.clear();
  }
  find_twins(count);
  if (*entry_ != kNone)
    parallel_for(count, threads, 1, [&](uint32_t i, uint32_t worker) {
      if (nodes_[i].twin == kNone) look_around(nodes_[i], *workers_[worker]);
    });
  parallel_for(count, threads, 1, [&](uint32_t i, uint32_t worker) {
    if (nodes_[i].twin != kNone) return;
    look_beside(i, *workers_[worker]);
    choose(nodes_[i], *workers_[worker]);
  });
  PendingLinks pending;
  requests_.clear();
  for (NewNode& node : nodes_)
    if (node.twin == kNone) place(node, pending);
  apply_requests(threads);
  for (NewNode& node : nodes_) {
    if (node.twin == kNone) continue;
    // The twin may itself have turned out to be a duplicate of a node in the graph.
    const uint32_t twin =
        graph_.is_duplicate(node.twin) ? graph_.checked(graph_.row(node.twin)[1]) : node.twin;
    graph_.add_duplicate(twin, node.slot);
  }
}

// Equal vectors inside the sub-batch: the first stands for the others.
void Builder::find_twins(uint32_t count) {
  std::unordered_multimap<uint32_t, uint32_t> firsts;
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t hash = crc32c(vectors_.at(nodes_[i].slot).row, vectors_.row_bytes());
    const auto range = firsts.equal_range(hash);
    for (auto at = range.first; at != range.second && nodes_[i].twin == kNone; ++at)
      if (vectors_.equal(nodes_[i].slot, nodes_[at->second].slot))
        nodes_[i].twin = nodes_[at->second].slot;
    if (nodes_[i].twin == kNone) firsts.emplace(hash, i);
  }
}

// The candidates in the graph as it stands: by codes, unless they cannot tell them apart.
void Builder::look_around(NewNode& node, Worker& worker) const {
  if (!node.exact) {
    look_around_by(false, node, worker);
    node.exact = !worker.yardstick.tells_apart(node.slot, 0, node.found[0]);
  }
  if (node.exact) look_around_by(true, node, worker);
  find_twin(node);
}

void Builder::look_around_by(bool exact, NewNode& node, Worker& worker) const {
  Scratch& scratch = *worker.scratch;
  for (std::vector<Candidate>& found : node.found) found.clear();
  node.far.clear();
  const auto base = worker.yardstick.scorer(node.slot, 0, exact);
  const auto above = worker.yardstick.scorer(node.slot, 1, exact);
  const uint32_t top = graph_.level_of(*entry_);
  const uint32_t stop = far_ && top > 0 ? std::max(node.level, 1u) : node.level;
  std::vector<uint32_t> starts{descend(graph_, *above, *entry_, top, stop, scratch)}, around;
  for (uint32_t level = std::min(top, stop);; --level) {
    const uint32_t width = level > node.level ? kFar : ef_construction_;
    beam(graph_, level, level == 0 ? *base : *above, starts, width, scratch);
    starts.clear();
    for (uint32_t i = 0; i < scratch.pool.size(); ++i) {
      starts.push_back(scratch.pool[i].slot);
      if (level <= node.level) node.found[level].push_back(scratch.pool[i]);
    }
    if (level == 0) break;
    if (level == 1 && far_)
      around.assign(starts.begin(), starts.begin() + std::min<size_t>(kFar, starts.size()));
  }
  if (!around.empty()) look_far(node, around, *base);
}

// Of the nodes of level 1 around it, those that the walk on level 0 did not keep.
void Builder::look_far(NewNode& node, const std::vector<uint32_t>& around, Scorer& scorer) const {
  std::vector<float> distances(around.size());
  scorer.score(around.data(), static_cast<uint32_t>(around.size()), distances.data());
  const std::vector<Candidate>& found = node.found[0];
  for (size_t i = 0; i < around.size(); ++i) {
    const Candidate candidate{distances[i], around[i]};
    if (!found.empty() && found.back() < candidate) node.far.push_back(candidate);
  }
  std::sort(node.far.begin(), node.far.end());
}

// A node with an equal vector has an equal code too, but so may many others.
void Builder::find_twin(NewNode& node) const {
  const size_t bytes = node.exact ? 0 : codes_->shape().row_bytes();
  const uint8_t* const code = node.exact ? nullptr : codes_->at(node.slot);
  uint32_t looked = 0;
  for (const Candidate& candidate : node.found[0]) {
    if (!node.exact && std::memcmp(code, codes_->at(candidate.slot), bytes) != 0) {
      if (++looked == kCodesLooked) return;
      continue;
    }
    if (vectors_.equal(node.slot, candidate.slot)) {
      node.twin = candidate.slot;
      return;
    }
    if (node.exact && ++looked == kTwinsLooked) return;
  }
}

// The candidates among the earlier nodes of the same sub-batch. Where it is these that codes cannot
// tell apart, all are looked for again by vectors.
void Builder::look_beside(uint32_t index, Worker& worker) {
  NewNode& node = nodes_[index];
  look_beside_by(node.exact, index, worker);
  if (node.exact || worker.yardstick.tells_apart(node.slot, 0, node.found[0])) return;
  node.exact = true;
  for (std::vector<Candidate>& found : node.found) found.clear();
  if (*entry_ != kNone) look_around_by(true, node, worker);
  look_beside_by(true, index, worker);
}

void Builder::look_beside_by(bool exact, uint32_t index, Worker& worker) {
  Scratch& scratch = *worker.scratch;
  NewNode& node = nodes_[index];
  std::vector<const NewNode*> earlier;
  scratch.slots.clear();
  for (uint32_t j = 0; j < index; ++j) {
    if (nodes_[j].twin != kNone) continue;
    earlier.push_back(&nodes_[j]);
    scratch.slots.push_back(nodes_[j].slot);
  }
  if (earlier.empty()) return;
  scratch.distances.resize(scratch.slots.size());
  for (uint32_t level = 0; level <= node.level; ++level) {
    if (level == 0 || (level == 1 && build_.differ()))
      worker.yardstick.scorer(node.slot, level, exact)
          ->score(scratch.slots.data(), static_cast<uint32_t>(scratch.slots.size()),
                  scratch.distances.data());
    std::vector<Candidate>& found = node.found[level];
    const size_t around = found.size();
    for (size_t i = 0; i < earlier.size(); ++i) {
      const Candidate beside{scratch.distances[i], scratch.slots[i]};
      if (earlier[i]->level >= level && (around < ef_construction_ || beside < found[around - 1]))
        found.push_back(beside);
    }
    const auto middle = found.begin() + static_cast<std::ptrdiff_t>(around);
    std::sort(middle, found.end());
    std::inplace_merge(found.begin(), middle, found.end());
    if (found.size() > ef_construction_) found.resize(ef_construction_);
  }
}

void Builder::choose(NewNode& node, Worker& worker) const {
  for (uint32_t level = 0; level <= node.level; ++level) {
    std::vector<Candidate>& found = node.found[level];
    const size_t near = found.size();
    // Those from afar lie behind all that were found near, in the graph and beside.
    if (level == 0)
      for (const Candidate& candidate : node.far)
        if (found.empty() || found.back() < candidate) found.push_back(candidate);
    worker.selector.choose(worker.yardstick.comparer(level, node.exact), found, graph_.M(),
                           &node.chosen[level]);
    found.resize(near);
  }
  if (!offers_) return;
  const float norm = vectors_.at(node.slot).norm;
  const std::vector<Candidate>& chosen = node.chosen[0];
  for (uint32_t i = 0; i < std::min<size_t>(kOffers, node.found[0].size()); ++i) {
    const uint32_t other = node.found[0][i].slot;
    // Among vectors of practically one length the links chosen above say it all.
    if (!(vectors_.at(other).norm < 0.99f * norm)) continue;
    const bool taken = std::any_of(chosen.begin(), chosen.end(),
                                   [&](const Candidate& c) { return c.slot == other; });
    if (!taken && chosen.size() + node.offers.size() + 1 < graph_.capacity(0))
      node.offers.push_back(other);
  }
}

// Writes the node's own lists, finds its place in the spanning tree, and asks its neighbours to
// link back. One thread, in order: promises of tree links depend on the ones before.
void Builder::place(NewNode& node, PendingLinks& pending) {
  graph_.start_node(node.slot);
  std::vector<uint32_t> list;
  uint32_t parent = kNone;
  if (!node.chosen[0].empty()) {
    const auto found =
        std::find_if(node.chosen[0].begin(), node.chosen[0].end(),
                     [&](const Candidate& c) { return has_room(graph_, c.slot, pending); });
    parent = found != node.chosen[0].end() ? found->slot
                                           : attach_point(graph_, node.chosen[0][0].slot, pending);
    pending.add(parent, node.slot);
  }
  for (const Candidate& c : node.chosen[0])
    list.push_back(c.slot == parent ? c.slot | kTreeBit : c.slot);
  if (parent != kNone && std::find(list.begin(), list.end(), parent | kTreeBit) == list.end())
    list.push_back(parent | kTreeBit);
  for (const uint32_t link : list)
    requests_.push_back({0, slot_of(link), node.slot | (link & kTreeBit), false});
  for (const uint32_t other : node.offers)
    if (other != parent) requests_.push_back({0, other, node.slot, true});
  graph_.set_links(0, node.slot, list.data(), static_cast<uint32_t>(list.size()));
  for (uint32_t level = 1; level <= node.level; ++level) {
    list.clear();
    for (const Candidate& c : node.chosen[level]) {
      list.push_back(c.slot);
      requests_.push_back({level, c.slot, node.slot, false});
    }
    graph_.set_links(level, node.slot, list.data(), static_cast<uint32_t>(list.size()));
  }
  if (*entry_ == kNone || node.level > graph_.level_of(*entry_)) *entry_ = node.slot;
}

// An offer is taken unless a neighbour at least as long as the newcomer stands between.
bool Builder::wanted(const Request& request) const {
  const Item owner = vectors_.at(request.target), self = vectors_.at(request.from);
  const uint32_t* list = graph_.links(0, request.target);
  std::vector<Item> longer;
  for (uint32_t i = 0; i < graph_.capacity(0) && list[i] != kNone; ++i) {
    const uint32_t other = graph_.checked(list[i]);
    if (other == request.from) return false;
    const Item between = vectors_.at(other);
    if (between.norm >= self.norm) longer.push_back(between);
  }
  const Distance& build = build_.at(0);
  const float distance = build.one(self, owner);
  size_t i = 0;
  for (; i + 4 <= longer.size(); i += 4) {
    float from_self[4], from_owner[4];
    build.four(self, longer.data() + i, from_self);
    build.four(owner, longer.data() + i, from_owner);
    for (int j = 0; j < 4; ++j)
      if (from_self[j] < distance && from_owner[j] < distance) return false;
  }
  for (; i < longer.size(); ++i)
    if (build.one(self, longer[i]) < distance && build.one(owner, longer[i]) < distance)
      return false;
  return true;
}

void Builder::answer(const Request* first, const Request* last, Worker& worker,
                     std::vector<Parting>* partings) {
  const uint32_t level = first->level, target = first->target;
  const uint32_t capacity = graph_.capacity(level);
  const uint32_t* list = graph_.links(level, target);
  std::vector<uint32_t> links(list, list + graph_.degree(level, target));
  for (const Request* r = first; r != last; ++r) links.push_back(r->from);
  if (links.size() > capacity) {
    std::vector<uint32_t> slots;
    for (const uint32_t link : links) slots.push_back(graph_.checked(link));
    std::vector<float> distances(slots.size());
    std::vector<Candidate> sorted;
    std::vector<bool> fixed, dropped;
    const auto sort_by = [&](bool by_vectors) {
      worker.yardstick.scorer(target, level, by_vectors)
          ->score(slots.data(), static_cast<uint32_t>(slots.size()), distances.data());
      std::vector<std::pair<Candidate, bool>> order;
      for (size_t i = 0; i < slots.size(); ++i)
        order.push_back({{distances[i], slots[i]}, level == 0 && is_tree(links[i])});
      std::sort(order.begin(), order.end(),
                [](const auto& a, const auto& b) { return a.first < b.first; });
      sorted.clear();
      fixed.clear();
      for (const auto& entry : order) {
        sorted.push_back(entry.first);
        fixed.push_back(entry.second);
      }
    };
    sort_by(false);
    const bool exact = !worker.yardstick.tells_apart(target, level, sorted);
    if (exact) sort_by(true);
    worker.selector.thin(worker.yardstick.comparer(level, exact), sorted, fixed, capacity,
                         &dropped);
    links.clear();
    for (size_t i = 0; i < sorted.size(); ++i) {
      if (dropped[i])
        partings->push_back({level, sorted[i].slot, target});
      else
        links.push_back(sorted[i].slot | (fixed[i] ? kTreeBit : 0));
    }
  }
  graph_.set_links(level, target, links.data(), static_cast<uint32_t>(links.size()));
}

void Builder::apply_requests(uint32_t threads) {
  if (offers_) {
    // Offers are judged by the lists as they stand, then become links on both sides.
    std::vector<uint8_t> take(requests_.size(), 1);
    parallel_for(static_cast<uint32_t>(requests_.size()), threads, 64, [&](uint32_t i, uint32_t) {
      if (requests_[i].offer) take[i] = wanted(requests_[i]);
    });
    std::vector<Request> accepted;
    for (size_t i = 0; i < requests_.size(); ++i) {
      if (!take[i]) continue;
      accepted.push_back(requests_[i]);
      if (requests_[i].offer) graph_.append(0, requests_[i].from, requests_[i].target);
    }
    requests_.swap(accepted);
  }
  std::stable_sort(requests_.begin(), requests_.end(), [](const Request& a, const Request& b) {
    return std::tie(a.level, a.target) < std::tie(b.level, b.target);
  });
  std::vector<uint32_t> starts;
  for (uint32_t i = 0; i < requests_.size(); ++i)
    if (i == 0 || requests_[i].target != requests_[i - 1].target ||
        requests_[i].level != requests_[i - 1].level) {
      const uint32_t level = requests_[i].level, target = requests_[i].target;
      // Slots that are not of a level share their rows there, and each row is changed by one
      // thread.
      if (level > 0 && graph_.level_of(target) < level)
        throw Corrupted("a link on level " + std::to_string(level) + " to slot " +
                        std::to_string(target) + ", which does not belong to it");
      starts.push_back(i);
      graph_.prepare(level, target);
    }
  const auto targets = static_cast<uint32_t>(starts.size());
  starts.push_back(static_cast<uint32_t>(requests_.size()));
  std::vector<std::vector<Parting>> partings(targets);
  parallel_for(targets, threads, 16, [&](uint32_t i, uint32_t worker) {
    answer(requests_.data() + starts[i], requests_.data() + starts[i + 1], *workers_[worker],
           &partings[i]);
  });
  for (const std::vector<Parting>& some : partings)
    for (const Parting& p : some) graph_.erase(p.level, p.slot, p.other);
}

}  // namespace vdb
