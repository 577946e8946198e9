// Pairs of nodes in order of distance: the order in which the gap of a removed node is closed.
#pragma once

#include <cstdint>
#include <vector>

#include "blocks/vectors.h"
#include "distance/distance.h"

namespace vdb {

struct Pair {
  float distance;  // seen from both sides and added: build distances need not be symmetric
  uint32_t a, b;   // positions in the list of nodes, a < b
};

// Every pair of the listed slots, nearest first, equal distances by position.
std::vector<Pair> nearest_pairs(const Vectors& vectors, const Distance& build,
                                const std::vector<uint32_t>& slots);

}  // namespace vdb
