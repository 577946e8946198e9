// Memory of one walking thread. It grows with the collection, so it is kept between calls: a walk
// over a large collection should not begin by clearing a megabyte.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "blocks/codes.h"
#include "graph/candidate_pool.h"
#include "graph/visited_set.h"

namespace vdb {

struct Scratch {
  Pool pool;
  Visited visited;
  std::vector<uint32_t> slots;
  std::vector<float> distances;
  CodeQuery query;
  // Of filtered walks only.
  Pool guide;
  Visited bypassed;
  std::vector<uint32_t> failing, bridges;
  bool missing = false;   // whether pages of links may have to be read
  uint32_t computed = 0;  // distances, since somebody last set it to 0
};

// A Scratch for as long as the lease lives; taken from those that earlier calls left, if any.
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
