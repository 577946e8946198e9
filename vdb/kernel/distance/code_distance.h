// Distances of codes (scalar quantization), by which walks go where a collection has codes.
#pragma once

#include <algorithm>
#include <cstdint>

#include "blocks/codes.h"
#include "distance/metric.h"
#include "distance/query_distance.h"

namespace vdb {

// The distance of two codes under a metric, as Distance is that of two vectors. Which of the two
// grids it starts from makes no difference except when building under inner product.
class CodeDistance {
 public:
  static CodeDistance search(Metric metric) {
    return CodeDistance(spec_of(metric).code_search.base);
  }
  static CodeDistance build(Metric metric) { return CodeDistance(spec_of(metric).code_build.base); }
  // On the levels above level 0.
  static CodeDistance search_above(Metric metric) {
    return CodeDistance(spec_of(metric).code_search.above);
  }
  static CodeDistance build_above(Metric metric) {
    return CodeDistance(spec_of(metric).code_build.above);
  }

  // A code distance minus the exact one of the vectors: the most it is, nearly always,
  float error_bound(const CodeQuery& from, const CodeHead& head, float distance) const;
  // its mean,
  float bias(const CodeQuery& from, const CodeHead& head) const {
    if (form_ != DistanceForm::kSquaredL2OfDot) return 0;
    return from.numbers * (from.scale * from.scale + head.scale * head.scale) / 12;
  }
  // and its standard deviation.
  float deviation(const CodeQuery& from, const CodeHead& head, float distance) const;
  // Whether distances are 1 - cosine where the exact values are cosines or products.
  bool is_cosine_distance() const { return form_ == DistanceForm::kUnitCosine; }

  // From the sums of products of integers of `from` with `count` rows.
  void of(const CodeQuery& from, const uint8_t* const* rows, const int32_t* sums, size_t count,
          float* out) const;

 private:
  explicit CodeDistance(DistanceForm form) : form_(form) {}
  float rounding(const CodeQuery& from, const CodeHead& head) const;
  template <size_t N>
  void some(const CodeQuery& from, const uint8_t* const* rows, const int32_t* sums,
            float* out) const;
  DistanceForm form_;
};

inline bool has_codes(Metric metric, DType dtype) {
  return spec_of(metric).has_codes && spec_of(dtype).real;
}
inline CodeShape code_shape(CodeKind kind, Metric metric, uint32_t dim) {
  return {kind, dim, spec_of(metric).unit_codes};
}

class CodeQueryDistance final : public QueryDistance {
 public:
  CodeQueryDistance(const Codes& codes, CodeDistance distance, const CodeQuery& from,
                    bool from_disk = false)
      : codes_(codes), distance_(distance), from_(from), from_disk_(from_disk) {}
  void compute(const uint32_t* slots, uint32_t count, float* out) override;

 private:
  static constexpr uint32_t kAhead = 8;  // rows prefetched before they are compared
  void prefetch(const uint32_t* slots, uint32_t first, uint32_t last);

  const Codes& codes_;
  CodeDistance distance_;
  const CodeQuery& from_;
  bool from_disk_;  // whether pages may be missing, and are prefetched first
  PrefetchRing<const uint8_t*, kAhead> ring_;
};

}  // namespace vdb
