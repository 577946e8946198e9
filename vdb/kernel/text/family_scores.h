// Scores of the documents of one segment under one family: of a clause, summed over clauses, and
// bounds above them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "text/competitive_pairs.h"
#include "text/formulas.h"
#include "text/segment.h"

namespace vdb {

// A clause of a query.
struct WeightedClause {
  ClauseWeight weight;
  bool constant = false;  // its score is `weight.weight` wherever it matches
};

template <ScoringFamily F>
class FamilyScores {
 public:
  static constexpr bool kLucene = F == ScoringFamily::kLucene || F == ScoringFamily::kLuceneLegacy;
  static constexpr bool kByte = kLucene || F == ScoringFamily::kTantivy;
  // Documents without any clause have a score.
  static constexpr bool kAbsent = F == ScoringFamily::kRankBm25Plus ||
                                  F == ScoringFamily::kBm25sL || F == ScoringFamily::kBm25sPlus;
  static constexpr bool kFloat = F == ScoringFamily::kTantivy || F == ScoringFamily::kBm25sLucene ||
                                 F == ScoringFamily::kBm25sRobertson ||
                                 F == ScoringFamily::kBm25sAtire || F == ScoringFamily::kBm25sL ||
                                 F == ScoringFamily::kBm25sPlus;
  static constexpr bool kSingle = kFloat || kLucene;

  // `order` has clauses by their numbers in the order of the query.
  FamilyScores(const TextSegment& segment, const Scorer& scorer,
               const std::vector<WeightedClause>& clauses, const std::vector<uint32_t>& order)
      : scorer_(scorer),
        parameters_(scorer.parameters()),
        clauses_(clauses),
        order_(order),
        norms_(kByte ? nullptr : scorer.norms().data()),
        lengths_(kByte ? nullptr : segment.lengths_of().data()),
        bytes_(kByte ? segment.length_bytes().data() : nullptr) {
    if constexpr (kAbsent && kFloat) {
      std::vector<float> absent;  // of words that some document has
      for (const uint32_t number : order)
        if (clauses[number].weight.absent != 0)
          absent.push_back(static_cast<float>(clauses[number].weight.absent));
      base_ = numpy_sum(absent.data(), absent.size());
    }
    slack_ = 1 + static_cast<double>(order.size() + 4) * (kSingle ? 0x1p-23 : 0x1p-50);
  }

  double norm(uint32_t ordinal) const {
    if constexpr (kByte) {
      return scorer_.byte_norms()[bytes_[ordinal]];
    } else {
      const uint32_t length = lengths_[ordinal];
      return length < Scorer::kTableLengths ? norms_[length] : scorer_.norm(length);
    }
  }
  double score(const WeightedClause& clause, uint32_t tf, double norm) const {
    if (clause.constant) return clause.weight.weight;
    return formula_score<F>(parameters_, clause.weight, tf, norm);
  }
  // What no score of a posting that the pairs bound is above.
  double bound(const WeightedClause& clause, const CompetitivePair* pair,
               const CompetitivePair* end) const {
    if (clause.constant) return clause.weight.weight;
    double best = 0;
    const uint32_t most = (end - 1)->tf;
    for (; pair != end; ++pair)
      best = std::max(best, formula_score<F>(parameters_, clause.weight, pair->tf,
                                             scorer_.byte_norms()[pair->length]));
    // Where the formula may fall with tf by a rounding. With the length no other one falls.
    const bool doubtful =
        F != ScoringFamily::kLucene && (F == ScoringFamily::kRankBm25L || most > kFewOccurrences ||
                                        parameters_.k1 * (1 - parameters_.b) < kSmallNorm);
    return doubtful ? best * (kSingle ? kSingleSlack : kDoubleSlack) : best;
  }

  // The sum of the scores of present clauses, in the order of the query; both by clause.
  double sum(const double* scores, const bool* present) const {
    if constexpr (F == ScoringFamily::kRankBm25Plus) {
      double sum = 0;
      for (const uint32_t number : order_)
        sum += present[number] ? scores[number] : clauses_[number].weight.absent;
      return sum;
    } else if constexpr (kFloat) {
      float sum = 0;
      for (const uint32_t number : order_)
        if (present[number]) sum += static_cast<float>(scores[number]);
      return kAbsent ? sum + base_ : sum;
    } else {
      double sum = 0;
      for (const uint32_t number : order_)
        if (present[number]) sum += scores[number];
      return kLucene ? static_cast<float>(sum) : sum;
    }
  }
  // As much as a sum may be above the sum of the bounds by rounding, as a factor.
  double slack() const { return slack_; }

 private:
  static constexpr double kSingleSlack = 1 + 1e-6;   // above the rounding of a formula in float32
  static constexpr double kDoubleSlack = 1 + 1e-12;  // the same in float64
  static constexpr uint32_t kFewOccurrences = 256;   // formulas rise with tf below
  static constexpr double kSmallNorm = 0.05;         // and with norms that are not smaller

  // The sum in the order of numpy's, which bm25s has: eight sums side by side, and halves of what
  // is longer than 128.
  static float numpy_sum(const float* values, size_t n) {
    if (n > 128) {
      const size_t half = n / 2 - n / 2 % 8;
      return numpy_sum(values, half) + numpy_sum(values + half, n - half);
    }
    float sum = 0;
    size_t i = 0;
    if (n >= 8) {
      float lanes[8];
      std::copy(values, values + 8, lanes);
      for (i = 8; i < n - n % 8; i += 8)
        for (size_t lane = 0; lane < 8; ++lane) lanes[lane] += values[i + lane];
      sum = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) +
            ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
    }
    for (; i < n; ++i) sum += values[i];
    return sum;
  }

  const Scorer& scorer_;
  const ScorerParameters& parameters_;
  const std::vector<WeightedClause>& clauses_;
  const std::vector<uint32_t>& order_;
  const double* norms_;
  const uint32_t* lengths_;
  const uint8_t* bytes_;
  float base_ = 0;  // of documents without any clause, in the families of bm25s that score them
  double slack_ = 1;
};

}  // namespace vdb
