// Large pages for large memory that is about to be filled.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace vdb {

// Asks for pages of 2 MiB inside of fresh memory, as numpy does for its arrays: one fault of the
// processor for each instead of 512. Small memory is left as it is, and so are other systems.
inline void prefer_huge_pages([[maybe_unused]] void* memory, [[maybe_unused]] size_t size) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  constexpr size_t kLarge = size_t{4} << 20, kPage = 4096;
  if (size < kLarge) return;
  const size_t skip = (kPage - reinterpret_cast<uintptr_t>(memory) % kPage) % kPage;
  madvise(static_cast<uint8_t*>(memory) + skip, (size - skip) / kPage * kPage, MADV_HUGEPAGE);
#endif
}

}  // namespace vdb
