// Denormal floats make a dot product a hundred times slower: kernel loops run with them flushed to
// zero. The caller's mode is restored on every way out, and wherever the caller's own code is
// called from inside. One guard per thread that computes.
#pragma once

#include <cstdint>

#if defined(__x86_64__) || defined(_M_X64)
#include <xmmintrin.h>
#endif

namespace vdb {

// The control word of the thread's floating-point unit; 0 where it cannot be read.
inline uint64_t float_mode() {
#if defined(__x86_64__) || defined(_M_X64)
  return _mm_getcsr();
#elif defined(__aarch64__) && (defined(__GNUC__) || defined(__clang__))
  uint64_t mode;
  __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
  return mode;
#else
  return 0;
#endif
}

inline void set_float_mode(uint64_t mode) {
#if defined(__x86_64__) || defined(_M_X64)
  _mm_setcsr(static_cast<unsigned>(mode));
#elif defined(__aarch64__) && (defined(__GNUC__) || defined(__clang__))
  __asm__ volatile("msr fpcr, %0" : : "r"(mode));
#else
  (void)mode;
#endif
}

// Another mode for as long as it lives.
class FloatMode {
 public:
  explicit FloatMode(uint64_t mode) : saved_(float_mode()) { set_float_mode(mode); }
  ~FloatMode() { set_float_mode(saved_); }
  FloatMode(const FloatMode&) = delete;
  FloatMode& operator=(const FloatMode&) = delete;

 private:
  uint64_t saved_;
};

class FlushDenormals : public FloatMode {
 public:
#if defined(__x86_64__) || defined(_M_X64)
  FlushDenormals() : FloatMode(float_mode() | 0x8040u) {}  // FTZ | DAZ
#else
  FlushDenormals() : FloatMode(float_mode() | (uint64_t{1} << 24)) {}  // FZ
#endif
};

// Denormals as IEEE 754 has them, whatever the caller's mode.
class IeeeFloats : public FloatMode {
 public:
#if defined(__x86_64__) || defined(_M_X64)
  IeeeFloats() : FloatMode(float_mode() & ~uint64_t{0x8040u}) {}
#else
  IeeeFloats() : FloatMode(float_mode() & ~(uint64_t{1} << 24)) {}
#endif
};

}  // namespace vdb
