// float16 (IEEE 754 binary16) to float32, by the processor's own instruction where there is one.
//
// Only for the files that are compiled per instruction set: everything here has internal linkage,
// so that none of them gets the instructions of another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__AVX512F__) || defined(__F16C__)
#include <immintrin.h>
#endif

namespace vdb {
namespace {

// Exact for every finite number, denormal ones too, also where denormal float32 are taken as zero.
// Without branches, so that loops over it can be vectorised.
inline float widen_one(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
  const int32_t magnitude = half & 0x7FFF;
  // Exponents are moved; that of infinities and NaN to the end of its range.
  const uint32_t moved =
      (static_cast<uint32_t>(magnitude) << 13) + (magnitude < 0x7C00 ? 112u << 23 : 224u << 23);
  // Zero and denormal numbers are multiples of 2^-24.
  const float small = static_cast<float>(magnitude) * 5.9604644775390625e-8f;
  uint32_t small_bits;
  std::memcpy(&small_bits, &small, sizeof small);
  const uint32_t bits = sign | (magnitude < 0x0400 ? small_bits : moved);
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

inline void widen(const uint16_t* halves, size_t n, float* out) {
  size_t i = 0;
#if defined(__AVX512F__)
  for (; i + 16 <= n; i += 16)
    _mm512_storeu_ps(
        out + i, _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(halves + i))));
#endif
#if defined(__F16C__)
  for (; i + 8 <= n; i += 8)
    _mm256_storeu_ps(
        out + i, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(halves + i))));
#elif defined(__aarch64__) && defined(__GNUC__)
  for (; i < n; ++i) {
    __fp16 half;
    std::memcpy(&half, halves + i, sizeof half);
    out[i] = static_cast<float>(half);
  }
#endif
  for (; i < n; ++i) out[i] = widen_one(halves[i]);
}

#if defined(__GNUC__) && defined(__F16C__)
// As many float32 as a register holds, with the operators of numbers; the first n of them, then
// zeros.
#define VDB_LANES 1
#if defined(__AVX512F__)
using Lanes = __m512;
inline Lanes lanes_of(const float* numbers) { return _mm512_loadu_ps(numbers); }
inline Lanes lanes_of(const uint16_t* halves) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(halves)));
}
#else
using Lanes = __m256;
inline Lanes lanes_of(const float* numbers) { return _mm256_loadu_ps(numbers); }
inline Lanes lanes_of(const uint16_t* halves) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(halves)));
}
#endif
constexpr size_t kLanes = sizeof(Lanes) / sizeof(float);

template <typename T>
Lanes lanes_of(const T* numbers, size_t n) {
  if (n >= kLanes) return lanes_of(numbers);
  T padded[kLanes] = {};
  std::memcpy(padded, numbers, n * sizeof(T));
  return lanes_of(padded);
}

inline float added_up(Lanes lanes) {
  float sum = 0;
  for (size_t i = 0; i < kLanes; ++i) sum += lanes[i];
  return sum;
}
#endif

}  // namespace
}  // namespace vdb
