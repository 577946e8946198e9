#include "blocks/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#include <nmmintrin.h>
#include <wmmintrin.h>
#define VDB_CRC_X86 1
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

#if defined(VDB_CRC_X86)
// x^n modulo the polynomial, bit 63 standing for x^0: a factor for carry-less multiplication.
uint64_t power_of_x(uint32_t n) {
  uint32_t r = 0x80000000u;
  for (; n > 0; --n) r = (r >> 1) ^ ((r & 1) ? 0x82F63B78u : 0u);
  return uint64_t{r} << 32;
}

uint64_t word_at(const uint8_t* p) {
  uint64_t word;
  std::memcpy(&word, p, 8);
  return word;
}

__attribute__((target("sse4.2"))) uint32_t by_words(const uint8_t* p, size_t size,
                                                    uint32_t register_) {
  uint64_t c = register_;
  for (; size >= 8; p += 8, size -= 8) c = _mm_crc32_u64(c, word_at(p));
  auto narrow = static_cast<uint32_t>(c);
  for (; size > 0; ++p, --size) narrow = _mm_crc32_u8(narrow, *p);
  return narrow;
}

// Folding (Gopal and others, Fast CRC computation for generic polynomials using PCLMULQDQ): four
// accumulators of 16 bytes are moved 64 bytes on at a time, each multiplied by x^512, which leaves
// 64 bytes with the same remainder as all before. The CRC instruction does those and what is left.
__attribute__((target("sse4.2,pclmul"))) uint32_t crc32c_hardware(const uint8_t* p, size_t size,
                                                                  uint32_t value) {
  constexpr size_t kStep = 64;
  if (size < 4 * kStep) return ~by_words(p, size, ~value);
  // A product of two registers reads as x times the product of their polynomials, hence the - 1.
  static const uint64_t low = power_of_x(512 + 64 - 1), high = power_of_x(512 - 1);
  const __m128i factors = _mm_set_epi64x(static_cast<long long>(high), static_cast<long long>(low));
  __m128i sums[4];
  for (int i = 0; i < 4; ++i)
    sums[i] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 16 * i));
  sums[0] = _mm_xor_si128(sums[0], _mm_cvtsi32_si128(static_cast<int>(~value)));
  for (p += kStep, size -= kStep; size >= kStep; p += kStep, size -= kStep)
    for (int i = 0; i < 4; ++i) {
      const __m128i next = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 16 * i));
      sums[i] = _mm_xor_si128(_mm_xor_si128(_mm_clmulepi64_si128(sums[i], factors, 0x00),
                                            _mm_clmulepi64_si128(sums[i], factors, 0x11)),
                              next);
    }
  uint8_t folded[kStep];
  for (int i = 0; i < 4; ++i)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(folded + 16 * i), sums[i]);
  return ~by_words(p, size, by_words(folded, kStep, 0));
}
bool has_hardware() { return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul"); }
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
