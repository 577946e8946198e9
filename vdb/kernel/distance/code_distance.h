// Distances by codes: what walks are guided by where a collection has codes.
#pragma once

#include <algorithm>
#include <cstdint>

#include "blocks/codes.h"
#include "distance/metric.h"
#include "distance/query_distance.h"

namespace vdb {

// How codes of a metric are ordered, like Distance for vectors. Which of the two grids a distance
// is asked from makes no difference but for building under inner product.
class CodeDistance {
 public:
  static CodeDistance search(Metric metric) {
    return CodeDistance(metric == Metric::kL2   ? Form::kL2
                        : metric == Metric::kIp ? Form::kNegativeDot
                                                : Form::kUnit);
  }
  static CodeDistance build(Metric metric) {
    return CodeDistance(metric == Metric::kL2   ? Form::kL2
                        : metric == Metric::kIp ? Form::kLocalInnerProduct
                                                : Form::kUnit);
  }
  // On the levels above level 0, which under inner product lead to a direction.
  static CodeDistance search_above(Metric metric) {
    return metric == Metric::kIp ? CodeDistance(Form::kCosine) : search(metric);
  }
  static CodeDistance build_above(Metric metric) { return search_above(metric); }

  // By how much the distance of a row may differ from that of its vector, nearly always.
  float slack(const CodeQuery& from, const CodeHead& head, float distance) const;
  // By how much more it is on average,
  float bias(const CodeQuery& from, const CodeHead& head) const {
    if (form_ != Form::kL2) return 0;
    return from.numbers * (from.scale * from.scale + head.scale * head.scale) / 12;
  }
  // and how much it differs from that as a rule, in standard deviation.
  float deviation(const CodeQuery& from, const CodeHead& head, float distance) const;
  // Whether distances are 1 less the cosine, not the negative product.
  bool from_one() const { return form_ == Form::kUnit; }

  // From the sums of products of integers of `from` with `count` rows.
  void of(const CodeQuery& from, const uint8_t* const* rows, const int32_t* sums, size_t count,
          float* out) const;

 private:
  enum class Form : uint8_t { kL2, kUnit, kNegativeDot, kCosine, kLocalInnerProduct };
  explicit CodeDistance(Form form) : form_(form) {}
  float rounding(const CodeQuery& from, const CodeHead& head) const;
  template <size_t N>
  void some(const CodeQuery& from, const uint8_t* const* rows, const int32_t* sums,
            float* out) const;
  Form form_;
};

// Which metrics have codes, and what of: unit vectors where length does not count.
inline bool has_codes(Metric metric, DType dtype) {
  return (dtype == DType::kFloat32 || dtype == DType::kFloat16) && metric != Metric::kL1 &&
         metric != Metric::kHamming;
}
inline CodeShape code_shape(CodeKind kind, Metric metric, uint32_t dim) {
  return {kind, dim, metric == Metric::kCosine || metric == Metric::kDot};
}

class CodeScorer final : public Scorer {
 public:
  CodeScorer(const Codes& codes, CodeDistance distance, const CodeQuery& from, bool missing = false)
      : codes_(codes), distance_(distance), from_(from), missing_(missing) {}
  void score(const uint32_t* slots, uint32_t count, float* out) override;

 private:
  static constexpr uint32_t kAhead = 8;  // rows asked for before they are compared
  void ask(const uint32_t* slots, uint32_t first, uint32_t last);

  const Codes& codes_;
  CodeDistance distance_;
  const CodeQuery& from_;
  bool missing_;  // whether to ask the system for rows
  Ring<const uint8_t*, kAhead> ring_;
};

}  // namespace vdb
