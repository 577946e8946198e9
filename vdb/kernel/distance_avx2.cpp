// The loops for processors with AVX2 and FMA.
#include "distance.h"
#include "distance_loops.inc"

namespace vdb {

const Loops kAvx2Loops{"avx2", dot, l2, dot4, l24, exact_dot, exact_l2};

}  // namespace vdb
