#include "distance/code_distance.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "memory/prefetch.h"

namespace vdb {
namespace {

constexpr float kDeviations = 4.5f;        // in an error bound
constexpr float kTypicalRounding = 0.25f;  // of the largest

}  // namespace

// N rows at once, which the compiler computes in parallel.
template <size_t N>
void CodeDistance::some(const CodeQuery& from, const uint8_t* const* rows, const int32_t* sums,
                        float* out) const {
  float norm[N], dot[N];
  for (size_t i = 0; i < N; ++i) {
    const CodeHead head = Codes::head(rows[i]);
    dot[i] = from.scale * head.scale * static_cast<float>(sums[i]) + head.offset * from.both +
             head.sum * from.offset;
    norm[i] = head.norm;
  }
  const float x2 = from.norm * from.norm;
  switch (form_) {
    case DistanceForm::kSquaredL2OfDot:
      for (size_t i = 0; i < N; ++i) out[i] = x2 + norm[i] * norm[i] - 2 * dot[i];
      break;
    case DistanceForm::kUnitCosine:
      for (size_t i = 0; i < N; ++i) out[i] = 1 - dot[i];
      break;
    case DistanceForm::kNegativeDot:
      for (size_t i = 0; i < N; ++i) out[i] = -dot[i];
      break;
    case DistanceForm::kCosine:
      for (size_t i = 0; i < N; ++i) out[i] = 1 - dot[i] / (from.norm * norm[i]);
      break;
    default:  // kLocalInnerProduct
      for (size_t i = 0; i < N; ++i) {
        const float y2 = norm[i] * norm[i];
        out[i] = (y2 > x2 ? 0.5f * (x2 + y2) : x2) - dot[i];
      }
      break;
  }
  // NaN would break every ordered structure: it counts as infinitely far.
  for (size_t i = 0; i < N; ++i)
    out[i] = out[i] == out[i] ? out[i] : std::numeric_limits<float>::infinity();
}

void CodeDistance::of(const CodeQuery& from, const uint8_t* const* rows, const int32_t* sums,
                      size_t count, float* out) const {
  size_t at = 0;
  for (; at + 4 <= count; at += 4) some<4>(from, rows + at, sums + at, out + at);
  for (; at < count; ++at) some<1>(from, rows + at, sums + at, out + at);
}

// The error of a number is uniform within half a step of its grid: the sum of its products with
// independent numbers has a standard deviation of step / sqrt(12) times the other vector's length.
// Where numbers are large compared with their differences, the rounding of float32 is larger.
float CodeDistance::deviation(const CodeQuery& from, const CodeHead& head, float distance) const {
  const float x = from.scale, y = head.scale;
  const float rounded = kTypicalRounding * rounding(from, head);
  if (form_ == DistanceForm::kSquaredL2OfDot)
    return 2 * std::sqrt(std::max(distance, 0.0f) * (x * x + y * y) / 12) +
           from.numbers * (x * x + y * y) / 12 / std::sqrt(from.numbers) + rounded;
  float a = from.norm * y, b = head.norm * x;
  if (form_ == DistanceForm::kCosine) a /= from.norm * head.norm, b /= from.norm * head.norm;
  return std::sqrt((a * a + b * b) / 12) + rounded;
}

// An upper bound of what float32 rounds off in heads, products and sums.
float CodeDistance::rounding(const CodeQuery& from, const CodeHead& head) const {
  constexpr float kUnit = std::numeric_limits<float>::epsilon() / 2;
  const float x = from.norm, y = head.norm;
  const float products =
      x * y + 2 * (std::fabs(head.offset * from.both) + std::fabs(head.sum * from.offset));
  if (form_ == DistanceForm::kSquaredL2OfDot) return kUnit * (5 * (x * x + y * y) + 14 * products);
  return 7 * kUnit * (form_ == DistanceForm::kCosine ? products / (x * y) : products);
}

// kDeviations standard deviations, which is as much as an error of up to 6 numbers can be, and an
// upper bound of the sum of products of two errors.
float CodeDistance::error_bound(const CodeQuery& from, const CodeHead& head, float distance) const {
  const float x = from.scale, y = head.scale;
  if (form_ == DistanceForm::kSquaredL2OfDot) {
    const float expected = from.numbers * (x * x + y * y) / 12;  // squared length of both errors
    return 2 * kDeviations * std::sqrt(std::max(distance, 0.0f) * (x * x + y * y) / 12) +
           expected * (1 + 5 / std::sqrt(from.numbers)) + rounding(from, head);
  }
  const float a = from.norm * y, b = head.norm * x;
  return kDeviations * std::sqrt((a * a + b * b) / 12) + from.numbers * x * y / 4 +
         rounding(from, head);
}

void CodeQueryDistance::prefetch(const uint32_t* slots, uint32_t first, uint32_t last) {
  const size_t row_bytes = codes_.row_bytes();
  for (uint32_t i = first; i < last; ++i) prefetch_bytes(ring_[i] = codes_.at(slots[i]), row_bytes);
}

void CodeQueryDistance::compute(const uint32_t* slots, uint32_t count, float* out) {
  if (from_disk_)
    for (uint32_t i = 0; i < count; ++i) codes_.will_need(slots[i]);
  prefetch(slots, 0, std::min(kAhead, count));
  for (uint32_t at = 0; at < count; at += 4) {
    prefetch(slots, std::min(count, at + kAhead), std::min(count, at + kAhead + 4));
    const uint32_t n = std::min(4u, count - at);
    int32_t sums[4];
    codes_.sums(from_, ring_.four(at), n, sums);
    distance_.of(from_, ring_.four(at), sums, n, out + at);
  }
}

}  // namespace vdb
