// The metrics, one row of a table each.
//
// A distance is lower for nearer vectors. Every metric has two: `search` orders the candidates of a
// query; `build` shapes the graph, seen from the node x that owns the list of links. They differ
// for inner product, and where queries are of another dtype than rows. The levels above level 0 of
// a graph for inner product are built and walked by cosine: they lead to a direction.
#pragma once

#include <cstdint>
#include <iterator>
#include <stdexcept>
#include <string>

#include "blocks/dtype.h"
#include "simd/loops.h"

namespace vdb {

enum class Metric : uint8_t { kL2, kIp, kCosine, kDot, kL1, kHamming };

// How a sum over a pair of vectors x and y, or over their codes, becomes a distance.
enum class DistanceForm : uint8_t {
  kSum,                // the sum itself: squared L2, L1, differing bits
  kNegativeDot,        // -x.y
  kCosine,             // 1 - x.y / (|x| |y|)
  kLocalInnerProduct,  // max(|x|^2, (|x|^2 + |y|^2) / 2) - x.y: see Distance
  kSquaredL2OfDot,     // |x|^2 + |y|^2 - 2 x.y; codes only
  kUnitCosine,         // 1 - x.y, of codes of unit vectors
};

struct LevelForms {
  DistanceForm base, above;  // on level 0, and on the levels above
};

struct MetricSpec {
  const char* name;
  Sum PairLoops::* sum;
  LevelForms search, build;
  bool similarity;  // whether a larger value is nearer

  bool has_codes;   // whether vectors may have codes (scalar quantization),
  bool unit_codes;  // and whether these are codes of the vectors divided by their length
  LevelForms code_search, code_build;
};

namespace forms {
inline constexpr LevelForms all_levels(DistanceForm form) { return {form, form}; }
inline constexpr LevelForms kSum = all_levels(DistanceForm::kSum);
inline constexpr LevelForms kDot = all_levels(DistanceForm::kNegativeDot);
inline constexpr LevelForms kCosine = all_levels(DistanceForm::kCosine);
inline constexpr LevelForms kUnit = all_levels(DistanceForm::kUnitCosine);
inline constexpr LevelForms kL2Codes = all_levels(DistanceForm::kSquaredL2OfDot);
inline constexpr LevelForms kIpSearch{DistanceForm::kNegativeDot, DistanceForm::kCosine};
inline constexpr LevelForms kIpBuild{DistanceForm::kLocalInnerProduct, DistanceForm::kCosine};
inline constexpr LevelForms kNone = all_levels(DistanceForm::kSum);
}  // namespace forms

// In the order of the enumeration.
// clang-format off
inline constexpr MetricSpec kMetrics[] = {
    // name      sum              search            build            similarity  codes: unit, search, build
    {"l2",      &PairLoops::l2,  forms::kSum,      forms::kSum,     false,      true,  false, forms::kL2Codes,  forms::kL2Codes},
    {"ip",      &PairLoops::dot, forms::kIpSearch, forms::kIpBuild, true,       true,  false, forms::kIpSearch, forms::kIpBuild},
    {"cosine",  &PairLoops::dot, forms::kCosine,   forms::kCosine,  true,       true,  true,  forms::kUnit,     forms::kUnit},
    {"dot",     &PairLoops::dot, forms::kDot,      forms::kCosine,  true,       true,  true,  forms::kUnit,     forms::kUnit},
    {"l1",      &PairLoops::l1,  forms::kSum,      forms::kSum,     false,      false, false, forms::kNone,     forms::kNone},
    {"hamming", &PairLoops::l1,  forms::kSum,      forms::kSum,     false,      false, false, forms::kNone,     forms::kNone},
};
// clang-format on

inline constexpr const MetricSpec& spec_of(Metric metric) {
  return kMetrics[static_cast<size_t>(metric)];
}

// `dot` promises unit vectors; of int8, which cannot have length 1, it is plain inner product.
inline Metric metric_named(const std::string& name, DType dtype) {
  for (size_t i = 0; i < std::size(kMetrics); ++i) {
    const auto metric = static_cast<Metric>(i);
    if (name != kMetrics[i].name || (metric == Metric::kHamming) != (dtype == DType::kBit))
      continue;
    return metric == Metric::kDot && dtype == DType::kInt8 ? Metric::kIp : metric;
  }
  throw std::invalid_argument(
      "metric: expected l2, ip, cosine, dot or l1, or hamming for dtype bit, got '" + name + "'");
}

}  // namespace vdb
