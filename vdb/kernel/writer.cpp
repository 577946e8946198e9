#include "writer.h"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <unordered_set>

#include "graph/locality_order.h"
#include "graph/remover.h"
#include "runtime/cancellation.h"
#include "runtime/errors.h"
#include "runtime/float_mode.h"
#include "runtime/parallel.h"

namespace vdb {
namespace {

constexpr size_t kLongestKept = 64;
constexpr size_t kLongestLeast = 16;  // fewer, and the longest vectors are looked for again
constexpr size_t kTickEvery = 256;    // removals between two ticks

std::shared_ptr<Index> writable_copy(const Index& base, std::shared_ptr<BlockTable> vectors,
                                     const std::vector<std::shared_ptr<BlockTable>>& links,
                                     const std::shared_ptr<BlockTable>& codes) {
  std::vector<std::shared_ptr<BlockTable>> copies;
  for (const auto& table : links) copies.push_back(BlockTable::for_writing(table));
  return std::make_shared<Index>(base.state(), BlockTable::for_writing(std::move(vectors)),
                                 std::move(copies),
                                 codes == nullptr ? nullptr : BlockTable::for_writing(codes));
}

}  // namespace

Writer::Writer(const Index& base, uint32_t free_head, uint32_t free_count)
    : index_(writable_copy(base, base.vectors_, base.links_, base.codes_)),
      free_head_(free_head),
      free_count_(free_count) {}

std::vector<uint32_t> Writer::allocate(Source& source, size_t count) {
  IndexState& state = index_->state_;
  std::vector<uint32_t> slots;
  slots.reserve(count);
  const size_t reused = std::min<size_t>(count, free_count_);
  if (count - reused > kMaxSlots - state.slots)
    throw std::length_error("a collection holds at most 2^31 - 2 vectors");
  for (size_t i = 0; i < reused; ++i) {
    if (free_head_ >= state.slots) throw Corrupted("the free list ends early");
    slots.push_back(free_head_);
    free_head_ = index_->vectors(source).next_free(free_head_);
  }
  std::vector<uint32_t> sorted(slots);
  std::sort(sorted.begin(), sorted.end());
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end())
    throw Corrupted("the free list comes back to a slot");
  free_count_ -= static_cast<uint32_t>(reused);
  for (size_t i = reused; i < count; ++i) slots.push_back(state.slots++);
  index_->vectors_->grow(state.slots);
  for (const auto& table : index_->links_) table->grow(state.slots);
  if (index_->codes_ != nullptr) index_->codes_->grow(state.slots);
  return slots;
}

std::vector<uint32_t> Writer::locality_order(const std::vector<const uint8_t*>& rows,
                                             uint32_t threads,
                                             const std::function<void()>& tick) const {
  const IndexState& state = index_->state_;
  const size_t count = rows.size();
  if (count > kMaxSlots) throw std::length_error("a collection holds at most 2^31 - 2 vectors");
  std::vector<Item> items(count);
  parallel_for(static_cast<uint32_t>(count), threads, 1024, [&](uint32_t i, uint32_t) {
    check_cancelled_every<1024>(i);
    items[i] = {rows[i], norm_of_row(state.shape, rows[i])};
  });
  return vdb::locality_order(Distance::build(state.metric, state.shape), items, threads, tick);
}

void Writer::put(Source& source, const uint32_t* slots, size_t count, const uint8_t* rows) {
  const Vectors vectors = index_->vectors(source);
  for (size_t i = 0; i < count; ++i) {
    check_cancelled_every<1024>(i);
    if (slots[i] >= vectors.slots()) throw std::invalid_argument("put: slot out of bounds");
    vectors.put(slots[i], rows + i * vectors.row_bytes());
  }
}

void Writer::insert(Source& source, const uint32_t* slots, size_t count, size_t nodes,
                    uint32_t threads, bool offer_long_links, const Builder::Tick& tick) {
  if (!index_->has_graph()) return;
  const FlushDenormals guard;
  IndexState& state = index_->state_;
  const Vectors vectors = index_->vectors(source);
  Graph graph = index_->graph(source);
  put_codes(source, slots, count);
  std::optional<Codes> codes;
  if (index_->has_codes()) codes.emplace(index_->codes(source));
  Builder(vectors, codes ? &*codes : nullptr, graph, state.metric, state.ef_construction,
          &state.entry)
      .insert(slots, count, nodes, threads, offer_long_links, tick);
  forget_unlinked(slots, count);
  add_longest(source, slots, count, nodes);
}

// Vectors that wait for their links have their codes already.
void Writer::put_codes(Source& source, const uint32_t* slots, size_t count) {
  if (!index_->has_codes()) return;
  const Vectors vectors = index_->vectors(source);
  const Codes codes = index_->codes(source);
  const std::unordered_set<uint32_t> coded = unlinked_of(slots, count);
  for (size_t i = 0; i < count; ++i) {
    check_cancelled_every<256>(i);
    if (slots[i] >= index_->state_.slots) throw std::invalid_argument("slot out of bounds");
    if (coded.count(slots[i]) == 0) codes.put(slots[i], vectors.shape(), vectors.at(slots[i]).row);
  }
}

