// The formulas of the families, each a function of its own for the loops of searches. Files that
// include it are compiled without fused multiply-adds: the engines round after each step.
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

#include "text/scorer.h"

namespace vdb {

// As Scorer::score has it.
template <ScoringFamily F>
inline double formula_score(const ScorerParameters& parameters, const ClauseWeight& clause,
                            uint32_t occurrences, double norm) {
  using Family = ScoringFamily;
  const double k1 = parameters.k1, delta = parameters.delta, weight = clause.weight;
  const double tf = occurrences;
  const auto single = [](double value) { return static_cast<float>(value); };
  (void)k1, (void)delta;
  if constexpr (F == Family::kNative) {
    return weight * (tf / (tf + norm));
  } else if constexpr (F == Family::kLucene || F == Family::kLuceneLegacy) {
    const float w = single(weight);
    return w - w / (1.0f + single(tf) * single(norm));
  } else if constexpr (F == Family::kTantivy) {
    const float f = single(tf);
    return single(weight) * (f / (f + single(norm)));
  } else if constexpr (F == Family::kVespa) {
    return tf * weight / (tf + norm);
  } else if constexpr (F == Family::kFts5 || F == Family::kRankBm25Okapi) {
    return weight * (tf * (k1 + 1) / (tf + norm));
  } else if constexpr (F == Family::kRankBm25L) {
    const double ctd = tf / norm;
    return weight * tf * (k1 + 1) * (ctd + delta) / (k1 + ctd + delta);
  } else if constexpr (F == Family::kRankBm25Plus) {
    return weight * (delta + tf * (k1 + 1) / (norm + tf));
  } else if constexpr (F == Family::kBm25sLucene || F == Family::kBm25sRobertson) {
    return single(weight * (tf / (norm + tf)));
  } else if constexpr (F == Family::kBm25sAtire) {
    return single(weight * (double{single(tf) * single(k1 + 1)} / (tf + norm)));
  } else if constexpr (F == Family::kBm25sL) {
    const double c = tf / norm;
    return single(weight * ((k1 + 1) * (c + delta) / (k1 + c + delta)) - clause.absent);
  } else {
    static_assert(F == Family::kBm25sPlus, "every family has a formula");
    const double quotient = double{single(tf) * single(k1 + 1)} / (norm + tf);
    return single(weight * (quotient + delta) - clause.absent);
  }
}

// body(std::integral_constant<ScoringFamily, family>).
template <typename Body>
auto with_family(ScoringFamily family, const Body& body) {
  using Family = ScoringFamily;
  switch (family) {
#define VDB_FAMILY(name) \
  case Family::name:     \
    return body(std::integral_constant<Family, Family::name>());
    VDB_FAMILY(kNative)
    VDB_FAMILY(kLucene)
    VDB_FAMILY(kLuceneLegacy)
    VDB_FAMILY(kTantivy)
    VDB_FAMILY(kVespa)
    VDB_FAMILY(kFts5)
    VDB_FAMILY(kRankBm25Okapi)
    VDB_FAMILY(kRankBm25L)
    VDB_FAMILY(kRankBm25Plus)
    VDB_FAMILY(kBm25sLucene)
    VDB_FAMILY(kBm25sRobertson)
    VDB_FAMILY(kBm25sAtire)
    VDB_FAMILY(kBm25sL)
    VDB_FAMILY(kBm25sPlus)
#undef VDB_FAMILY
  }
  return body(std::integral_constant<Family, Family::kNative>());
}

}  // namespace vdb
