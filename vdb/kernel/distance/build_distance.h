// The distances that a thread builds a graph with: of codes where the collection has them, else of
// vectors.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "distance/code_distance.h"
#include "distance/code_resolution.h"
#include "distance/distance.h"
#include "distance/pair_distance.h"
#include "distance/query_distance.h"

namespace vdb {

// Threads: one each.
class BuildDistance {
 public:
  // `codes` may be nullptr. Both outlive this.
  BuildDistance(const Vectors& vectors, const Codes* codes, Metric metric)
      : vectors_(vectors), codes_(codes), metric_(metric), build_(metric, vectors.shape()) {
    for (const uint32_t level : {0u, 1u}) {
      vector_pairs_[level] = std::make_unique<VectorPairDistance>(vectors, build_.at(level));
      if (codes != nullptr)
        code_pairs_[level] = std::make_unique<CodePairDistance>(*codes, code_distance(level));
    }
  }

  // Between any two stored vectors on a level; with `exact`, by vectors even where there are codes.
  PairDistance& pairs(uint32_t level, bool exact) {
    return *(exact || codes_ == nullptr ? vector_pairs_ : code_pairs_)[level == 0 ? 0 : 1];
  }
  // From one stored vector on a level. Valid until the next call for another slot.
  std::unique_ptr<QueryDistance> from(uint32_t slot, uint32_t level, bool exact) {
    if (exact || codes_ == nullptr)
      return std::make_unique<VectorQueryDistance>(vectors_, build_.at(level), vectors_.at(slot));
    query_.set(codes_->shape(), codes_->at(slot));
    return std::make_unique<CodeQueryDistance>(*codes_, code_distance(level), query_);
  }
  // Whether codes can order the candidates near a stored vector on a level, which come nearest
  // first by their codes. True where there are no codes.
  bool codes_resolve(uint32_t slot, uint32_t level, const std::vector<Candidate>& candidates) {
    if (codes_ == nullptr || candidates.empty()) return true;
    query_.set(codes_->shape(), codes_->at(slot));
    return CodeResolution(*codes_, code_distance(level), query_).resolves(candidates);
  }

 private:
  CodeDistance code_distance(uint32_t level) const {
    return level == 0 ? CodeDistance::build(metric_) : CodeDistance::build_above(metric_);
  }

  const Vectors& vectors_;
  const Codes* codes_;
  Metric metric_;
  LevelDistances build_;
  CodeQuery query_;
  std::unique_ptr<PairDistance> vector_pairs_[2], code_pairs_[2];
};

}  // namespace vdb
