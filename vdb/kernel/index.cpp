#include "index.h"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>

#include "blocks/sequential_reader.h"
#include "distance/code_distance.h"
#include "graph/scratch.h"
#include "memory/paging.h"
#include "memory/residency.h"
#include "runtime/cancellation.h"
#include "runtime/errors.h"
#include "runtime/parallel.h"
#include "search/filtered_searcher.h"
#include "search/scan.h"
#include "search/searcher.h"
#include "search/ties.h"

namespace vdb {
namespace {

constexpr size_t kLongestUsed = 16;  // more of them only pay off on bad graphs
// One in so many searches of a thread counts its disk reads where the last ones read nothing:
// counting takes system calls.
constexpr uint32_t kSampled = 8;
thread_local uint32_t searches = 0;

// Of one state of a collection, before the blocks that they met are copied; and bytes copied with
// each from then on, which takes no longer than a search.
constexpr uint32_t kSearchesBefore = 64;
constexpr size_t kCopiedBySearch = 64 << 10;

}  // namespace

Index::Index(IndexState state, std::shared_ptr<BlockTable> vectors,
             std::vector<std::shared_ptr<BlockTable>> links, std::shared_ptr<BlockTable> codes)
    : state_(std::move(state)),
      vectors_(std::move(vectors)),
      links_(std::move(links)),
      codes_(std::move(codes)) {
  const auto require = [](bool good, const char* what) {
    if (!good) throw std::invalid_argument(what);
  };
  require(vectors_ != nullptr && vectors_->shape().kind == kVectors, "vectors: not a vector table");
  require(state_.shape.dtype != DType::kBit || state_.shape.dim % 8 == 0,
          "dim: expected a multiple of 8 for dtype bit");
  require(state_.shape.dim >= 1 && vectors_->shape().row_size >= state_.shape.row_bytes(),
          "dim: does not fit the rows of the vector table");
  require(
      state_.slots <= kMaxSlots && uint64_t{vectors_->blocks()} * vectors_->rows() >= state_.slots,
      "slots: more than the vector table holds");
  require((codes_ != nullptr) == (state_.codes != CodeKind::kNoCodes),
          "codes: a table for a kind of codes, or neither");
  if (codes_ != nullptr) {
    require(!links_.empty() && vdb::has_codes(state_.metric, state_.shape.dtype),
            "codes: not for this index, metric or dtype");
    const CodeShape shape = code_shape(state_.codes, state_.metric, state_.shape.dim);
    require(codes_->shape().kind == kCodes && codes_->shape().row_size == shape.row_bytes(),
            "codes: a table of another shape");
    require(uint64_t{codes_->blocks()} * codes_->rows() >= state_.slots,
            "slots: more than the table of codes holds");
  }
  if (links_.empty()) return;
  require(state_.M >= 2 && state_.M <= 256, "M: expected 2 to 256");
  require(links_.size() == Graph::level_limit(state_.M), "links: a table for every level");
  uint64_t span = 1;
  for (uint32_t level = 0; level < links_.size(); ++level, span *= state_.M) {
    const BlockShape& shape = links_[level]->shape();
    require(shape.kind == kLinks && shape.level == level && shape.span == span &&
                shape.row_size == Graph::row_size(state_.M, level),
            "links: a table's shape does not belong to its level");
    require(uint64_t{links_[level]->blocks()} * links_[level]->rows() * span >= state_.slots,
            "slots: more than a link table holds");
  }
  if (state_.entry != kNone && state_.entry >= state_.slots)
    throw Corrupted("entry point: slot " + std::to_string(state_.entry) + " of " +
                    std::to_string(state_.slots));
  const auto require_slots = [&](const char* name, const std::vector<uint32_t>& slots) {
    for (const uint32_t slot : slots)
      if (slot >= state_.slots)
        throw Corrupted(std::string(name) + ": slot " + std::to_string(slot) + " of " +
                        std::to_string(state_.slots));
  };
  require_slots("longest", state_.longest);
  require_slots("unlinked", state_.unlinked);
}

std::vector<const BlockTable*> Index::tables() const {
  std::vector<const BlockTable*> all{vectors_.get()};
  for (const auto& table : links_) all.push_back(table.get());
  if (codes_ != nullptr) all.push_back(codes_.get());
  return all;
}

Graph Index::graph(Source& source) const {
  std::vector<BlockTable*> tables;
  for (const auto& table : links_) tables.push_back(table.get());
  return {std::move(tables), source, state_.M, state_.seed, state_.slots};
}

Codes Index::codes(Source& source) const {
  return {*codes_, source, code_shape(state_.codes, state_.metric, state_.shape.dim)};
}

std::vector<uint32_t> Index::starts() const {
  std::vector<uint32_t> starts = state_.longest;
  if (starts.size() > kLongestUsed) starts.resize(kLongestUsed);
  return starts;
}

// Calls search(policy, reads) for a query, under the policy that the searches before it lead to,
// and records what it read from disk.
template <typename Search>
void Index::with_prefetch_policy(const Search& search) const {
  Residency& residency = vectors_->residency();
  const PrefetchPolicy policy = residency.policy();
  DiskReads reads;
  std::optional<DiskReadCounter> disk;
  if (!policy.any() && searches++ % kSampled == 0) disk.emplace();
  search(policy, &reads);
  if (disk) reads.rerank = disk->bytes();
  if (disk || policy.any())
    residency.record(policy, reads, has_codes() ? codes_->bytes() + links_[0]->bytes() : 0);
}

// Copies what walks read to where it is read faster, a part with each search, once there have been
// some. Where pages had to be read from disk lately, memory is for those.
void Index::make_resident(uint32_t searches) const {
  const ResidentMemory* const memory = vectors_->memory();
  if (memory == nullptr || !has_graph()) return;
  const BlockTable* const tables[] = {links_[0].get(), has_codes() ? codes_.get() : vectors_.get()};
  if (!tables[0]->may_become_resident() && !tables[1]->may_become_resident()) return;
  const uint32_t before = searches_.load(std::memory_order_relaxed);
  if (before < kSearchesBefore) {
    searches_.store(before + std::min(searches, kSearchesBefore), std::memory_order_relaxed);
    return;
  }
  const uint64_t all = tables[0]->bytes() + tables[1]->bytes();
  if (all < memory->least() || all > memory->limit() || vectors_->residency().policy().any())
    return;
  size_t bytes = size_t{searches} * kCopiedBySearch;
  bool left = false;
  for (const BlockTable* const table : tables)
    left |= table->may_become_resident() && table->make_resident(&bytes);
  // Some more searches will meet some more blocks.
  if (!left) searches_.store(0, std::memory_order_relaxed);
}

Index::SearchResults Index::search(Source& source, const uint8_t* queries, uint32_t count,
                                   SearchParameters parameters, uint32_t threads,
                                   const FilterSet* filter) const {
  // No pool needs to be larger than the collection.
  parameters.k = std::min(parameters.k, state_.slots);
  parameters.ef = std::min(parameters.ef, std::max(1u, state_.slots));
  const Vectors vectors = this->vectors(source);
  const Graph graph = this->graph(source);
  const std::vector<uint32_t> starts = this->starts();
  std::optional<Codes> codes;
  if (has_codes()) codes.emplace(this->codes(source));
  const SearchContext context{vectors,        graph,        codes ? &*codes : nullptr,
                              state_.metric,  state_.entry, starts,
                              state_.unlinked};
  const Searcher searcher(context);
  std::optional<FilteredSearcher> filtered;
  if (filter != nullptr) filtered.emplace(context, *filter);
  make_resident(count);
  SearchResults results{Hits(count), std::vector<SearchStats>(count)};
  threads = std::max(1u, std::min(threads, count));
  std::vector<ScratchLease> scratch(threads);
  parallel_for(count, threads, 1, [&](uint32_t i, uint32_t worker) {
    check_cancelled();
    const uint8_t* const query = queries + i * state_.shape.query_bytes();
    // Local to the thread: results of neighbouring queries share a cache line.
    std::vector<Hit> hits;
    SearchStats stats;
    with_prefetch_policy([&](const PrefetchPolicy& policy, DiskReads* reads) {
      SearchParameters own = parameters;
      own.prefetch = policy;
      if (filtered)
        filtered->search(query, own, *scratch[worker], &hits, &stats);
      else
        searcher.search(query, own, *scratch[worker], &hits, &stats);
      *reads = stats.reads;
    });
    if (stats.scan && parameters.duplicates == Duplicates::kIncluded) {
      hits = std::move(vdb::scan(vectors, state_.metric, query, 1, parameters.k, 1, filter)[0]);
      stats.distances += filter->count();
    }
    results.hits[i] = std::move(hits);
    results.stats[i] = stats;
  });
  return results;
}

Index::Hits Index::scan(Source& source, const uint8_t* queries, uint32_t count, uint32_t k,
                        uint32_t threads, const FilterSet* filter,
                        std::optional<Metric> metric) const {
  return vdb::scan(vectors(source), metric.value_or(state_.metric), queries, count,
                   std::min(k, state_.slots), threads, filter);
}

std::vector<std::vector<uint32_t>> Index::duplicates(Source& source,
                                                     const std::vector<uint32_t>& nodes,
                                                     uint32_t most) const {
  if (!has_graph()) throw std::invalid_argument("duplicates: there is no graph");
  const Graph graph = this->graph(source);
  std::vector<std::vector<uint32_t>> lists(nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i] >= state_.slots) throw std::invalid_argument("nodes: slot out of bounds");
    std::vector<uint32_t>& list = lists[i];
    for (uint32_t slot = nodes[i]; slot != kNone; slot = graph.next_duplicate(slot)) {
      if (list.size() >= state_.slots)
        throw Corrupted("slot " + std::to_string(nodes[i]) + ": its duplicates have no end");
      if (list.size() == most) break;
      check_cancelled_every<256>(list.size());
      list.push_back(slot);
    }
  }
  return lists;
}

