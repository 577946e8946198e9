// Prefetching into the processor's cache. A hint: any address is allowed.
#pragma once

#include <cstddef>

#if defined(_MSC_VER) && (defined(_M_X64) || defined(_M_IX86))
#include <xmmintrin.h>
#endif

namespace vdb {

inline void prefetch_line(const void* p) {
#if defined(_MSC_VER) && (defined(_M_X64) || defined(_M_IX86))
  _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T0);
#elif defined(__GNUC__) || defined(__clang__)
  __builtin_prefetch(p);
#else
  (void)p;
#endif
}

inline void prefetch_bytes(const void* p, size_t bytes) {
  for (size_t at = 0; at < bytes; at += 64) prefetch_line(static_cast<const char*>(p) + at);
}

}  // namespace vdb
