#include "distance/code_resolution.h"

#include <algorithm>
#include <cmath>

namespace vdb {
namespace {

constexpr double kMostMissed = 0.05;   // share of the hits
constexpr double kLargestError = 2.5;  // of a code distance, in deviations
constexpr double kClearlyBeyond = 5;   // deviations; hits may share an error as well
constexpr double kSeparated = 3;       // deviations
constexpr size_t kNearest = 32;        // candidates that links are chosen from, nearly always

// The probability of an error of more than so many deviations: about the normal distribution, in
// arithmetic that is the same on every processor. 1 for NaN.
double probability_above(double deviations) {
  if (deviations >= kLargestError) return 0;
  if (!(deviations > -kLargestError)) return 1;
  const double part = 1 - std::fabs(deviations) / kLargestError, larger = 0.5 * part * part;
  return deviations < 0 ? 1 - larger : larger;
}

}  // namespace

bool CodeResolution::Cutoff::separates(double nearer, double farther) const {
  return farther - nearer >= kSeparated * deviation;
}

bool CodeResolution::Cutoff::far_beyond(double exact) const {
  return distance - bias - exact >= kClearlyBeyond * deviation;
}

bool CodeResolution::Cutoff::probably_beyond(const std::vector<HitDistances>& hits) const {
  const auto count = static_cast<double>(hits.size());
  // Near vectors have similar codes and share an error, which does not change their order.
  double common = 0, missed = 0;
  for (const HitDistances& hit : hits) common += hit.code - bias - hit.exact;
  common = std::max(common / count, 0.0);
  for (const HitDistances& hit : hits)
    missed += probability_above((distance - bias - common - hit.exact) / deviation);
  return missed <= kMostMissed * count;
}

CodeResolution::Cutoff CodeResolution::cutoff(const Candidate& last) const {
  const CodeHead head = Codes::head(codes_.at(last.slot));
  return {last.distance, distance_.bias(from_, head),
          distance_.deviation(from_, head, last.distance)};
}

bool CodeResolution::resolves(const std::vector<Candidate>& nearest_first) const {
  const Candidate& last = nearest_first[std::min(kNearest, nearest_first.size()) - 1];
  return cutoff(last).separates(nearest_first[0].distance, last.distance);
}

}  // namespace vdb
