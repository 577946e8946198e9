// A scan's first look at a row, in float32: most rows are out of the question without their exact
// value, which takes several times as long.
#pragma once

#include <cstdint>
#include <limits>

#include "blocks/vectors.h"
#include "distance/metric.h"

namespace vdb {

// One query. Never turns away a row whose exact value would count.
class Screen {
 public:
  Screen(Metric metric, const RowShape& shape, const uint8_t* query)
      : distance_(Distance::search(metric, shape)),
        query_{query, norm_of_query(shape, query)},
        form_(metric == Metric::kCosine                         ? Form::kCosine
              : metric == Metric::kIp || metric == Metric::kDot ? Form::kDot
                                                                : Form::kSum) {
    // A sum of n products is off by at most (n + 2) units of rounding (2^-24) of the sum of their
    // magnitudes, in whatever order it is summed; twice that leaves room for norms and differences.
    const auto n = static_cast<double>(shape.length());
    relative_ = (n + 8) / (1 << 23);
    // Numbers below the smallest normal one count as zero.
    absolute_ = n * std::numeric_limits<float>::min();
  }

  // Of four rows, which could be at least as near as `worst`, a value as ExactValue orders it.
  void look(const Item rows[4], double worst, bool near[4]) const {
    float distances[4];
    distance_.four(query_, rows, distances);
    for (int i = 0; i < 4; ++i) near[i] = !(least(distances[i], rows[i].norm) > worst);
  }

 private:
  enum class Form : uint8_t { kSum, kDot, kCosine };
  // The lowest that the ordered exact value can be. Infinity has overflowed, and says nothing; nor
  // does a row without a direction, which has no value under cosine.
  double least(double distance, double norm) const {
    if (distance == std::numeric_limits<double>::infinity()) return -distance;
    switch (form_) {
      case Form::kSum:
        return distance - relative_ * distance - absolute_;
      case Form::kDot:
        return distance - relative_ * query_.norm * norm - absolute_ * (1 + query_.norm + norm);
      default:
        return distance - 1 - relative_ - absolute_ / (query_.norm * norm);
    }
  }

  Distance distance_;
  Item query_;
  Form form_;
  double relative_, absolute_;
};

}  // namespace vdb
