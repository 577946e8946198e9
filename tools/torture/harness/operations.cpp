#include "operations.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "runtime/errors.h"

namespace vdb::harness {
namespace {

constexpr uint32_t kQueries = 3;

[[noreturn]] void wrong(const char* doing, const std::string& what) {
  std::fprintf(stderr, "%s: %s\n", doing, what.c_str());
  std::abort();
}

Tally counted{};

// False where it ended with Corrupted, which is as it must be.
template <typename Body>
bool survives(const char* doing, const Body& body) {
  try {
    ++counted.reads;
    body();
    return true;
  } catch (const Corrupted&) {
    ++counted.refused_reads;
    return false;
  } catch (const std::exception& error) {
    wrong(doing, error.what());
  }
}

void judge(const char* doing, const Index& index, const Index::Hits& answers, uint32_t k) {
  const IndexState& state = index.state();
  for (const std::vector<Hit>& hits : answers) {
    if (hits.size() > k) wrong(doing, "more than k hits");
    for (size_t i = 0; i < hits.size(); ++i) {
      if (hits[i].slot >= state.slots) wrong(doing, "a slot out of bounds");
      if (hits[i].value != hits[i].value) wrong(doing, "a value that is no number");
      const bool falls = state.metric == Metric::kIp || state.metric == Metric::kCosine ||
                         state.metric == Metric::kDot;
      if (i > 0 && (falls ? hits[i].value > hits[i - 1].value : hits[i].value < hits[i - 1].value))
        wrong(doing, "hits out of order");
    }
  }
}

class Reading {
 public:
  Reading(Collection& collection, const Index& index, Input& input)
      : c_(collection),
        index_(index),
        in_(input),
        random_(input.word()),
        queries_(queries_of(collection.kind, kQueries, random_)),
        k_(pick(8)),
        ef_(pick(40)) {}

  void all() {
    search();
    filtered();
    scans();
    studies();
    survives("verify", [&] { index_.verify(c_.blocks, c_.free_head, c_.free_count); });
  }

 private:
  uint32_t slots() const { return index_.state().slots; }
  // Mostly few, sometimes as many as there can be.
  uint32_t pick(uint32_t few) { return in_.below(8) == 0 ? slots() + 1 : 1 + in_.below(few); }

  void search() {
    survives("search", [&] {
      const uint32_t threads = in_.below(16) == 0 ? 2 : 1;
      const Index::SearchResults results =
          index_.search(c_.blocks, queries_.data(), kQueries, {k_, ef_}, threads);
      judge("search", index_, results.hits, k_);
      // Every node once on each level, and once more when it is ranked.
      const uint64_t most = uint64_t{slots()} * (Graph::level_limit(c_.kind.M) + 4) + 1000;
      for (const SearchStats& stats : results.stats)
        if (stats.distances > most)
          wrong("search", "a walk of " + std::to_string(stats.distances) + " steps");
    });
  }
  void filtered() {
    std::vector<uint8_t> bits((slots() + 7) / 8);
    const uint32_t of = 1 + in_.below(16);
    uint32_t count = 0;
    for (uint32_t slot = 0; slot < slots(); ++slot)
      if (random_.below(16) < of) bits[slot / 8] |= static_cast<uint8_t>(1u << slot % 8), ++count;
    if (count == 0) return;
    survives("search_filtered", [&] {
      const FilterSet filter(bits.data(), slots(), count);
      const SearchParameters parameters{std::min(k_, count), ef_};
      judge("search_filtered", index_,
            index_.search(c_.blocks, queries_.data(), kQueries, parameters, 1, &filter).hits, k_);
    });
    survives("scan_filtered", [&] {
      const FilterSet filter(bits.data(), slots(), count);
      judge("scan_filtered", index_,
            index_.scan(c_.blocks, queries_.data(), kQueries, k_, 1, &filter), k_);
    });
  }
  void scans() {
    survives("scan", [&] {
      judge("scan", index_, index_.scan(c_.blocks, queries_.data(), kQueries, k_, 1), k_);
    });
    if (c_.kind.dtype == DType::kBit) return;
    survives("scan as cosine",
             [&] { index_.scan(c_.blocks, queries_.data(), 1, k_, 1, nullptr, Metric::kCosine); });
  }
  void studies() {
    survives("graph_statistics",
             [&] { index_.graph_statistics(c_.blocks, [](size_t, size_t) {}); });
    std::vector<uint32_t> some;
    for (uint32_t i = 0; i < 4; ++i) some.push_back(in_.below(slots()));
    for (const uint32_t slot : some)
      survives("neighborhood", [&] { index_.neighborhood(c_.blocks, slot); });
    survives("norms_of", [&] { index_.norms_of(c_.blocks, some.data(), some.size()); });
    survives("linked", [&] { index_.linked(c_.blocks, some.data(), some.size()); });
    survives("norm_stats", [&] { index_.norm_stats(c_.blocks); });
    survives("free_slots", [&] { index_.free_slots(c_.blocks, c_.free_head, c_.free_count); });
    survives("copy_norms", [&] {
      const std::unique_ptr<float[]> out(new float[slots()]);
      index_.copy_norms(c_.blocks, out.get());
    });
    survives("copy_rows", [&] {
      const std::unique_ptr<uint8_t[]> out(
          new uint8_t[some.size() * index_.state().shape.row_bytes()]);
      index_.copy_rows(c_.blocks, some.data(), some.size(), out.get());
    });
  }

