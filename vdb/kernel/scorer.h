// Distances of one fixed vector to many slots: the one question the graph asks about vectors.
// What rows are made of stays behind it.
#pragma once

#include <cstdint>
#include <vector>

#include "metric.h"
#include "vectors.h"

namespace vdb {

class Scorer {
 public:
  virtual ~Scorer() = default;
  // out[i] = distance to slots[i]; lower is nearer; never NaN. REQUIRES slots below the bound.
  virtual void score(const uint32_t* slots, uint32_t count, float* out) = 0;
};

// `from` is a query, or a stored vector seen as owner of a list, depending on `distance`.
class VectorScorer final : public Scorer {
 public:
  // Rows are asked for `ahead` of the one that is compared, at most kFarAhead. Far ahead pays where
  // many are scored at once.
  static constexpr uint32_t kFarAhead = 12;
  VectorScorer(const Vectors& vectors, const Distance& distance, Item from, uint32_t ahead = 4)
      : vectors_(vectors), distance_(distance), from_(from), ahead_(ahead) {}
  void score(const uint32_t* slots, uint32_t count, float* out) override;

 private:
  const Vectors& vectors_;
  const Distance& distance_;
  Item from_;
  uint32_t ahead_;
};

}  // namespace vdb
