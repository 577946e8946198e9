// The value of a metric as a user sees it, in float64: squared L2, inner product, cosine
// similarity, L1, differing bits. The bits of the result are the same whether the graph or a scan
// led to a row. Of integers it is exact.
#pragma once

#include <cmath>
#include <cstdint>

#include "blocks/dtype.h"
#include "distance/metric.h"

namespace vdb {

// Of one query, which outlives it.
class ExactValue {
 public:
  ExactValue(Metric metric, const RowShape& shape, const uint8_t* query)
      : sum_((shape.query_with_row().*spec_of(metric).sum).exact),
        square_(shape.rows().dot.exact),
        cosine_(spec_of(metric).search.base == DistanceForm::kCosine),
        similarity_(spec_of(metric).similarity),
        query_(query),
        length_(shape.length()) {
    if (cosine_) query_square_ = shape.queries().dot.exact(query, query, length_);
  }
  double operator()(const uint8_t* row) const {
    const double sum = sum_(query_, row, length_);
    if (!cosine_) return sum;
    const double cosine = sum / std::sqrt(query_square_ * square_(row, row, length_));
    return cosine > 1.0 ? 1.0 : cosine < -1.0 ? -1.0 : cosine;
  }
  // The value as a key of order: lower is nearer. Its own inverse.
  double ordered(double value) const { return similarity_ ? -value : value; }

 private:
  decltype(Sum::exact) sum_, square_;
  bool cosine_, similarity_;
  const uint8_t* query_;
  size_t length_;
  double query_square_ = 0;
};

}  // namespace vdb
