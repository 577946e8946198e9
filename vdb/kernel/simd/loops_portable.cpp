// The loops for the base instruction set of the platform (on 64-bit Arm that includes NEON).
#include "simd/distance_loops.inc"

namespace vdb {

#if defined(VDB_NEON)
const Loops kPortableLoops = loops_named("neon");
#else
const Loops kPortableLoops = loops_named("portable");
#endif

}  // namespace vdb
