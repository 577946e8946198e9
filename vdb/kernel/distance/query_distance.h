// Distances from one vector to many slots, which each step of a walk computes.
#pragma once

#include <algorithm>
#include <cstdint>

#include "blocks/vectors.h"
#include "distance/distance.h"

namespace vdb {

// Whether rows are vectors or codes is hidden behind it. Threads: one each.
class QueryDistance {
 public:
  virtual ~QueryDistance() = default;
  // out[i] = distance to slots[i]; lower is nearer; never NaN. REQUIRES slots below the bound.
  virtual void compute(const uint32_t* slots, uint32_t count, float* out) = 0;
};

// Where rows lie that are prefetched and not compared yet: `Ahead` of them, and a group of four.
template <typename Place, uint32_t Ahead>
class PrefetchRing {
 public:
  Place& operator[](uint32_t i) { return places_[i % kSize]; }
  // A group of four beginning at `i`, one behind the other.
  const Place* four(uint32_t i) const { return places_ + i % kSize; }

 private:
  static constexpr uint32_t kSize = 32;
  static_assert(Ahead + 4 <= kSize && Ahead % 4 == 0, "a place is used again too early");
  Place places_[kSize];
};

// From a query, or from a stored vector as the owner of a list, depending on `distance`.
class VectorQueryDistance final : public QueryDistance {
 public:
  // Rows are prefetched `ahead` of the one that is compared, at most kFarAhead: that many pay off
  // where many slots are compared at once. `from_disk`: whether pages may be missing, and are
  // prefetched for first.
  static constexpr uint32_t kFarAhead = 12;
  VectorQueryDistance(const Vectors& vectors, const Distance& distance, Item from,
                      uint32_t ahead = 4, bool from_disk = false)
      : vectors_(vectors), distance_(distance), from_(from), ahead_(ahead), from_disk_(from_disk) {}
  void compute(const uint32_t* slots, uint32_t count, float* out) override;

 private:
  void prefetch(const uint32_t* slots, uint32_t first, uint32_t last);

  const Vectors& vectors_;
  Distance distance_;
  Item from_;
  uint32_t ahead_;
  bool from_disk_;
  PrefetchRing<Vectors::Location, kFarAhead> ring_;
};

}  // namespace vdb
