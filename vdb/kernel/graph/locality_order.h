// An order of new vectors in which near ones are stored together, so that a search, which compares
// near vectors, touches few blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "blocks/vectors.h"
#include "distance/distance.h"

namespace vdb {

// The numbers of `items` in an order that keeps near ones together, in groups that fill a block or
// two: hierarchical clustering around a few dozen pivots on each level, which are items themselves.
// Depends on the items and their order alone. `tick` is called on the calling thread now and then;
// it may throw to stop.
std::vector<uint32_t> locality_order(const Distance& distance, const std::vector<Item>& items,
                                     uint32_t threads, const std::function<void()>& tick);

}  // namespace vdb
