// Threads that search while another writes, the way the engine does it: readers hold the index and
// the blocks of one commit, the writer works on copies and publishes the next commit whole. To be
// run under ThreadSanitizer, which reports what the kernel does not keep apart.
//
// Usage: threads SECONDS SEED. Prints how many searches and commits there were.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "collection.h"
#include "runtime/errors.h"

namespace vdb::harness {
namespace {

constexpr uint32_t kReaders = 5, kThreads = 3, kBatch = 40;

// What a snapshot holds: it does not change any more, but tables learn addresses as they are used.
struct Moment {
  std::shared_ptr<Index> index;
  Blocks blocks;
  uint32_t free_head, free_count;
};

class Published {
 public:
  std::shared_ptr<Moment> now() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return moment_;
  }
  void next(std::shared_ptr<Moment> moment) {
    const std::lock_guard<std::mutex> lock(mutex_);
    moment_ = std::move(moment);
  }

 private:
  std::mutex mutex_;
  std::shared_ptr<Moment> moment_;
};

std::shared_ptr<Moment> moment_of(const Collection& collection, const Index* older = nullptr) {
  return std::make_shared<Moment>(Moment{collection.open(older), collection.blocks,
                                         collection.free_head, collection.free_count});
}

void expect(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

void read(const Kind& kind, Published& published, const std::atomic<bool>& over,
          std::atomic<uint64_t>& searches, uint64_t seed) {
  Random random(seed);
  while (!over.load()) {
    const std::shared_ptr<Moment> moment = published.now();
    const Index& index = *moment->index;
    const uint32_t slots = index.state().slots;
    const std::vector<uint8_t> queries = queries_of(kind, 4, random);
    const uint32_t threads = 1 + random.below(2);
    switch (random.below(5)) {
      case 0: {
        std::vector<uint8_t> bits((slots + 7) / 8, 0xFF);
        if (slots % 8 != 0) bits.back() = static_cast<uint8_t>((1u << slots % 8) - 1);
        try {
          const FilterSet filter(bits.data(), slots, slots);
          index.search(moment->blocks, queries.data(), 4, {5, 30}, threads, &filter);
        } catch (const Corrupted&) {  // a free slot among them
        }
        break;
      }
      case 1:
        index.scan(moment->blocks, queries.data(), 4, 5, threads);
        break;
      case 2:
        expect(index.verify(moment->blocks, moment->free_head, moment->free_count).empty(),
               "a commit that is not sound");
        break;
      case 3:
        index.graph_statistics(moment->blocks, [](size_t, size_t) {});
        break;
      default:
        for (const auto& hits :
             index.search(moment->blocks, queries.data(), 4, {5, 30}, threads).hits)
          expect(!hits.empty(), "a search that found nothing");
    }
    ++searches;
  }
}

// Batches that add, replace and remove; one in eight is given up.
void write(Collection& collection, Published& published, Random& random) {
  const auto tick = [](size_t, size_t) {};
  const std::shared_ptr<Moment> moment = published.now();
  Writer writer(*moment->index, collection.free_head, collection.free_count);
  const size_t bytes = collection.state.shape.row_bytes();
  const bool far = random.below(2) == 0;
  std::vector<uint8_t> rows = rows_of(collection.kind, kBatch, random);
  std::copy_n(rows.begin(), bytes, rows.begin() + static_cast<std::ptrdiff_t>(bytes));  // twins
  const std::vector<uint32_t> slots = writer.allocate(collection.blocks, kBatch);
  writer.put(collection.blocks, slots.data(), slots.size(), rows.data());
  writer.insert(collection.blocks, slots.data(), kBatch, collection.nodes, kThreads, far, tick);
  const std::vector<uint32_t> gone(slots.begin(), slots.begin() + kBatch / 2);
  writer.remove(collection.blocks, gone.data(), gone.size(), tick);
  if (random.below(2) == 0) {
    const std::vector<uint8_t> others = rows_of(collection.kind, kBatch / 2, random);
    writer.put(collection.blocks, gone.data(), gone.size(), others.data());
    writer.insert(collection.blocks, gone.data(), gone.size(), collection.nodes, kThreads, far,
                  tick);
  } else {
    writer.release(collection.blocks, gone.data(), gone.size());
  }
  if (random.below(8) == 0) return;
  collection.commit(writer);
  collection.nodes += kBatch / 2;
  published.next(moment_of(collection, moment->index.get()));
}

// Room for several copies of its blocks: commits fill an arena with copies that they replace.
Collection made(const Kind& kind, uint64_t seed) {
  Collection collection = make(kind, seed);
  collection.memory = std::make_shared<ResidentMemory>(uint64_t{256} << 20, 0, false);
  return collection;
}

}  // namespace
}  // namespace vdb::harness

int main(int count, char** arguments) {
  using namespace vdb::harness;
  if (count != 3) {
    std::fprintf(stderr, "usage: threads SECONDS SEED\n");
    return 2;
  }
  const double seconds = std::atof(arguments[1]) / static_cast<double>(kinds().size());
  const uint64_t seed = std::strtoull(arguments[2], nullptr, 10);
  std::atomic<uint64_t> searches{0};
  uint64_t commits = 0;
  for (const Kind& kind : kinds()) {
    Random random(seed);
    Collection collection = made(kind, seed);
    Published published;
    published.next(moment_of(collection));
    std::atomic<bool> over{false};
    uint64_t most = 0;  // bytes of copies at a time
    std::vector<std::thread> readers;
    for (uint32_t i = 0; i < kReaders; ++i)
      readers.emplace_back([&, i] { read(kind, published, over, searches, seed + i); });
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    while (std::chrono::steady_clock::now() < end) {
      if (collection.state.slots > 3000) {
        collection = made(kind, seed + commits);
        published.next(moment_of(collection));
      }
      most = std::max(most, collection.memory->used());
      write(collection, published, random);
      ++commits;
    }
    over = true;
    for (std::thread& reader : readers) reader.join();
    expect(most > 0, "no copies of blocks were made");
  }
  std::printf("right: %llu searches, %llu batches\n",
              static_cast<unsigned long long>(searches.load()),
              static_cast<unsigned long long>(commits));
  return 0;
}
