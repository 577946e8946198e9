// The loops for processors with AVX-512 (F, DQ, BW, VL).
#include "simd/distance_loops.inc"

namespace vdb {

const Loops kAvx512Loops = loops_named("avx512");

}  // namespace vdb
