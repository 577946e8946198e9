#include "index.h"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>

#include "blocks/sequential_reader.h"
#include "memory/paging.h"
#include "memory/residency.h"
#include "runtime/cancellation.h"
#include "runtime/errors.h"
#include "runtime/parallel.h"
#include "search/filtered_scan.h"
#include "search/scan.h"
#include "search/ties.h"

namespace vdb {
namespace {

constexpr size_t kLongestUsed = 16;  // more of them only pay on bad graphs
// Where nothing was missing, what is read from the disk is looked at so rarely: it costs a system
// call.
constexpr uint32_t kUnseen = 8;

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
  starts.insert(starts.end(), state_.unlinked.begin(), state_.unlinked.end());
  return starts;
}

// Search `i` of a call, with the care that those before it have shown to be needed.
template <typename Search>
void Index::watched(uint32_t i, const Search& search) const {
  Residency& residency = vectors_->residency();
  const Care care = residency.care();
  Reads reads;
  std::optional<DiskReads> seen;
  if (!care.any() && i % kUnseen == 0) seen.emplace();
  search(care, &reads);
  if (seen) reads.last = seen->bytes();
  if (seen || care.any())
    residency.note(care, reads, has_codes() ? codes_->bytes() + links_[0]->bytes() : 0);
}

Index::Answers Index::search(Source& source, const uint8_t* queries, uint32_t count, uint32_t k,
                             uint32_t ef, uint32_t threads, std::vector<uint32_t>* computed,
                             Copies copies) const {
  // No pool needs to be larger than what there is to find.
  k = std::min(k, state_.slots);
  ef = std::min(ef, std::max(1u, state_.slots));
  const Vectors vectors = this->vectors(source);
  const Graph graph = this->graph(source);
  const std::vector<uint32_t> starts = this->starts();
  std::optional<Codes> codes;
  if (has_codes()) codes.emplace(this->codes(source));
  const Searcher searcher(vectors, graph, state_.metric, state_.entry, starts,
                          codes ? &*codes : nullptr, copies);
  Answers answers(count);
  if (computed != nullptr) computed->resize(count);
  threads = std::max(1u, std::min(threads, count));
  std::vector<ScratchLease> scratch(threads);
  parallel_for(count, threads, 1, [&](uint32_t i, uint32_t worker) {
    attend();
    Scratch& own = *scratch[worker];
    own.computed = 0;
    const uint8_t* const query = queries + i * state_.shape.query_bytes();
    // Of this thread's own: answers beside each other share a line of the cache.
    std::vector<Hit> hits;
    watched(i, [&](const Care& care, Reads* reads) {
      searcher.search(query, k, ef, care, own, &hits, reads);
    });
    answers[i] = std::move(hits);
    if (computed != nullptr) (*computed)[i] = own.computed;
  });
  return answers;
}

Index::Answers Index::scan(Source& source, const uint8_t* queries, uint32_t count, uint32_t k,
                           uint32_t threads, std::optional<Metric> metric) const {
  return vdb::scan(vectors(source), metric.value_or(state_.metric), queries, count,
                   std::min(k, state_.slots), threads);
}

Index::Answers Index::scan_allowed(Source& source, const uint8_t* queries, uint32_t count,
                                   const Allowed& allowed, uint32_t k, uint32_t threads) const {
  return vdb::scan_allowed(vectors(source), state_.metric, queries, count, allowed,
                           std::min(k, state_.slots), threads);
}

Index::Answers Index::search_among(Source& source, const uint8_t* queries, uint32_t count,
                                   const Allowed& allowed, uint32_t k, uint32_t ef,
                                   uint32_t threads, uint64_t* compared, uint8_t* switched,
                                   Copies copies) const {
  k = std::min(k, state_.slots);
  ef = std::min(ef, std::max(1u, state_.slots));
  const Vectors vectors = this->vectors(source);
  const Graph graph = this->graph(source);
  const std::vector<uint32_t> starts = this->starts();
  std::optional<Codes> codes;
  if (has_codes()) codes.emplace(this->codes(source));
  const FilteredSearcher searcher(vectors, graph, state_.metric, state_.entry, starts,
                                  codes ? &*codes : nullptr, allowed, copies);
  Answers answers(count);
  threads = std::max(1u, std::min(threads, count));
  std::vector<ScratchLease> scratch(threads);
  parallel_for(count, threads, 1, [&](uint32_t i, uint32_t worker) {
    const uint8_t* const query = queries + i * state_.shape.query_bytes();
    attend();
    compared[i] = 0;
    std::vector<Hit> hits;
    watched(i, [&](const Care& care, Reads* reads) {
      switched[i] =
          !searcher.search(query, k, ef, care, *scratch[worker], &hits, reads, &compared[i]);
    });
    if (switched[i] && copies == Copies::kFound) {
      hits = std::move(vdb::scan_allowed(vectors, state_.metric, query, 1, allowed, k, 1)[0]);
      compared[i] += allowed.count();
    }
    answers[i] = std::move(hits);
  });
  return answers;
}

std::vector<std::vector<uint32_t>> Index::copies(Source& source, const std::vector<uint32_t>& nodes,
                                                 uint32_t most) const {
  if (!has_graph()) throw std::invalid_argument("copies: there is no graph");
  const Graph graph = this->graph(source);
  std::vector<std::vector<uint32_t>> lists(nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i] >= state_.slots) throw std::invalid_argument("nodes: slot out of bounds");
    std::vector<uint32_t>& list = lists[i];
    for (uint32_t slot = nodes[i]; slot != kNone; slot = graph.next_duplicate(slot)) {
      if (list.size() >= state_.slots)
        throw Corrupted("slot " + std::to_string(nodes[i]) + ": its duplicates have no end");
      if (list.size() == most) break;
      attend_at<256>(list.size());
      list.push_back(slot);
    }
  }
  return lists;
}

