// The loops for processors with AVX-512 (F, DQ, BW, VL).
#include "distance.h"
#include "distance_loops.inc"

namespace vdb {

const Loops kAvx512Loops{"avx512", dot, l2, dot4, l24, exact_dot, exact_l2};

}  // namespace vdb
