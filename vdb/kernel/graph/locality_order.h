// Which new vectors should lie beside each other: near ones, so that a search, which looks at near
// vectors, touches few blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "blocks/vectors.h"
#include "distance/metric.h"

namespace vdb {

// The numbers of `items` in an order that keeps near ones together, in groups that a block or two
// hold: they are divided among a few dozen of themselves, each going to the nearest, and so on in
// every part. Depends on the items and their order alone. `tick` is called on the calling thread
// now and then; what it throws ends the work.
std::vector<uint32_t> arrange(const Distance& distance, const std::vector<Item>& items,
                              uint32_t threads, const std::function<void()>& tick);

}  // namespace vdb
