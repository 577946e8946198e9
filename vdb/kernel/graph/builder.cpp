#include "graph/builder.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "blocks/crc32c.h"
#include "graph/search_layer.h"
#include "runtime/parallel.h"

namespace vdb {
namespace {

constexpr uint32_t kSmallestBatch = 32;
constexpr uint32_t kLargestBatch = 256;
constexpr uint32_t kOffers = 16;  // candidates to which a longer new node is offered as a neighbour
// Nodes of level 1 offered as neighbours on level 0: more than there are in a cluster of a thousand
// where M is 16, so that some lie in others.
constexpr uint32_t kLongCandidates = 64;
constexpr uint32_t kVectorsCompared = 8;  // nearest candidates compared number for number,
constexpr uint32_t kCodesCompared = 8;    // or skipped because their codes differ

}  // namespace

Builder::Builder(const Vectors& vectors, const Codes* codes, Graph& graph, Metric metric,
                 uint32_t ef_construction, uint32_t* entry)
    : vectors_(vectors),
      codes_(codes),
      graph_(graph),
      metric_(metric),
      build_(metric, vectors.shape()),
      offers_(metric == Metric::kIp),
      back_links_(vectors, graph, metric),
      ef_construction_(std::max(ef_construction, graph.M())),
      entry_(entry) {}

size_t Builder::sub_batch_size(size_t nodes) {
  return std::clamp<size_t>(nodes / 2, kSmallestBatch, kLargestBatch);
}

void Builder::insert(const uint32_t* slots, size_t count, size_t nodes, uint32_t threads,
                     bool offer_long_links, const Tick& tick) {
  offer_long_links_ = offer_long_links;
  threads = std::max(1u, threads);
  threads = static_cast<uint32_t>(std::min<size_t>(threads, count));
  workers_.clear();
  for (uint32_t i = 0; i < threads; ++i)
    workers_.push_back(
        std::unique_ptr<BuildWorker>(new BuildWorker{{vectors_, codes_, metric_}, {}, {}}));
  for (size_t done = 0; done < count;) {
    const size_t size = std::min(count - done, sub_batch_size(nodes + done));
    insert_sub_batch(slots + done, static_cast<uint32_t>(size), threads);
    done += size;
    tick(done, count);
  }
}

void Builder::insert_sub_batch(const uint32_t* slots, uint32_t count, uint32_t threads) {
  nodes_.resize(count);
  for (uint32_t i = 0; i < count; ++i) {
    NewNode& node = nodes_[i];
    node.slot = slots[i];
    node.level = graph_.level_of(slots[i]);
    node.duplicate_of = kNone;
    node.exact = codes_ == nullptr;
    node.candidates.assign(node.level + 1, {});
    node.selected.assign(node.level + 1, {});
    node.long_candidates.clear();
    node.offers.clear();
  }
  find_duplicates_in_batch(count);
  if (*entry_ != kNone)
    parallel_for(count, threads, 1, [&](uint32_t i, uint32_t worker) {
      if (nodes_[i].duplicate_of == kNone) find_candidates(nodes_[i], *workers_[worker]);
    });
  parallel_for(count, threads, 1, [&](uint32_t i, uint32_t worker) {
    if (nodes_[i].duplicate_of != kNone) return;
    find_candidates_in_batch(i, *workers_[worker]);
    select_links(nodes_[i], *workers_[worker]);
  });
  PendingLinks pending;
  back_links_.clear();
  for (NewNode& node : nodes_)
    if (node.duplicate_of == kNone) insert_node(node, pending);
  back_links_.apply(threads, workers_);
  for (NewNode& node : nodes_) {
    if (node.duplicate_of == kNone) continue;
    // That slot may itself be a duplicate of a node of the graph.
    uint32_t representative = node.duplicate_of;
    if (graph_.is_duplicate(representative))
      representative = graph_.checked(graph_.row(representative)[1]);
    graph_.add_duplicate(representative, node.slot);
  }
}

// Equal vectors inside the sub-batch: the first stands for the others.
void Builder::find_duplicates_in_batch(uint32_t count) {
  std::unordered_multimap<uint32_t, uint32_t> firsts;
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t hash = crc32c(vectors_.at(nodes_[i].slot).row, vectors_.row_bytes());
    const auto range = firsts.equal_range(hash);
    for (auto at = range.first; at != range.second && nodes_[i].duplicate_of == kNone; ++at)
      if (vectors_.equal(nodes_[i].slot, nodes_[at->second].slot))
        nodes_[i].duplicate_of = nodes_[at->second].slot;
    if (nodes_[i].duplicate_of == kNone) firsts.emplace(hash, i);
  }
}

