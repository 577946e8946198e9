// The loops for the base instruction set of the platform (on 64-bit Arm that includes NEON).
#include "distance.h"
#include "distance_loops.inc"

namespace vdb {

#if defined(VDB_NEON)
const Loops kPortableLoops{"neon", dot, l2, dot4, l24, exact_dot, exact_l2};
#else
const Loops kPortableLoops{"portable", dot, l2, dot4, l24, exact_dot, exact_l2};
#endif

}  // namespace vdb
