#include "distance/code_distance.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "memory/prefetch.h"

namespace vdb {
namespace {

constexpr float kDeviations = 4.5f;
constexpr float kRoundedAsARule = 0.25f;  // of the most

}  // namespace

// Of N rows at once, which the compiler computes side by side.
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
    case Form::kL2:
      for (size_t i = 0; i < N; ++i) out[i] = x2 + norm[i] * norm[i] - 2 * dot[i];
      break;
    case Form::kUnit:
      for (size_t i = 0; i < N; ++i) out[i] = 1 - dot[i];
      break;
    case Form::kNegativeDot:
      for (size_t i = 0; i < N; ++i) out[i] = -dot[i];
      break;
    case Form::kCosine:
      for (size_t i = 0; i < N; ++i) out[i] = 1 - dot[i] / (from.norm * norm[i]);
      break;
    case Form::kLocalInnerProduct:
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

// A number is off by at most half a step of its grid, evenly: what products with independent
// numbers add up to has a standard deviation of step / sqrt(12) times the other vector's length.
// Where numbers are large beside their differences, float32 rounds more than that away.
float CodeDistance::deviation(const CodeQuery& from, const CodeHead& head, float distance) const {
  const float x = from.scale, y = head.scale;
  const float rounded = kRoundedAsARule * rounding(from, head);
  if (form_ == Form::kL2)
    return 2 * std::sqrt(std::max(distance, 0.0f) * (x * x + y * y) / 12) +
           from.numbers * (x * x + y * y) / 12 / std::sqrt(from.numbers) + rounded;
  float a = from.norm * y, b = head.norm * x;
  if (form_ == Form::kCosine) a /= from.norm * head.norm, b /= from.norm * head.norm;
  return std::sqrt((a * a + b * b) / 12) + rounded;
}

// The most that float32 makes of heads, of products and of sums.
float CodeDistance::rounding(const CodeQuery& from, const CodeHead& head) const {
  constexpr float kUnit = std::numeric_limits<float>::epsilon() / 2;
  const float x = from.norm, y = head.norm;
  const float products =
      x * y + 2 * (std::fabs(head.offset * from.both) + std::fabs(head.sum * from.offset));
  if (form_ == Form::kL2) return kUnit * (5 * (x * x + y * y) + 14 * products);
  return 7 * kUnit * (form_ == Form::kCosine ? products / (x * y) : products);
}

// Of the deviations kDeviations are allowed for, which is as much as there can be of up to 6
// numbers; what products of two errors add up to is bounded.
float CodeDistance::slack(const CodeQuery& from, const CodeHead& head, float distance) const {
  const float x = from.scale, y = head.scale;
  if (form_ == Form::kL2) {
    const float expected = from.numbers * (x * x + y * y) / 12;  // squared length of both errors
    return 2 * kDeviations * std::sqrt(std::max(distance, 0.0f) * (x * x + y * y) / 12) +
           expected * (1 + 5 / std::sqrt(from.numbers)) + rounding(from, head);
  }
  const float a = from.norm * y, b = head.norm * x;
  return kDeviations * std::sqrt((a * a + b * b) / 12) + from.numbers * x * y / 4 +
         rounding(from, head);
}

void CodeScorer::ask(const uint32_t* slots, uint32_t first, uint32_t last) {
  const size_t row_bytes = codes_.shape().row_bytes();
  for (uint32_t i = first; i < last; ++i) prefetch_bytes(ring_[i] = codes_.at(slots[i]), row_bytes);
}

void CodeScorer::score(const uint32_t* slots, uint32_t count, float* out) {
  if (missing_)
    for (uint32_t i = 0; i < count; ++i) codes_.ask_for(slots[i]);
  ask(slots, 0, std::min(kAhead, count));
  for (uint32_t at = 0; at < count; at += 4) {
    ask(slots, std::min(count, at + kAhead), std::min(count, at + kAhead + 4));
    const uint32_t n = std::min(4u, count - at);
    int32_t sums[4];
    codes_.sums(from_, ring_.four(at), n, sums);
    distance_.of(from_, ring_.four(at), sums, n, out + at);
  }
}

}  // namespace vdb
