// A result of a search.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "distance/exact_value.h"

namespace vdb {

struct Hit {
  double value;  // exact value of the metric, see distance/exact_value.h
  uint32_t slot;
};

// Orders hits best first, equal values by slot, and keeps k.
inline void keep_best(const ExactValue& exact, uint32_t k, std::vector<Hit>* hits) {
  std::sort(hits->begin(), hits->end(), [&](const Hit& a, const Hit& b) {
    return a.value != b.value ? exact.ordered(a.value) < exact.ordered(b.value) : a.slot < b.slot;
  });
  if (hits->size() > k) hits->resize(k);
}

}  // namespace vdb
