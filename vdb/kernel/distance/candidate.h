// A slot and how far it is from the query. Equal distances are ordered by the smaller slot, so that
// a result depends on the data alone.
#pragma once

#include <cstdint>

namespace vdb {

struct Candidate {
  float distance;
  uint32_t slot;
  friend bool operator<(const Candidate& a, const Candidate& b) {
    return a.distance != b.distance ? a.distance < b.distance : a.slot < b.slot;
  }
};

}  // namespace vdb