  Collection& c_;
  const Index& index_;
  Input& in_;
  Random random_;
  std::vector<uint8_t> queries_;
  uint32_t k_, ef_;
};

void change(Collection& c, Writer& writer, Input& in) {
  const auto tick = [](size_t, size_t) {};
  const uint32_t threads = in.below(8) == 0 ? 2 : 1;
  std::vector<uint32_t> gone;
  for (uint32_t n = in.below(2) * in.below(12); n > 0; --n)
    gone.push_back(c.live[in.below(static_cast<uint32_t>(c.live.size()))]);
  std::sort(gone.begin(), gone.end());  // a batch names no slot twice
  gone.erase(std::unique(gone.begin(), gone.end()), gone.end());
  writer.remove(c.blocks, gone.data(), gone.size(), tick);
  Random random(in.word());
  const bool far = random.below(2) == 0;
  // Some of them get other vectors, some are given back.
  const size_t kept = gone.size() / 2;
  writer.put(c.blocks, gone.data(), kept,
             rows_of(c.kind, static_cast<uint32_t>(kept), random).data());
  writer.insert(c.blocks, gone.data(), kept, c.nodes, threads, far, tick);
  writer.release(c.blocks, gone.data() + kept, gone.size() - kept);
  const uint32_t count = 1 + in.below(70), later = in.below(4);
  const std::vector<uint32_t> fresh = writer.allocate(c.blocks, count + later);
  std::vector<uint8_t> rows = rows_of(c.kind, count + later, random);
  const size_t bytes = c.state.shape.row_bytes();
  for (uint32_t i = 1; i < count && in.below(4) == 0; ++i)  // equal ones
    std::copy_n(rows.begin(), bytes, rows.begin() + static_cast<std::ptrdiff_t>(i * bytes));
  writer.put(c.blocks, fresh.data(), fresh.size(), rows.data());
  writer.insert(c.blocks, fresh.data(), count, c.nodes, threads, far, tick);
  writer.defer(c.blocks, fresh.data() + count, later);
}

}  // namespace

Tally tally() { return counted; }

void read(Collection& collection, Input& input) {
  survives("open", [&] {
    const std::shared_ptr<Index> index = collection.open();
    Reading(collection, *index, input).all();
  });
}

void write(Collection& collection, Input& input) {
  std::unique_ptr<Writer> writer;
  const bool whole = survives("write", [&] {
    writer =
        std::make_unique<Writer>(*collection.open(), collection.free_head, collection.free_count);
    change(collection, *writer, input);
  });
  ++counted.writes, --counted.reads;
  if (!whole) {  // after an exception a writer's blocks are of no use
    ++counted.refused_writes, --counted.refused_reads;
    return;
  }
  collection.commit(*writer);
  read(collection, input);
}

}  // namespace vdb::harness
