// A lower bound of exact values, in float32: a scan computes the float64 value, which takes several
// times as long, only of rows whose bound allows it to count.
#pragma once

#include <cstdint>
#include <limits>

#include "blocks/vectors.h"
#include "distance/distance.h"
#include "distance/metric.h"

namespace vdb {

// Of one query, which outlives it. Never excludes a row whose exact value would count.
class LowerBound {
 public:
  LowerBound(Metric metric, const RowShape& shape, const uint8_t* query)
      : distance_(Distance::search(metric, shape)),
        query_{query, norm_of_query(shape, query)},
        form_(spec_of(metric).search.base) {
    // A sum of n products is off by at most (n + 2) units of rounding (2^-24) of the sum of their
    // magnitudes, in whatever order it is summed; twice that leaves room for norms and differences.
    const auto n = static_cast<double>(shape.length());
    relative_ = (n + 8) / (1 << 23);
    // Numbers below the smallest normal one count as zero.
    absolute_ = n * std::numeric_limits<float>::min();
  }

  // Which of four rows may be at least as near as `worst`, an exact value as ExactValue orders it.
  void possible(const Item rows[4], double worst, bool possible[4]) const {
    float distances[4];
    distance_.four(query_, rows, distances);
    for (int i = 0; i < 4; ++i) possible[i] = !(least(distances[i], rows[i].norm) > worst);
  }

 private:
  // The lowest that the ordered exact value can be. An infinite distance has overflowed and bounds
  // nothing; nor does a row without a direction, which has no value under cosine.
  double least(double distance, double norm) const {
    if (distance == std::numeric_limits<double>::infinity()) return -distance;
    switch (form_) {
      case DistanceForm::kSum:
        return distance - relative_ * distance - absolute_;
      case DistanceForm::kNegativeDot:
        return distance - relative_ * query_.norm * norm - absolute_ * (1 + query_.norm + norm);
      default:  // kCosine
        return distance - 1 - relative_ - absolute_ / (query_.norm * norm);
    }
  }

  Distance distance_;
  Item query_;
  DistanceForm form_;
  double relative_, absolute_;
};

}  // namespace vdb
