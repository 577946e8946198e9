// What is near: the metrics, and the two distances each of them has inside the kernel.
//
// A distance is lower for nearer vectors. `search` orders what a query sees; `build` shapes the
// graph, seen from the node that owns the list of links. They differ for inner product only.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>

#include "distance.h"
#include "vectors.h"

namespace vdb {

enum class Metric : uint8_t { kL2, kIp, kCosine };

inline Metric metric_named(const std::string& name) {
  if (name == "l2") return Metric::kL2;
  if (name == "ip") return Metric::kIp;
  if (name == "cosine") return Metric::kCosine;
  throw std::invalid_argument("metric: expected l2, ip or cosine, got '" + name + "'");
}

class Distance {
 public:
  static Distance search(Metric metric, uint32_t dim) {
    return Distance(metric == Metric::kL2   ? Form::kL2
                    : metric == Metric::kIp ? Form::kNegativeDot
                                            : Form::kCosine,
                    dim);
  }
  static Distance build(Metric metric, uint32_t dim) {
    return Distance(metric == Metric::kL2   ? Form::kL2
                    : metric == Metric::kIp ? Form::kLocalInnerProduct
                                            : Form::kCosine,
                    dim);
  }

  // Several sums at once; `to` holds four items.
  void four(const Item& from, const Item* to, float* out) const {
    const float* const rows[4] = {to[0].row, to[1].row, to[2].row, to[3].row};
    if (form_ == Form::kL2) {
      loops_.l24(from.row, rows, dim_, out);
      for (int i = 0; i < 4; ++i) out[i] = orderable(out[i]);
      return;
    }
    loops_.dot4(from.row, rows, dim_, out);
    for (int i = 0; i < 4; ++i) out[i] = from_dot(from.norm, to[i].norm, out[i]);
  }
  float one(const Item& from, const Item& to) const {
    if (form_ == Form::kL2) return orderable(loops_.l2(from.row, to.row, dim_));
    return from_dot(from.norm, to.norm, loops_.dot(from.row, to.row, dim_));
  }

 private:
  enum class Form : uint8_t { kL2, kCosine, kNegativeDot, kLocalInnerProduct };
  Distance(Form form, uint32_t dim) : loops_(loops()), form_(form), dim_(dim) {}

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

  const Loops& loops_;
  Form form_;
  uint32_t dim_;
};

// The natural value of a metric in float64: squared L2, inner product, cosine similarity. Used for
// everything a user sees; the same bits whether a row was found by the graph or by a scan.
class ExactValue {
 public:
  ExactValue(Metric metric, const float* query, uint32_t dim)
      : loops_(loops()), metric_(metric), query_(query), dim_(dim) {
    if (metric == Metric::kCosine) query_square_ = loops_.exact_dot(query, query, dim);
  }
  double operator()(const float* row) const {
    if (metric_ == Metric::kL2) return loops_.exact_l2(query_, row, dim_);
    const double dot = loops_.exact_dot(query_, row, dim_);
    if (metric_ == Metric::kIp) return dot;
    const double cosine = dot / std::sqrt(query_square_ * loops_.exact_dot(row, row, dim_));
    return cosine > 1.0 ? 1.0 : cosine < -1.0 ? -1.0 : cosine;
  }
  // Lower is nearer: what results are ordered by.
  double ordered(double value) const { return metric_ == Metric::kL2 ? value : -value; }

 private:
  const Loops& loops_;
  Metric metric_;
  const float* query_;
  uint32_t dim_;
  double query_square_ = 0;
};

}  // namespace vdb
