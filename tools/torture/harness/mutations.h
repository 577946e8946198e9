// Lies in a collection, under valid checksums.
#pragma once

#include "collection.h"
#include "input.h"

namespace vdb::harness {

// Changes what the input says, and seals every block that changed. Blocks are the collection's own
// afterwards.
void mutate(Collection* collection, Input& input);

}  // namespace vdb::harness
