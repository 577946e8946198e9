#include "distance/code_resolution.h"

#include <algorithm>
#include <cmath>

namespace vdb {
namespace {

constexpr double kMostMissed = 0.05;  // of the hits
constexpr double kNever = 2.5;        // deviations that an error is not larger than
constexpr double kClear = 5;          // with an error in common as well
constexpr double kApart = 3;          // what differs by less is not told apart
constexpr size_t kNearest = 32;       // candidates that links are chosen from, nearly always

// How probable it is that an error is larger: about as in the normal distribution, in arithmetic
// that is the same on every processor. 1 for what is no number.
double larger_than(double deviations) {
  if (deviations >= kNever) return 0;
  if (!(deviations > -kNever)) return 1;
  const double part = 1 - std::fabs(deviations) / kNever, larger = 0.5 * part * part;
  return deviations < 0 ? 1 - larger : larger;
}

}  // namespace

bool Resolution::Edge::apart(double nearer, double farther) const {
  return farther - nearer >= kApart * deviation;
}

bool Resolution::Edge::far_behind(double exact) const {
  return distance - bias - exact >= kClear * deviation;
}

bool Resolution::Edge::behind(const std::vector<Judged>& hits) const {
  const auto count = static_cast<double>(hits.size());
  // Near vectors have like codes, and errors in common, which say nothing about their order.
  double common = 0, missed = 0;
  for (const Judged& hit : hits) common += hit.code - bias - hit.exact;
  common = std::max(common / count, 0.0);
  for (const Judged& hit : hits)
    missed += larger_than((distance - bias - common - hit.exact) / deviation);
  return missed <= kMostMissed * count;
}

Resolution::Edge Resolution::edge(const Candidate& last) const {
  const CodeHead head = Codes::head(codes_.at(last.slot));
  return {last.distance, distance_.bias(from_, head),
          distance_.deviation(from_, head, last.distance)};
}

bool Resolution::orders(const std::vector<Candidate>& nearest_first) const {
  const Candidate& last = nearest_first[std::min(kNearest, nearest_first.size()) - 1];
  return edge(last).apart(nearest_first[0].distance, last.distance);
}

}  // namespace vdb