// The candidates in the graph as it stands: by codes, unless they are too coarse to order them.
void Builder::find_candidates(NewNode& node, BuildWorker& worker) const {
  if (!node.exact) {
    find_candidates_by(false, node, worker);
    node.exact = !worker.distance.codes_resolve(node.slot, 0, node.candidates[0]);
  }
  if (node.exact) find_candidates_by(true, node, worker);
  find_duplicate(node);
}

void Builder::find_candidates_by(bool exact, NewNode& node, BuildWorker& worker) const {
  Scratch& scratch = *worker.scratch;
  for (std::vector<Candidate>& candidates : node.candidates) candidates.clear();
  node.long_candidates.clear();
  const auto base = worker.distance.from(node.slot, 0, exact);
  const auto above = worker.distance.from(node.slot, 1, exact);
  const uint32_t top = graph_.level_of(*entry_);
  const uint32_t stop = offer_long_links_ && top > 0 ? std::max(node.level, 1u) : node.level;
  std::vector<uint32_t> starts{greedy_descend(graph_, *above, *entry_, top, stop, scratch)}, around;
  for (uint32_t level = std::min(top, stop);; --level) {
    const uint32_t width = level > node.level ? kLongCandidates : ef_construction_;
    search_layer(graph_, level, level == 0 ? *base : *above, starts, width, scratch);
    starts.clear();
    for (uint32_t i = 0; i < scratch.pool.size(); ++i) {
      starts.push_back(scratch.pool[i].slot);
      if (level <= node.level) node.candidates[level].push_back(scratch.pool[i]);
    }
    if (level == 0) break;
    if (level == 1 && offer_long_links_)
      around.assign(starts.begin(),
                    starts.begin() + std::min<size_t>(kLongCandidates, starts.size()));
  }
  if (!around.empty()) find_long_candidates(node, around, *base);
}

// Of the nearest nodes of level 1, those that the walk on level 0 did not keep.
void Builder::find_long_candidates(NewNode& node, const std::vector<uint32_t>& around,
                                   QueryDistance& distance) const {
  std::vector<float> distances(around.size());
  distance.compute(around.data(), static_cast<uint32_t>(around.size()), distances.data());
  const std::vector<Candidate>& near = node.candidates[0];
  for (size_t i = 0; i < around.size(); ++i) {
    const Candidate candidate{distances[i], around[i]};
    if (!near.empty() && near.back() < candidate) node.long_candidates.push_back(candidate);
  }
  std::sort(node.long_candidates.begin(), node.long_candidates.end());
}

// A node with an equal vector has an equal code too, but so may many others.
void Builder::find_duplicate(NewNode& node) const {
  const size_t bytes = node.exact ? 0 : codes_->row_bytes();
  const uint8_t* const code = node.exact ? nullptr : codes_->at(node.slot);
  uint32_t compared = 0;
  for (const Candidate& candidate : node.candidates[0]) {
    if (!node.exact && std::memcmp(code, codes_->at(candidate.slot), bytes) != 0) {
      if (++compared == kCodesCompared) return;
      continue;
    }
    if (vectors_.equal(node.slot, candidate.slot)) {
      node.duplicate_of = candidate.slot;
      return;
    }
    if (node.exact && ++compared == kVectorsCompared) return;
  }
}

// The candidates among the earlier nodes of the same sub-batch. Where these make codes too coarse,
// all candidates are searched again by vectors.
void Builder::find_candidates_in_batch(uint32_t index, BuildWorker& worker) {
  NewNode& node = nodes_[index];
  find_candidates_in_batch_by(node.exact, index, worker);
  if (node.exact || worker.distance.codes_resolve(node.slot, 0, node.candidates[0])) return;
  node.exact = true;
  for (std::vector<Candidate>& candidates : node.candidates) candidates.clear();
  if (*entry_ != kNone) find_candidates_by(true, node, worker);
  find_candidates_in_batch_by(true, index, worker);
}