std::vector<std::vector<uint32_t>> Index::ties(Source& source, const uint8_t* queries,
                                               const double* values, uint32_t count,
                                               const FilterSet* filter, uint32_t threads) const {
  return vdb::ties(vectors(source), state_.metric, queries, values, count, filter, threads);
}

std::vector<uint32_t> Index::free_slots(Source& source, uint32_t free_head,
                                        uint32_t free_count) const {
  const Vectors vectors = this->vectors(source);
  std::vector<uint32_t> slots;
  for (uint32_t slot = free_head; slot != kNone; slot = vectors.next_free(slot)) {
    check_cancelled_every<1024>(slots.size());
    if (slot >= state_.slots || slots.size() >= free_count || vectors.at(slot).norm != kFreeNorm)
      throw Corrupted("free list: slot " + std::to_string(slot) + " does not belong on it");
    slots.push_back(slot);
  }
  if (slots.size() != free_count)
    throw Corrupted("free list: expected " + std::to_string(free_count) + " slots, got " +
                    std::to_string(slots.size()));
  return slots;
}

void Index::copy_rows(Source& source, const uint32_t* slots, size_t count, uint8_t* out) const {
  const Vectors vectors = this->vectors(source);
  for (size_t i = 0; i < count; ++i) {
    check_cancelled_every<256>(i);
    if (slots[i] >= state_.slots || !vectors.live(slots[i]))
      throw Corrupted("slot " + std::to_string(slots[i]) + " holds no vector");
    std::copy_n(vectors.at(slots[i]).row, vectors.row_bytes(), out + i * vectors.row_bytes());
  }
}

