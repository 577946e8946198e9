// What a thread that builds a graph compares by: codes where there are some, else vectors.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "distance/code_distance.h"
#include "distance/code_resolution.h"
#include "distance/metric.h"
#include "distance/pair_distance.h"
#include "distance/query_distance.h"

namespace vdb {

class Yardstick {
 public:
  // `codes` may be nullptr. Both live longer than this.
  Yardstick(const Vectors& vectors, const Codes* codes, Metric metric)
      : vectors_(vectors), codes_(codes), metric_(metric), build_(metric, vectors.shape()) {
    for (const uint32_t level : {0u, 1u}) {
      by_vectors_[level] = std::make_unique<VectorComparer>(vectors, build_.at(level));
      if (codes != nullptr)
        by_codes_[level] = std::make_unique<CodeComparer>(*codes, by_codes(level));
    }
  }

  bool has_codes() const { return codes_ != nullptr; }
  // With `exact`, by vectors where there are codes too.
  Comparer& comparer(uint32_t level, bool exact) {
    return *(exact || codes_ == nullptr ? by_vectors_ : by_codes_)[level == 0 ? 0 : 1];
  }
  // Distances of a stored vector on a level, until the next one is asked for of another.
  std::unique_ptr<Scorer> scorer(uint32_t slot, uint32_t level, bool exact) {
    if (exact || codes_ == nullptr)
      return std::make_unique<VectorScorer>(vectors_, build_.at(level), vectors_.at(slot));
    query_.set(codes_->shape(), codes_->at(slot));
    return std::make_unique<CodeScorer>(*codes_, by_codes(level), query_);
  }
  // Whether codes tell apart what is near a stored vector: candidates on a level, nearest first by
  // their codes.
  bool tells_apart(uint32_t slot, uint32_t level, const std::vector<Candidate>& candidates) {
    if (codes_ == nullptr || candidates.empty()) return true;
    query_.set(codes_->shape(), codes_->at(slot));
    return Resolution(*codes_, by_codes(level), query_).orders(candidates);
  }

 private:
  CodeDistance by_codes(uint32_t level) const {
    return level == 0 ? CodeDistance::build(metric_) : CodeDistance::build_above(metric_);
  }

  const Vectors& vectors_;
  const Codes* codes_;
  Metric metric_;
  BuildDistances build_;
  CodeQuery query_;
  std::unique_ptr<Comparer> by_vectors_[2], by_codes_[2];
};

}  // namespace vdb
