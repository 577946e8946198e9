// A result of a search.
#pragma once

#include <cstdint>

namespace vdb {

struct Hit {
  double value;  // natural value of the metric
  uint32_t slot;
};

}  // namespace vdb
