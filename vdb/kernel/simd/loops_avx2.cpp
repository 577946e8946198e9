// The loops for processors with AVX2 and FMA.
#include "simd/distance_loops.inc"

namespace vdb {

const Loops kAvx2Loops = loops_named("avx2");

}  // namespace vdb
