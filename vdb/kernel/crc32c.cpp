#include "crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#include <nmmintrin.h>
#define VDB_CRC_SSE42 1
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#define VDB_CRC_ARM 1
#endif

namespace vdb {
namespace {

using Tables = std::array<std::array<uint32_t, 256>, 8>;

Tables make_tables() {
  Tables t{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t c = i;
    for (int bit = 0; bit < 8; ++bit) c = (c >> 1) ^ ((c & 1) ? 0x82F63B78u : 0u);
    t[0][i] = c;
  }
  for (uint32_t i = 0; i < 256; ++i)
    for (size_t k = 1; k < 8; ++k) t[k][i] = (t[k - 1][i] >> 8) ^ t[0][t[k - 1][i] & 0xFF];
  return t;
}

#if defined(VDB_CRC_SSE42)
constexpr size_t kLane = 1024;  // bytes of each of three lanes that are summed side by side

// What `kLane` zero bytes make of a register, as four tables of one byte each: sums of lanes that
// were computed apart are joined by shifting the earlier ones past the later ones.
using Shift = std::array<std::array<uint32_t, 256>, 4>;

__attribute__((target("sse4.2"))) uint32_t past_lane(uint32_t c) {
  uint64_t wide = c;
  for (size_t i = 0; i < kLane; i += 8) wide = _mm_crc32_u64(wide, 0);
  return static_cast<uint32_t>(wide);
}

Shift make_shift() {
  Shift shift{};
  for (uint32_t byte = 0; byte < 4; ++byte)
    for (uint32_t value = 0; value < 256; ++value)
      shift[byte][value] = past_lane(value << (8 * byte));
  return shift;
}

uint32_t shifted(const Shift& shift, uint32_t c) {
  return shift[0][c & 0xFF] ^ shift[1][(c >> 8) & 0xFF] ^ shift[2][(c >> 16) & 0xFF] ^
         shift[3][c >> 24];
}

uint64_t word_at(const uint8_t* p) {
  uint64_t word;
  std::memcpy(&word, p, 8);
  return word;
}

// The instruction takes three cycles and can be started every cycle: three lanes keep it busy.
__attribute__((target("sse4.2"))) uint32_t crc32c_hardware(const uint8_t* p, size_t size,
                                                           uint32_t value) {
  static const Shift shift = make_shift();
  uint64_t c = static_cast<uint32_t>(~value);
  for (; size >= 3 * kLane; p += 3 * kLane, size -= 3 * kLane) {
    uint64_t second = 0, third = 0;
    for (size_t i = 0; i < kLane; i += 8) {
      c = _mm_crc32_u64(c, word_at(p + i));
      second = _mm_crc32_u64(second, word_at(p + kLane + i));
      third = _mm_crc32_u64(third, word_at(p + 2 * kLane + i));
    }
    c = shifted(shift, static_cast<uint32_t>(c)) ^ second;
    c = shifted(shift, static_cast<uint32_t>(c)) ^ third;
  }
  for (; size >= 8; p += 8, size -= 8) c = _mm_crc32_u64(c, word_at(p));
  auto narrow = static_cast<uint32_t>(c);
  for (; size > 0; ++p, --size) narrow = _mm_crc32_u8(narrow, *p);
  return ~narrow;
}
bool has_hardware() { return __builtin_cpu_supports("sse4.2"); }
#elif defined(VDB_CRC_ARM)
uint32_t crc32c_hardware(const uint8_t* p, size_t size, uint32_t value) {
  uint32_t c = ~value;
  for (; size >= 8; p += 8, size -= 8) {
    uint64_t word;
    std::memcpy(&word, p, 8);
    c = __crc32cd(c, word);
  }
  for (; size > 0; ++p, --size) c = __crc32cb(c, *p);
  return ~c;
}
bool has_hardware() { return true; }
#else
uint32_t crc32c_hardware(const uint8_t* p, size_t size, uint32_t value) {
  return crc32c_portable(p, size, value);
}
bool has_hardware() { return false; }
#endif

}  // namespace

uint32_t crc32c_portable(const void* data, size_t size, uint32_t value) {
  static const Tables t = make_tables();
  const auto* p = static_cast<const uint8_t*>(data);
  uint32_t c = ~value;
  for (; size >= 8; p += 8, size -= 8) {
    // Bytes are taken one by one, so the result does not depend on the machine's byte order.
    c ^= uint32_t{p[0]} | uint32_t{p[1]} << 8 | uint32_t{p[2]} << 16 | uint32_t{p[3]} << 24;
    c = t[7][c & 0xFF] ^ t[6][(c >> 8) & 0xFF] ^ t[5][(c >> 16) & 0xFF] ^ t[4][c >> 24] ^
        t[3][p[4]] ^ t[2][p[5]] ^ t[1][p[6]] ^ t[0][p[7]];
  }
  for (; size > 0; ++p, --size) c = (c >> 8) ^ t[0][(c ^ *p) & 0xFF];
  return ~c;
}

uint32_t crc32c(const void* data, size_t size, uint32_t value) {
  static const bool hardware = has_hardware();
  return hardware ? crc32c_hardware(static_cast<const uint8_t*>(data), size, value)
                  : crc32c_portable(data, size, value);
}

}  // namespace vdb