NormStats Index::norm_stats(Source& source) const {
  const Vectors vectors = this->vectors(source);
  NormStats stats{0, std::numeric_limits<double>::infinity(), 0, 0};
  double sum = 0;
  SequentialReader rows(vectors);
  for (uint32_t slot = 0; slot < state_.slots; ++slot) {
    check_cancelled_every<1024>(slot);
    const double norm = rows.at(slot).norm;
    if (norm < 0) continue;
    ++stats.count;
    sum += norm;
    stats.min = std::min(stats.min, norm);
    stats.max = std::max(stats.max, norm);
  }
  if (stats.count == 0) return {0, 0, 0, 0};
  stats.mean = sum / static_cast<double>(stats.count);
  return stats;
}

void Index::copy_norms(Source& source, float* out) const {
  const Vectors vectors = this->vectors(source);
  SequentialReader rows(vectors);
  for (uint32_t slot = 0; slot < state_.slots; ++slot) {
    check_cancelled_every<1024>(slot);
    out[slot] = rows.at(slot).norm;
  }
}

GraphStatistics Index::graph_statistics(Source& source, const Tick& tick) const {
  if (!has_graph()) throw std::invalid_argument("graph_statistics: a flat index has no graph");
  return vdb::graph_statistics(graph(source), state_.entry, tick);
}

Neighborhood Index::neighborhood(Source& source, uint32_t slot) const {
  if (!has_graph()) throw std::invalid_argument("neighborhood: a flat index has no graph");
  const auto& unlinked = state_.unlinked;
  if (std::find(unlinked.begin(), unlinked.end(), slot) != unlinked.end()) return {slot, {}, {}};
  return vdb::neighborhood(graph(source), slot);
}

std::vector<float> Index::norms_of(Source& source, const uint32_t* slots, size_t count) const {
  const Vectors vectors = this->vectors(source);
  std::vector<float> norms(count);
  for (size_t i = 0; i < count; ++i) {
    check_cancelled_every<1024>(i);
    if (slots[i] >= state_.slots) throw std::invalid_argument("norms_of: slot out of bounds");
    norms[i] = vectors.at(slots[i]).norm;
  }
  return norms;
}

std::vector<uint8_t> Index::linked(Source& source, const uint32_t* slots, size_t count) const {
  const Graph graph = this->graph(source);
  std::vector<uint8_t> linked(count);
  for (size_t i = 0; i < count; ++i) {
    check_cancelled_every<1024>(i);
    if (slots[i] >= state_.slots) throw std::invalid_argument("linked: slot out of bounds");
    linked[i] = graph.holds(slots[i]);
  }
  return linked;
}

std::vector<Finding> Index::verify(Source& source, uint32_t free_head, uint32_t free_count,
                                   uint32_t bare) const {
  std::vector<Finding> findings;
  std::vector<uint8_t> live;
  const Vectors vectors = this->vectors(source);
  verify_vectors(vectors, state_.metric, {free_head, free_count, bare}, &live, &findings);
  if (has_codes()) verify_codes(codes(source), vectors, live, &findings);
  if (has_graph())
    verify_graph(graph(source), vectors, state_.entry, state_.longest, state_.unlinked, live,
                 &findings);
  return findings;
}

}  // namespace vdb