std::vector<std::vector<uint32_t>> Index::ties(Source& source, const uint8_t* queries,
                                               const double* values, uint32_t count,
                                               const Allowed* allowed, uint32_t threads) const {
  return vdb::ties(vectors(source), state_.metric, queries, values, count, allowed, threads);
}

std::vector<uint32_t> Index::free_slots(Source& source, uint32_t free_head,
                                        uint32_t free_count) const {
  const Vectors vectors = this->vectors(source);
  std::vector<uint32_t> slots;
  for (uint32_t slot = free_head; slot != kNone; slot = vectors.next_free(slot)) {
    attend_at<1024>(slots.size());
    if (slot >= state_.slots || slots.size() >= free_count || vectors.live(slot))
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
    attend_at<256>(i);
    if (slots[i] >= state_.slots || !vectors.live(slots[i]))
      throw Corrupted("slot " + std::to_string(slots[i]) + " holds no vector");
    std::copy_n(vectors.at(slots[i]).row, vectors.row_bytes(), out + i * vectors.row_bytes());
  }
}

NormStats Index::norm_stats(Source& source) const {
  const Vectors vectors = this->vectors(source);
  NormStats stats{0, std::numeric_limits<double>::infinity(), 0, 0};
  double sum = 0;
  InOrder rows(vectors);
  for (uint32_t slot = 0; slot < state_.slots; ++slot) {
    attend_at<1024>(slot);
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
  InOrder rows(vectors);
  for (uint32_t slot = 0; slot < state_.slots; ++slot) {
    attend_at<1024>(slot);
    out[slot] = rows.at(slot).norm;
  }
}

Survey Index::survey(Source& source, const Tick& tick) const {
  if (!has_graph()) throw std::invalid_argument("survey: a flat index has no graph");
  return vdb::survey(graph(source), state_.entry, tick);
}

Neighbourhood Index::neighbourhood(Source& source, uint32_t slot) const {
  if (!has_graph()) throw std::invalid_argument("neighbourhood: a flat index has no graph");
  const auto& waiting = state_.unlinked;
  if (std::find(waiting.begin(), waiting.end(), slot) != waiting.end()) return {slot, {}, {}};
  return vdb::neighbourhood(graph(source), slot);
}

std::vector<float> Index::norms_of(Source& source, const uint32_t* slots, size_t count) const {
  const Vectors vectors = this->vectors(source);
  std::vector<float> norms(count);
  for (size_t i = 0; i < count; ++i) {
    attend_at<1024>(i);
    if (slots[i] >= state_.slots) throw std::invalid_argument("norms_of: slot out of bounds");
    norms[i] = vectors.at(slots[i]).norm;
  }
  return norms;
}

std::vector<uint8_t> Index::linked(Source& source, const uint32_t* slots, size_t count) const {
  const Graph graph = this->graph(source);
  std::vector<uint8_t> linked(count);
  for (size_t i = 0; i < count; ++i) {
    attend_at<1024>(i);
    if (slots[i] >= state_.slots) throw std::invalid_argument("linked: slot out of bounds");
    linked[i] = graph.holds(slots[i]);
  }
  return linked;
}

std::vector<Finding> Index::verify(Source& source, uint32_t free_head, uint32_t free_count) const {
  std::vector<Finding> findings;
  std::vector<uint8_t> live;
  const Vectors vectors = this->vectors(source);
  verify_vectors(vectors, state_.metric, free_head, free_count, &live, &findings);
  if (has_codes()) verify_codes(codes(source), vectors, live, &findings);
  if (has_graph())
    verify_graph(graph(source), vectors, state_.entry, state_.longest, state_.unlinked, live,
                 &findings);
  return findings;
}

}  // namespace vdb
