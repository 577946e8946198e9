#include "graph/back_links.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "runtime/errors.h"
#include "runtime/parallel.h"

namespace vdb {

// An offer is accepted unless a neighbour at least as long as the new node lies between the two.
bool BackLinks::accepts_offer(const Request& request) const {
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

void BackLinks::link_back(const Request* first, const Request* last, BuildWorker& worker,
                          std::vector<DroppedLink>* dropped) {
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
    std::vector<bool> fixed, is_dropped;
    const auto sort_by = [&](bool by_vectors) {
      worker.distance.from(target, level, by_vectors)
          ->compute(slots.data(), static_cast<uint32_t>(slots.size()), distances.data());
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
    const bool exact = !worker.distance.codes_resolve(target, level, sorted);
    if (exact) sort_by(true);
    worker.heuristic.shrink(worker.distance.pairs(level, exact), sorted, fixed, capacity,
                            &is_dropped);
    links.clear();
    for (size_t i = 0; i < sorted.size(); ++i) {
      if (is_dropped[i])
        dropped->push_back({level, sorted[i].slot, target});
      else
        links.push_back(sorted[i].slot | (fixed[i] ? kTreeBit : 0));
    }
  }
  graph_.set_links(level, target, links.data(), static_cast<uint32_t>(links.size()));
}

void BackLinks::apply(uint32_t threads, const Workers& workers) {
  if (has_offers_) {
    // Offers are accepted or not by the lists as they stand, then become links on both sides.
    std::vector<uint8_t> accept(requests_.size(), 1);
    parallel_for(static_cast<uint32_t>(requests_.size()), threads, 64, [&](uint32_t i, uint32_t) {
      if (requests_[i].offer) accept[i] = accepts_offer(requests_[i]);
    });
    std::vector<Request> accepted;
    for (size_t i = 0; i < requests_.size(); ++i) {
      if (!accept[i]) continue;
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
  std::vector<std::vector<DroppedLink>> dropped(targets);
  parallel_for(targets, threads, 16, [&](uint32_t i, uint32_t worker) {
    link_back(requests_.data() + starts[i], requests_.data() + starts[i + 1], *workers[worker],
              &dropped[i]);
  });
  for (const std::vector<DroppedLink>& some : dropped)
    for (const DroppedLink& p : some) graph_.erase(p.level, p.slot, p.other);
}

}  // namespace vdb