void Writer::erase_codes(Source& source, const uint32_t* slots, size_t count) {
  if (!index_->has_codes()) return;
  const Codes codes = index_->codes(source);
  for (size_t i = 0; i < count; ++i) codes.erase(slots[i]);
}

void Writer::defer(Source& source, const uint32_t* slots, size_t count) {
  IndexState& state = index_->state_;
  Graph graph = index_->graph(source);
  BlockTable& rows = *index_->links_.at(0);
  put_codes(source, slots, count);
  for (size_t i = 0; i < count; ++i) {
    if (slots[i] >= state.slots) throw std::invalid_argument("defer: slot out of bounds");
    // Their rows are empty already; only a block of rows that no node has used yet is missing.
    if (rows.block_or_null(rows.place(slots[i]).block, source) == nullptr)
      graph.clear_row(slots[i]);
    state.unlinked.push_back(slots[i]);
  }
}

// There may be many unlinked ones, and few of these: the smaller set is the one that is hashed.
std::unordered_set<uint32_t> Writer::unlinked_of(const uint32_t* slots, size_t count) const {
  const auto& unlinked = index_->state_.unlinked;
  std::unordered_set<uint32_t> both;
  if (unlinked.empty() || count == 0) return both;
  std::vector<uint32_t> sorted(slots, slots + count);
  std::sort(sorted.begin(), sorted.end());
  for (const uint32_t slot : unlinked)
    if (std::binary_search(sorted.begin(), sorted.end(), slot)) both.insert(slot);
  return both;
}

void Writer::forget_unlinked(const uint32_t* slots, size_t count) {
  const std::unordered_set<uint32_t> gone = unlinked_of(slots, count);
  if (gone.empty()) return;
  auto& unlinked = index_->state_.unlinked;
  unlinked.erase(std::remove_if(unlinked.begin(), unlinked.end(),
                                [&](uint32_t slot) { return gone.count(slot) > 0; }),
                 unlinked.end());
}

void Writer::remove(Source& source, const uint32_t* slots, size_t count,
                    const Builder::Tick& tick) {
  if (!index_->has_graph()) return;
  const FlushDenormals guard;
  IndexState& state = index_->state_;
  const Vectors vectors = index_->vectors(source);
  Graph graph = index_->graph(source);
  Remover remover(vectors, graph, state.metric, &state.entry);
  const std::unordered_set<uint32_t> unlinked = unlinked_of(slots, count);
  for (size_t i = 0; i < count; ++i) {
    if (slots[i] >= state.slots) throw std::invalid_argument("remove: slot out of bounds");
    drop_longest(graph, slots[i]);
    if (unlinked.count(slots[i]) == 0) remover.remove(slots[i]);
    if ((i + 1) % kTickEvery == 0) tick(i + 1, count);
  }
  forget_unlinked(slots, count);
  erase_codes(source, slots, count);
  refill_longest(source);
}

void Writer::put_bare(Source& source, const uint32_t* slots, size_t count) {
  const Vectors vectors = index_->vectors(source);
  for (size_t i = 0; i < count; ++i) {
    check_cancelled_every<1024>(i);
    if (slots[i] >= vectors.slots()) throw std::invalid_argument("put_bare: slot out of bounds");
    vectors.put_bare(slots[i]);
  }
}

void Writer::release(Source& source, const uint32_t* slots, size_t count) {
  const Vectors vectors = index_->vectors(source);
  for (size_t i = 0; i < count; ++i) {
    if (slots[i] >= vectors.slots()) throw std::invalid_argument("release: slot out of bounds");
    vectors.put_free(slots[i], free_head_);
    free_head_ = slots[i];
  }
  free_count_ += static_cast<uint32_t>(count);
}

// The longest vectors kept are nodes, never duplicates: a walk may start from them. No node that is
// not kept is longer than one that is, so a list that has lost some takes no shorter ones in.
void Writer::add_longest(Source& source, const uint32_t* slots, size_t count, size_t nodes) {
  IndexState& state = index_->state_;
  if (state.metric != Metric::kIp) return;
  const Vectors vectors = index_->vectors(source);
  const Graph graph = index_->graph(source);
  const bool all = state.longest.size() >= nodes;
  const float least = all || state.longest.empty() ? 0 : vectors.at(state.longest.back()).norm;
  std::vector<uint32_t> candidates = state.longest;
  for (size_t i = 0; i < count; ++i)
    if (!graph.is_unused(slots[i]) && !graph.is_duplicate(slots[i]) &&
        vectors.at(slots[i]).norm >= least)
      candidates.push_back(slots[i]);
  keep_longest(vectors, candidates);
  if (!all) refill_longest(source);
}

