// The inner loops over float32 rows and the run-time choice of instruction set.
//
// Every loop takes unaligned rows. Sums may be reordered by the compiler, so results differ between
// instruction sets in the last bits; on one machine the same loop gives the same bits each time.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace vdb {

struct Loops {
  const char* name;  // "avx512", "avx2", "neon", "portable"
  float (*dot)(const float* a, const float* b, size_t dim);
  float (*l2)(const float* a, const float* b, size_t dim);  // squared L2
  // One query against four rows at once: four independent sums hide the latency of one.
  void (*dot4)(const float* query, const float* const rows[4], size_t dim, float out[4]);
  void (*l24)(const float* query, const float* const rows[4], size_t dim, float out[4]);
  // The same quantities summed in float64: for values that a user sees, and for norms.
  double (*exact_dot)(const float* a, const float* b, size_t dim);
  double (*exact_l2)(const float* a, const float* b, size_t dim);
};

const Loops& loops();                         // the best that this processor runs
std::vector<const Loops*> available_loops();  // all that it runs, best first; for tests
void use_loops(const std::string& name);      // "" for the best; throws std::invalid_argument

extern const Loops kPortableLoops;
#if defined(VDB_X86)
extern const Loops kAvx2Loops;
extern const Loops kAvx512Loops;
#endif

}  // namespace vdb
