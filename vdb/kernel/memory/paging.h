// Pages of the map that are not in memory: prefetching them through the system, evicting them, and
// counting what had to be read. Large files are mapped without the system's own readahead, which
// would read far more than a walk needs.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/mman.h>
#include <unistd.h>
#endif
#if defined(__linux__)
#include <sys/resource.h>
#endif

namespace vdb {

// Bytes of a page of memory: 4,096 on most systems, 16,384 and 65,536 on others.
inline uintptr_t page_bytes() {
#if defined(__unix__) || defined(__APPLE__)
  static const auto bytes = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  return bytes;
#else
  return 4096;
#endif
}

#if defined(__unix__) || defined(__APPLE__)
// A hint about the pages that hold these bytes: any address is allowed, errors are ignored.
inline void advise(const uint8_t* from, size_t bytes, int advice) {
  const auto first = reinterpret_cast<uintptr_t>(from), start = first & ~(page_bytes() - 1);
  madvise(reinterpret_cast<void*>(start), first + bytes - start, advice);
}
#endif

// The bytes will be read soon: the system begins to read their pages from disk.
inline void will_need(const uint8_t* from, size_t bytes) {
#if defined(__unix__) || defined(__APPLE__)
  advise(from, bytes, MADV_WILLNEED);
#else
  (void)from, (void)bytes;
#endif
}

// The pages are the first to go when memory is short. The system keeps pages that others have
// mapped.
inline void evict(const uint8_t* from, size_t bytes) {
#if defined(MADV_PAGEOUT)
  advise(from, bytes, MADV_PAGEOUT);
#else
  (void)from, (void)bytes;
#endif
}

// Pages of a file's map that a copy is read in place of: they stay in the system's cache, and in
// this process no more. They come back where they are read all the same.
inline void let_go(const uint8_t* from, size_t bytes) {
#if defined(__linux__) && defined(MADV_DONTNEED)
  advise(from, bytes, MADV_DONTNEED);
#else
  (void)from, (void)bytes;
#endif
}

// Bytes that the thread has read from disk since this was made, pages of maps included. Always 0
// where the system does not count by thread (all but Linux). Threads: each its own.
class DiskReadCounter {
 public:
  DiskReadCounter() : before_(sectors()) {}
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

}  // namespace vdb