void Writer::keep_longest(const Vectors& vectors, const std::vector<uint32_t>& candidates) {
  std::vector<Candidate> order;  // longest first, equal lengths by slot
  for (const uint32_t slot : candidates) order.push_back({-vectors.at(slot).norm, slot});
  const size_t keep = std::min(kLongestKept, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(keep), order.end());
  std::vector<uint32_t>& longest = index_->state_.longest;
  longest.clear();
  for (size_t i = 0; i < keep; ++i) longest.push_back(order[i].slot);
}

// Before a slot leaves the graph. Its place falls to the duplicate that takes over its links.
void Writer::drop_longest(const Graph& graph, uint32_t slot) {
  std::vector<uint32_t>& longest = index_->state_.longest;
  const auto at = std::find(longest.begin(), longest.end(), slot);
  if (at == longest.end()) return;
  const uint32_t heir = graph.is_unused(slot) ? kNone : graph.next_duplicate(slot);
  if (heir == kNone)
    longest.erase(at);
  else
    *at = heir;
}

void Writer::refill_longest(Source& source) {
  const IndexState& state = index_->state_;
  if (state.metric != Metric::kIp || state.longest.size() >= kLongestLeast) return;
  const Vectors vectors = index_->vectors(source);
  const Graph graph = index_->graph(source);
  std::vector<uint32_t> nodes;
  for (uint32_t slot = 0; slot < state.slots; ++slot) {
    check_cancelled_every<1024>(slot);
    // In this order: of vectors of its own, blocks may be missing where nothing is linked yet.
    if (graph.holds(slot) && !graph.is_duplicate(slot) && vectors.live(slot)) nodes.push_back(slot);
  }
  keep_longest(vectors, nodes);
}

void Writer::stored() {
  index_->vectors_->forget_copies();  // none where the vectors are not its own
  for (const auto& table : index_->links_) table->forget_copies();
  if (index_->has_codes()) index_->codes_->forget_copies();
}

void Writer::follow(const Index& newer) {
  if (newer.vectors_->shape().row_size != index_->vectors_->shape().row_size)
    throw std::invalid_argument("follow: not a later state of the same collection");
  grow(newer.state_.slots);
  index_->vectors_ = BlockTable::for_writing(newer.vectors_);
}

void Writer::grow(uint32_t slots) {
  if (slots < index_->state_.slots || slots > kMaxSlots)
    throw std::invalid_argument("grow: not a later state of the same collection");
  index_->state_.slots = slots;
  index_->vectors_->grow(slots);
  for (const auto& table : index_->links_) table->grow(slots);
  if (index_->has_codes()) index_->codes_->grow(slots);
}

void Writer::copy_empty(Source& source, const Index& from, const uint32_t* slots, size_t count) {
  const Vectors vectors = index_->vectors(source), others = from.vectors(source);
  for (size_t i = 0; i < count; ++i) {
    if (slots[i] >= vectors.slots() || slots[i] >= others.slots())
      throw std::invalid_argument("copy_empty: slot out of bounds");
    if (others.bare(slots[i]))
      vectors.put_bare(slots[i]);
    else
      vectors.put_free(slots[i], others.next_free(slots[i]));
  }
}

void Writer::fill(Source& source, uint32_t first) {
  if (!index_->has_graph() || first >= index_->state_.slots) return;
  const auto fill = [&](BlockTable& table) {
    for (uint32_t n = table.place(first).block; n < table.blocks(); ++n)
      if (table.block_or_null(n, source) == nullptr) table.writable(n, source);
  };
  fill(*index_->links_[0]);
  if (index_->has_codes()) fill(*index_->codes_);
}

size_t Writer::dirty_blocks() const {
  size_t blocks = 0;
  for (const BlockTable* table : index_->tables()) blocks += table->dirty().size();
  return blocks;
}

size_t Writer::dirty_bytes() const {
  size_t bytes = 0;
  for (const BlockTable* table : index_->tables())
    bytes += table->dirty().size() * table->shape().block_size;
  return bytes;
}

std::vector<Writer::Sealed> Writer::seal(uint64_t commit, size_t first, size_t count) {
  std::vector<Sealed> sealed;
  size_t at = 0;
  const auto take = [&](BlockTable& table) {
    std::vector<uint32_t> numbers = table.dirty();
    std::sort(numbers.begin(), numbers.end());
    for (const uint32_t n : numbers) {
      if (at >= first && at - first < count)
        sealed.push_back({&table, n, table.seal(n, commit, index_->state_.slots)});
      ++at;
    }
  };
  take(*index_->vectors_);
  for (const auto& table : index_->links_) take(*table);
  if (index_->has_codes()) take(*index_->codes_);
  return sealed;
}

}  // namespace vdb