void Builder::find_candidates_in_batch_by(bool exact, uint32_t index, BuildWorker& worker) {
  Scratch& scratch = *worker.scratch;
  NewNode& node = nodes_[index];
  std::vector<const NewNode*> earlier;
  scratch.slots.clear();
  for (uint32_t j = 0; j < index; ++j) {
    if (nodes_[j].duplicate_of != kNone) continue;
    earlier.push_back(&nodes_[j]);
    scratch.slots.push_back(nodes_[j].slot);
  }
  if (earlier.empty()) return;
  scratch.distances.resize(scratch.slots.size());
  for (uint32_t level = 0; level <= node.level; ++level) {
    if (level == 0 || (level == 1 && build_.differ()))
      worker.distance.from(node.slot, level, exact)
          ->compute(scratch.slots.data(), static_cast<uint32_t>(scratch.slots.size()),
                    scratch.distances.data());
    std::vector<Candidate>& candidates = node.candidates[level];
    const size_t in_graph = candidates.size();
    for (size_t i = 0; i < earlier.size(); ++i) {
      const Candidate candidate{scratch.distances[i], scratch.slots[i]};
      if (earlier[i]->level >= level &&
          (in_graph < ef_construction_ || candidate < candidates[in_graph - 1]))
        candidates.push_back(candidate);
    }
    const auto middle = candidates.begin() + static_cast<std::ptrdiff_t>(in_graph);
    std::sort(middle, candidates.end());
    std::inplace_merge(candidates.begin(), middle, candidates.end());
    if (candidates.size() > ef_construction_) candidates.resize(ef_construction_);
  }
}

void Builder::select_links(NewNode& node, BuildWorker& worker) const {
  for (uint32_t level = 0; level <= node.level; ++level) {
    std::vector<Candidate>& candidates = node.candidates[level];
    const size_t near = candidates.size();
    // Long candidates come behind all near ones, those of the sub-batch included.
    if (level == 0)
      for (const Candidate& candidate : node.long_candidates)
        if (candidates.empty() || candidates.back() < candidate) candidates.push_back(candidate);
    worker.heuristic.select_neighbors(worker.distance.pairs(level, node.exact), candidates,
                                      graph_.M(), &node.selected[level]);
    candidates.resize(near);
  }
  if (!offers_) return;
  const float norm = vectors_.at(node.slot).norm;
  const std::vector<Candidate>& selected = node.selected[0];
  for (uint32_t i = 0; i < std::min<size_t>(kOffers, node.candidates[0].size()); ++i) {
    const uint32_t other = node.candidates[0][i].slot;
    // Among vectors of practically one length the links selected above are enough.
    if (!(vectors_.at(other).norm < 0.99f * norm)) continue;
    const bool linked = std::any_of(selected.begin(), selected.end(),
                                    [&](const Candidate& c) { return c.slot == other; });
    if (!linked && selected.size() + node.offers.size() + 1 < graph_.capacity(0))
      node.offers.push_back(other);
  }
}

// Writes the node's own lists, finds its parent in the spanning tree, and requests the links back
// to it. One thread, in order: the pending tree links of earlier nodes count.
void Builder::insert_node(NewNode& node, PendingLinks& pending) {
  graph_.start_node(node.slot);
  std::vector<uint32_t> list;
  uint32_t parent = kNone;
  if (!node.selected[0].empty()) {
    const auto roomy =
        std::find_if(node.selected[0].begin(), node.selected[0].end(),
                     [&](const Candidate& c) { return has_room(graph_, c.slot, pending); });
    parent = roomy != node.selected[0].end()
                 ? roomy->slot
                 : attach_point(graph_, node.selected[0][0].slot, pending);
    pending.add(parent, node.slot);
  }
  for (const Candidate& c : node.selected[0])
    list.push_back(c.slot == parent ? c.slot | kTreeBit : c.slot);
  if (parent != kNone && std::find(list.begin(), list.end(), parent | kTreeBit) == list.end())
    list.push_back(parent | kTreeBit);
  for (const uint32_t link : list)
    back_links_.request(0, slot_of(link), node.slot | (link & kTreeBit));
  for (const uint32_t other : node.offers)
    if (other != parent) back_links_.offer(other, node.slot);
  graph_.set_links(0, node.slot, list.data(), static_cast<uint32_t>(list.size()));
  for (uint32_t level = 1; level <= node.level; ++level) {
    list.clear();
    for (const Candidate& c : node.selected[level]) {
      list.push_back(c.slot);
      back_links_.request(level, c.slot, node.slot);
    }
    graph_.set_links(level, node.slot, list.data(), static_cast<uint32_t>(list.size()));
  }
  if (*entry_ == kNone || node.level > graph_.level_of(*entry_)) *entry_ = node.slot;
}

}  // namespace vdb
