// Which pages the searches of one collection find in memory, estimated from what the last searches
// had to read from disk, and the prefetch policy of the next search.
#pragma once

#include <atomic>
#include <cstdint>

namespace vdb {

// How a search treats pages that may be missing. Asking the system for a page (madvise) costs about
// as much as comparing a dozen vectors, and is wasted where the page is in memory.
struct PrefetchPolicy {
  bool walk = false;    // prefetch the rows that the walk is about to compare
  bool rerank = false;  // prefetch the vectors to rerank, all at once
  bool evict = false;   // evict those pages again after reranking
  bool any() const { return walk || rerank || evict; }
};

// Bytes that a search has read from disk.
struct DiskReads {
  uint64_t walk = 0;
  uint64_t rerank = 0;
};

// Threads: any number.
class Residency {
 public:
  PrefetchPolicy policy() const {
    const uint8_t flags = flags_.load(std::memory_order_relaxed);
    return {(flags & kWalk) != 0, (flags & kRerank) != 0, (flags & kEvict) != 0};
  }

  // After a search under `policy`. `guide`: bytes of the links and codes that guide a walk, 0 where
  // walks compare the vectors themselves.
  //
  // Memory is short where walks have read more than `guide` in total, so some of it twice, and
  // still read. Then vectors, of which each search needs a few that the next one does not, drive
  // out the links and codes that every search needs. So their pages are evicted after use, until
  // walks find nearly everything in memory.
  void record(const PrefetchPolicy& policy, const DiskReads& reads, uint64_t guide) {
    const uint64_t walk = policy.any() ? reads.walk : reads.walk + reads.rerank;
    // Updates of other threads in between may be lost: these are estimates.
    uint8_t flags = 0;
    if (walk >= kManyBytes) flags |= kWalk;
    if (reads.walk + reads.rerank > 0) flags |= kRerank;
    if (guide > 0) {
      const uint64_t before = walk_average_.load(std::memory_order_relaxed);
      const uint64_t average = before - before / kAveraged + reads.walk / kAveraged;
      if (average != before) walk_average_.store(average, std::memory_order_relaxed);
      const uint64_t total = walk_total_.load(std::memory_order_relaxed) + reads.walk;
      if (reads.walk > 0) walk_total_.store(total, std::memory_order_relaxed);
      if (total > guide && average > kFewBytes) flags |= kEvict;
    }
    if (flags != flags_.load(std::memory_order_relaxed))
      flags_.store(flags, std::memory_order_relaxed);
  }

 private:
  static constexpr uint8_t kWalk = 1, kRerank = 2, kEvict = 4;
  static constexpr uint64_t kManyBytes = 64 << 10;  // in one walk
  static constexpr uint64_t kFewBytes = 16 << 10;   // in a walk on average
  static constexpr uint64_t kAveraged = 64;         // weight of the moving average, in searches

  std::atomic<uint8_t> flags_{kWalk | kRerank};  // at first nothing is known to be in memory
  std::atomic<uint64_t> walk_average_{0};        // bytes that a walk reads
  std::atomic<uint64_t> walk_total_{0};          // bytes that all walks have read
};

}  // namespace vdb
