// The distance of two vectors under a metric, in float32.
#pragma once

#include <cstdint>
#include <limits>

#include "blocks/vectors.h"
#include "distance/metric.h"

namespace vdb {

// Of a query and a stored vector (`search`), or of two stored vectors (`build`).
class Distance {
 public:
  static Distance search(Metric metric, const RowShape& shape) {
    return {spec_of(metric), spec_of(metric).search.base, shape.query_with_row(), shape};
  }
  static Distance build(Metric metric, const RowShape& shape) {
    return {spec_of(metric), spec_of(metric).build.base, shape.rows(), shape};
  }
  // On the levels above level 0.
  static Distance search_above(Metric metric, const RowShape& shape) {
    return {spec_of(metric), spec_of(metric).search.above, shape.query_with_row(), shape};
  }
  static Distance build_above(Metric metric, const RowShape& shape) {
    return {spec_of(metric), spec_of(metric).build.above, shape.rows(), shape};
  }

  // Four distances at once; `to` holds four items.
  void four(const Item& from, const Item* to, float* out) const {
    const uint8_t* const rows[4] = {to[0].row, to[1].row, to[2].row, to[3].row};
    four_(from.row, rows, length_, out);
    if (form_ == DistanceForm::kSum) {
      for (int i = 0; i < 4; ++i) out[i] = orderable(out[i]);
      return;
    }
    for (int i = 0; i < 4; ++i) out[i] = from_dot(from.norm, to[i].norm, out[i]);
  }
  float one(const Item& from, const Item& to) const {
    const float sum = one_(from.row, to.row, length_);
    return form_ == DistanceForm::kSum ? orderable(sum) : from_dot(from.norm, to.norm, sum);
  }

 private:
  Distance(const MetricSpec& spec, DistanceForm form, const PairLoops& loops, const RowShape& shape)
      : one_((loops.*spec.sum).one),
        four_((loops.*spec.sum).four),
        length_(shape.length()),
        form_(form) {}

  // NaN would break every ordered structure: it counts as infinitely far.
  static float orderable(float d) { return d == d ? d : std::numeric_limits<float>::infinity(); }
  float from_dot(float from, float to, float dot) const {
    switch (form_) {
      case DistanceForm::kCosine:
        return orderable(1.0f - dot / (from * to));
      case DistanceForm::kNegativeDot:
        return orderable(-dot);
      default: {
        // kLocalInnerProduct: the order of inner product among shorter vectors, half the squared L2
        // among longer ones. Needs no largest norm; 1 - cosine on unit vectors.
        const float x2 = from * from, y2 = to * to;
        return orderable((y2 > x2 ? 0.5f * (x2 + y2) : x2) - dot);
      }
    }
  }

  decltype(Sum::one) one_;
  decltype(Sum::four) four_;
  size_t length_;
  DistanceForm form_;
};

// The build distances of a metric, by level.
class LevelDistances {
 public:
  LevelDistances(Metric metric, const RowShape& shape)
      : base_(Distance::build(metric, shape)),
        above_(Distance::build_above(metric, shape)),
        differ_(spec_of(metric).build.base != spec_of(metric).build.above) {}
  const Distance& at(uint32_t level) const { return level == 0 ? base_ : above_; }
  bool differ() const { return differ_; }  // level 0 from the levels above it

 private:
  Distance base_, above_;
  bool differ_;
};

}  // namespace vdb
