// What is near: the metrics, and the two distances each of them has inside the kernel.
//
// A distance is lower for nearer vectors. `search` orders what a query sees; `build` shapes the
// graph, seen from the node that owns the list of links. They differ for inner product, and where
// queries are of another dtype than rows. For inner product level 0 differs from the levels above.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>

#include "blocks/dtype.h"
#include "blocks/vectors.h"

namespace vdb {

enum class Metric : uint8_t { kL2, kIp, kCosine, kDot, kL1, kHamming };

// `dot` promises unit vectors; of int8, which cannot have length 1, it is plain inner product.
inline Metric metric_named(const std::string& name, DType dtype) {
  if ((name == "hamming") == (dtype == DType::kBit)) {
    if (name == "l2") return Metric::kL2;
    if (name == "ip") return Metric::kIp;
    if (name == "cosine") return Metric::kCosine;
    if (name == "dot") return dtype == DType::kInt8 ? Metric::kIp : Metric::kDot;
    if (name == "l1") return Metric::kL1;
    if (name == "hamming") return Metric::kHamming;
  }
  throw std::invalid_argument(
      "metric: expected l2, ip, cosine, dot or l1, or hamming for dtype bit, got '" + name + "'");
}

class Distance {
 public:
  static Distance search(Metric metric, const RowShape& shape) {
    const Form form = metric == Metric::kIp || metric == Metric::kDot ? Form::kNegativeDot
                      : metric == Metric::kCosine                     ? Form::kCosine
                                                                      : Form::kSum;
    return {form, sum_of(metric, shape.query_with_row()), shape};
  }
  static Distance build(Metric metric, const RowShape& shape) {
    const Form form = metric == Metric::kIp ? Form::kLocalInnerProduct
                      : metric == Metric::kCosine || metric == Metric::kDot ? Form::kCosine
                                                                            : Form::kSum;
    return {form, sum_of(metric, shape.rows()), shape};
  }
  // The sum that a metric is made of.
  static const Sum& sum_of(Metric metric, const PairLoops& loops) {
    switch (metric) {
      case Metric::kL2:
        return loops.l2;
      case Metric::kL1:
      case Metric::kHamming:
        return loops.l1;
      default:
        return loops.dot;
    }
  }
  // On the levels above level 0, which under inner product lead to a direction.
  static Distance search_above(Metric metric, const RowShape& shape) {
    return search(metric == Metric::kIp ? Metric::kCosine : metric, shape);
  }
  static Distance build_above(Metric metric, const RowShape& shape) {
    return build(metric == Metric::kIp ? Metric::kCosine : metric, shape);
  }

  // Several sums at once; `to` holds four items.
  void four(const Item& from, const Item* to, float* out) const {
    const uint8_t* const rows[4] = {to[0].row, to[1].row, to[2].row, to[3].row};
    four_(from.row, rows, length_, out);
    if (form_ == Form::kSum) {
      for (int i = 0; i < 4; ++i) out[i] = orderable(out[i]);
      return;
    }
    for (int i = 0; i < 4; ++i) out[i] = from_dot(from.norm, to[i].norm, out[i]);
  }
  float one(const Item& from, const Item& to) const {
    const float sum = one_(from.row, to.row, length_);
    return form_ == Form::kSum ? orderable(sum) : from_dot(from.norm, to.norm, sum);
  }

 private:
  enum class Form : uint8_t { kSum, kCosine, kNegativeDot, kLocalInnerProduct };
  Distance(Form form, const Sum& sum, const RowShape& shape)
      : one_(sum.one), four_(sum.four), length_(shape.length()), form_(form) {}

  // NaN would break every ordered structure: it counts as infinitely far.
  static float orderable(float d) { return d == d ? d : std::numeric_limits<float>::infinity(); }
  float from_dot(float from, float to, float dot) const {
    switch (form_) {
      case Form::kCosine:
        return orderable(1.0f - dot / (from * to));
      case Form::kNegativeDot:
        return orderable(-dot);
      default: {
        // max(|x|^2, (|x|^2 + |y|^2) / 2) - x.y: inner product order among shorter vectors, half
        // the squared L2 among longer ones. Needs no largest norm; 1 - cosine on unit vectors.
        const float x2 = from * from, y2 = to * to;
        return orderable((y2 > x2 ? 0.5f * (x2 + y2) : x2) - dot);
      }
    }
  }

  decltype(Sum::one) one_;
  decltype(Sum::four) four_;
  size_t length_;
  Form form_;
};

// What a graph is built with, by level.
class BuildDistances {
 public:
  BuildDistances(Metric metric, const RowShape& shape)
      : base_(Distance::build(metric, shape)),
        above_(Distance::build_above(metric, shape)),
        differ_(metric == Metric::kIp) {}
  const Distance& at(uint32_t level) const { return level == 0 ? base_ : above_; }
  bool differ() const { return differ_; }  // level 0 from the levels above it

 private:
  Distance base_, above_;
  bool differ_;
};

// The natural value of a metric in float64: squared L2, inner product, cosine similarity, L1,
// differing bits. Used for everything a user sees; the same bits whether a row was found by the
// graph or by a scan. Of integers it is exact.
class ExactValue {
 public:
  ExactValue(Metric metric, const RowShape& shape, const uint8_t* query)
      : sum_(Distance::sum_of(metric, shape.query_with_row()).exact),
        square_(shape.rows().dot.exact),
        metric_(metric),
        query_(query),
        length_(shape.length()) {
    if (metric == Metric::kCosine) query_square_ = shape.queries().dot.exact(query, query, length_);
  }
  double operator()(const uint8_t* row) const {
    const double sum = sum_(query_, row, length_);
    if (metric_ != Metric::kCosine) return sum;
    const double cosine = sum / std::sqrt(query_square_ * square_(row, row, length_));
    return cosine > 1.0 ? 1.0 : cosine < -1.0 ? -1.0 : cosine;
  }
  // Lower is nearer: what results are ordered by.
  double ordered(double value) const {
    return metric_ == Metric::kIp || metric_ == Metric::kCosine || metric_ == Metric::kDot ? -value
                                                                                           : value;
  }

 private:
  decltype(Sum::exact) sum_, square_;
  Metric metric_;
  const uint8_t* query_;
  size_t length_;
  double query_square_ = 0;
};

}  // namespace vdb
