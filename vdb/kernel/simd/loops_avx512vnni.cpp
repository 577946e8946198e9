// The loops for processors with AVX-512 and its instructions for bytes and bits (VNNI, VPOPCNTDQ).
#include "simd/distance_loops.inc"

namespace vdb {

const Loops kAvx512VnniLoops = loops_named("avx512vnni");

}  // namespace vdb
