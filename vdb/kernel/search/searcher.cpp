#include "search/searcher.h"

#include <algorithm>
#include <optional>

#include "distance/code_resolution.h"
#include "graph/search_layer.h"
#include "memory/paging.h"
#include "search/reranker.h"
#include "search/walk_distances.h"

namespace vdb {
namespace {

// Inner product: a walk on level 0 begins at so many nodes of level 1 that lie in the query's
// direction, unless one of the starts has this many times the inner product of the node that the
// levels above lead to.
constexpr uint32_t kDirections = 6;
constexpr float kDominates = 6;

constexpr uint32_t kAhead = 4;  // vectors prefetched ahead of the one compared

}  // namespace

Searcher::EntryPoints Searcher::entry_points(const Item& query, QueryDistance& base,
                                             QueryDistance& above, Scratch& scratch) const {
  const Graph& graph = context_.graph;
  if (context_.entry == kNone) return {};
  const uint32_t top = graph.level_of(context_.entry);
  if (context_.metric == Metric::kIp && top > 0)
    return entry_points_by_direction(query, base, above, scratch);
  EntryPoints points{{greedy_descend(graph, base, context_.entry, top, 0, scratch)}, {}};
  points.slots.insert(points.slots.end(), context_.starts.begin(), context_.starts.end());
  return points;
}

// A walk that begins at the longest vectors alone may never come to where the query points. Where
// those are so long that they beat everything there, looking for it is wasted.
Searcher::EntryPoints Searcher::entry_points_by_direction(const Item& query, QueryDistance& base,
                                                          QueryDistance& above,
                                                          Scratch& scratch) const {
  const Graph& graph = context_.graph;
  const uint32_t node =
      greedy_descend(graph, above, context_.entry, graph.level_of(context_.entry), 1, scratch);
  std::vector<uint32_t> slots{node};
  slots.insert(slots.end(), context_.starts.begin(), context_.starts.end());
  std::vector<float> distances(slots.size());
  base.compute(slots.data(), static_cast<uint32_t>(slots.size()), distances.data());
  scratch.computed += static_cast<uint32_t>(slots.size());
  EntryPoints points;
  for (size_t i = 0; i < slots.size(); ++i) points.candidates.push_back({distances[i], slots[i]});
  const float product = -distances[0],
              best = -*std::min_element(distances.begin(), distances.end());
  if (product > 0 && best >= kDominates * product) return points;
  search_layer(graph, 1, above, {node}, kDirections, scratch);
  for (uint32_t i = 0; i < scratch.pool.size(); ++i) {
    // The cosine and the lengths give the inner product.
    const auto [distance, slot] = scratch.pool[i];
    const float negative = (distance - 1) * query.norm * context_.vectors.at(slot).norm;
    points.candidates.push_back({negative == negative ? negative : 0, slot});
  }
  return points;
}

void Searcher::search(const uint8_t* query, const SearchParameters& parameters, Scratch& scratch,
                      std::vector<Hit>* hits, SearchStats* stats) const {
  hits->clear();
  scratch.computed = 0;
  if ((context_.entry == kNone && context_.unlinked.empty()) || parameters.k == 0) return;
  const PrefetchPolicy& prefetch = parameters.prefetch;
  std::optional<DiskReadCounter> disk;
  if (prefetch.any()) disk.emplace();
  scratch.from_disk = prefetch.walk;
  const Item item{query, norm_of_query(context_.vectors.shape(), query)};
  with_walk_distances(
      context_, item, kAhead, prefetch.walk, scratch,
      [&](const Codes* codes, QueryDistance& base, QueryDistance& above) {
        hits->clear();
        const EntryPoints points = entry_points(item, base, above, scratch);
        const uint32_t kept = codes == nullptr
                                  ? 0
                                  : CodeResolution::oversampled(codes->shape().kind, parameters.k,
                                                                context_.graph.slots());
        search_layer(context_.graph, 0, base, points.slots, std::max(parameters.ef, 1u), scratch,
                     points.candidates, kept);
        offer_slots(base, context_.unlinked, scratch);
        if (disk) stats->reads.walk = disk->bytes();
        const Reranker reranker(context_, codes, nullptr, parameters.duplicates);
        const RerankResult result = reranker.rerank(query, parameters.k, prefetch, scratch, hits);
        scratch.computed += result.compared;
        return result.complete;
      });
  if (disk) stats->reads.rerank = disk->bytes() - stats->reads.walk;
  stats->distances = scratch.computed;
}

}  // namespace vdb
