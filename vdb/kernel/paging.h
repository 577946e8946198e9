// Pages of the map that are not in memory: asking the system for them before they are needed, and
// seeing afterwards what had to be read. Large files are mapped without the system's own reading
// ahead, which would read far more than a walk needs.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/mman.h>
#endif
#if defined(__linux__)
#include <sys/resource.h>
#endif

namespace vdb {

// A hint: any address will do, and errors say nothing.
inline void read_ahead(const uint8_t* from, size_t bytes) {
#if defined(__unix__) || defined(__APPLE__)
  constexpr uintptr_t kPage = 4096;
  const auto first = reinterpret_cast<uintptr_t>(from), start = first & ~(kPage - 1);
  madvise(reinterpret_cast<void*>(start), first + bytes - start, MADV_WILLNEED);
#else
  (void)from;
  (void)bytes;
#endif
}

// How much a thread has read from the disk since this was made, the pages of maps that it touched
// included. Where the system does not count by threads, always nothing. Threads: each its own.
class DiskReads {
 public:
  DiskReads() : before_(sectors()) {}
  uint64_t bytes() const { return (sectors() - before_) * 512; }

 private:
  static uint64_t sectors() {
#if defined(__linux__)
    rusage usage;
    return getrusage(RUSAGE_THREAD, &usage) == 0 ? static_cast<uint64_t>(usage.ru_inblock) : 0;
#else
    return 0;
#endif
  }
  uint64_t before_;
};

// How much of what a search reads may be missing in memory. Asking the system for a page costs
// about as much as comparing a dozen vectors, and is wasted where it is there.
enum class Missing : uint8_t {
  kNothing,
  kSome,  // the vectors of the last candidates are asked for, all at once
  kMost,  // and whatever a walk is about to compare
};

// What searches of one index meet: the last ones tell what the next ones may expect.
// Threads: any number.
class Residency {
 public:
  Missing missing() const { return missing_.load(std::memory_order_relaxed); }
  // After a search on this thread.
  void note(const DiskReads& reads) {
    const uint64_t bytes = reads.bytes();
    const Missing seen = bytes == 0      ? Missing::kNothing
                         : bytes < kMuch ? Missing::kSome
                                         : Missing::kMost;
    if (seen != missing()) missing_.store(seen, std::memory_order_relaxed);
  }

 private:
  static constexpr uint64_t kMuch = 64 << 10;  // for one search
  std::atomic<Missing> missing_{Missing::kNothing};
};

}  // namespace vdb
