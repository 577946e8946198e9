#include "simd/loops.h"

#include <atomic>
#include <stdexcept>

#if defined(VDB_X86) && defined(_MSC_VER)
#include <immintrin.h>
#include <intrin.h>
#elif defined(VDB_X86)
#include <cpuid.h>
#endif

namespace vdb {
namespace {

#if defined(VDB_X86)
#if defined(_MSC_VER)
bool has_bits(int leaf, int reg, unsigned mask) {
  int r[4];
  __cpuidex(r, leaf, 0);
  return (static_cast<unsigned>(r[reg]) & mask) == mask;
}
// The operating system must save the wide registers too (XCR0), not only the processor have them.
bool has_avx2() {
  return has_bits(1, 2, 1u << 29 | 1u << 27 | 1u << 23 | 1u << 12) && (_xgetbv(0) & 0x6) == 0x6 &&
         has_bits(7, 1, 1u << 5);
}
bool has_avx512() {
  return has_avx2() && (_xgetbv(0) & 0xE6) == 0xE6 &&
         has_bits(7, 1, 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31);
}
#else
// F16C and POPCNT came with processors older than AVX2; one without them has other loops.
bool has_avx2() {
  unsigned a, b, c, d;
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
         __builtin_cpu_supports("popcnt") && __get_cpuid(1, &a, &b, &c, &d) != 0 &&
         (c & 1u << 29) != 0;
}
bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}
bool has_avx512_vnni() {
  return has_avx512() && __builtin_cpu_supports("avx512vnni") &&
         __builtin_cpu_supports("avx512vpopcntdq");
}
#endif
#endif

std::atomic<const Loops*>& chosen() {
  static std::atomic<const Loops*> loops{available_loops().front()};
  return loops;
}

}  // namespace

#if defined(VDB_X86) && !defined(_MSC_VER)
extern const uint8_t kOne = 1;
#endif

std::vector<const Loops*> available_loops() {
  std::vector<const Loops*> all;
#if defined(VDB_X86)
#if !defined(_MSC_VER)
  if (has_avx512_vnni()) all.push_back(&kAvx512VnniLoops);
#endif
  if (has_avx512()) all.push_back(&kAvx512Loops);
  if (has_avx2()) all.push_back(&kAvx2Loops);
#endif
  all.push_back(&kPortableLoops);
  return all;
}

const Loops& loops() { return *chosen().load(std::memory_order_relaxed); }

void use_loops(const std::string& name) {
  for (const Loops* candidate : available_loops())
    if (name.empty() || name == candidate->name) {
      chosen().store(candidate, std::memory_order_relaxed);
      return;
    }
  throw std::invalid_argument("instruction set: this processor has no '" + name + "'");
}

}  // namespace vdb
