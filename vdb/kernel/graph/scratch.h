// Memory that one thread searches with. It grows with the collection, so it is kept between calls:
// a search of a large collection should not begin by clearing a megabyte.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "blocks/codes.h"
#include "graph/candidate_pool.h"
#include "graph/visited_set.h"

namespace vdb {

struct Scratch {
  CandidatePool pool;
  VisitedSet visited;
  std::vector<uint32_t> slots;
  std::vector<float> distances;
  CodeQuery query;
  // Of filtered searches only.
  CandidatePool nearest;
  VisitedSet bypassed;
  std::vector<uint32_t> failing, bridges;
  bool from_disk = false;  // whether pages of links may have to be read
  uint32_t computed = 0;   // distances, since a search last set it to 0
};

// A Scratch as long as the lease lives, of an earlier call if there is one.
class ScratchLease {
 public:
  ScratchLease();
  ~ScratchLease();
  ScratchLease(ScratchLease&&) = default;
  ScratchLease& operator=(ScratchLease&&) = delete;
  Scratch& operator*() const { return *scratch_; }

 private:
  std::unique_ptr<Scratch> scratch_;
};

}  // namespace vdb
