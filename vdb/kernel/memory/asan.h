// Memory that must not be touched, marked for AddressSanitizer; without it this costs nothing.
#pragma once

#include <cstddef>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define VDB_ADDRESS_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define VDB_ADDRESS_SANITIZER 1
#endif
#if defined(VDB_ADDRESS_SANITIZER)
#include <sanitizer/asan_interface.h>
#endif

namespace vdb {

// Until it is freed. REQUIRES an end on a multiple of 8, or at the end of an allocation.
inline void poison(const void* from, size_t bytes) {
#if defined(VDB_ADDRESS_SANITIZER)
  __asan_poison_memory_region(from, bytes);
#else
  (void)from;
  (void)bytes;
#endif
}

}  // namespace vdb
