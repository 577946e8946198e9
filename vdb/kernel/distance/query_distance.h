// Distances of one fixed vector to many slots: the one question the graph asks about vectors.
// What rows are made of stays behind it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "blocks/vectors.h"
#include "distance/metric.h"

namespace vdb {

class Scorer {
 public:
  virtual ~Scorer() = default;
  // out[i] = distance to slots[i]; lower is nearer; never NaN. REQUIRES slots below the bound.
  virtual void score(const uint32_t* slots, uint32_t count, float* out) = 0;
};

// Where rows lie that were asked for and not compared yet: `Ahead` of them, and a group of four.
template <typename Place, uint32_t Ahead>
class Ring {
 public:
  Place& operator[](uint32_t i) { return places_[i % kSize]; }
  // Of a group of four, which `i` begins: behind each other.
  const Place* four(uint32_t i) const { return places_ + i % kSize; }

 private:
  static constexpr uint32_t kSize = 32;
  static_assert(Ahead + 4 <= kSize && Ahead % 4 == 0, "a place is used again too early");
  Place places_[kSize];
};

// `from` is a query, or a stored vector seen as owner of a list, depending on `distance`.
class VectorScorer final : public Scorer {
 public:
  // Rows are asked for `ahead` of the one that is compared, at most kFarAhead. Far ahead pays where
  // many are scored at once. `missing`: whether to ask the system for them too.
  static constexpr uint32_t kFarAhead = 12;
  VectorScorer(const Vectors& vectors, const Distance& distance, Item from, uint32_t ahead = 4,
               bool missing = false)
      : vectors_(vectors), distance_(distance), from_(from), ahead_(ahead), missing_(missing) {}
  void score(const uint32_t* slots, uint32_t count, float* out) override;

 private:
  void ask(const uint32_t* slots, uint32_t first, uint32_t last);

  const Vectors& vectors_;
  Distance distance_;
  Item from_;
  uint32_t ahead_;
  bool missing_;
  Ring<Vectors::Location, kFarAhead> ring_;
};

}  // namespace vdb
