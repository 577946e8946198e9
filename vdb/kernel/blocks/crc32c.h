// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78), the checksum of everything vdb stores.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vdb {

// Continues `value` (0 to start) over `size` bytes. Same result as RFC 3720 appendix B.4.
uint32_t crc32c(const void* data, size_t size, uint32_t value = 0);

// The table-driven form, whatever the processor offers: the reference for tests.
uint32_t crc32c_portable(const void* data, size_t size, uint32_t value = 0);

}  // namespace vdb
