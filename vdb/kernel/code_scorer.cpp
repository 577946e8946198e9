#include "code_scorer.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "prefetch.h"

namespace vdb {
namespace {

constexpr float kDeviations = 4.5f;
constexpr uint32_t kAtOnce = 64;  // rows whose addresses are known at a time
constexpr uint32_t kAhead = 8;    // rows asked for before they are compared

}  // namespace

void CodeDistance::of(const CodeQuery& from, const uint8_t* const* rows, const int32_t* sums,
                      size_t count, float* out) const {
  const float scale = from.scale, both = from.both, offset = from.offset;
  for (size_t i = 0; i < count; ++i) {
    const CodeHead head = Codes::head(rows[i]);
    const float dot =
        scale * head.scale * static_cast<float>(sums[i]) + head.offset * both + head.sum * offset;
    switch (form_) {
      case Form::kL2:
        out[i] = from.norm * from.norm + head.norm * head.norm - 2 * dot;
        break;
      case Form::kUnit:
        out[i] = 1 - dot;
        break;
      case Form::kNegativeDot:
        out[i] = -dot;
        break;
      case Form::kCosine: {
        const float cosine = dot / (from.norm * head.norm);
        out[i] = 1 - cosine;
        break;
      }
      case Form::kLocalInnerProduct: {
        const float x2 = from.norm * from.norm, y2 = head.norm * head.norm;
        out[i] = (y2 > x2 ? 0.5f * (x2 + y2) : x2) - dot;
        break;
      }
    }
  }
  // NaN would break every ordered structure: it counts as infinitely far.
  for (size_t i = 0; i < count; ++i)
    if (!(out[i] == out[i])) out[i] = std::numeric_limits<float>::infinity();
}

// A number is off by at most half a step of its grid, evenly: what products with independent
// numbers add up to has a standard deviation of step / sqrt(12) times the other vector's length. Of
// these kDeviations are allowed for, which is as much as there can be of up to 6 numbers; what
// products of two errors add up to is bounded.
float CodeDistance::slack(const CodeQuery& from, const CodeHead& head, float distance) const {
  const float x = from.scale, y = head.scale;
  if (form_ == Form::kL2) {
    const float expected = from.numbers * (x * x + y * y) / 12;  // squared length of both errors
    return 2 * kDeviations * std::sqrt(std::max(distance, 0.0f) * (x * x + y * y) / 12) +
           expected * (1 + 5 / std::sqrt(from.numbers));
  }
  const float a = from.norm * y, b = head.norm * x;
  return kDeviations * std::sqrt((a * a + b * b) / 12) + from.numbers * x * y / 4;
}

void CodeScorer::score(const uint32_t* slots, uint32_t count, float* out) {
  const size_t row_bytes = codes_.shape().row_bytes();
  const uint8_t* rows[kAtOnce];
  int32_t sums[kAtOnce];
  for (uint32_t at = 0; at < count; at += kAtOnce) {
    const uint32_t n = std::min(kAtOnce, count - at);
    for (uint32_t i = 0; i < n; ++i) rows[i] = codes_.at(slots[at + i]);
    for (uint32_t i = 0; i < n && i < kAhead; ++i) prefetch_bytes(rows[i], row_bytes);
    for (uint32_t i = 0; i < n; i += 4) {
      for (uint32_t j = i + kAhead; j < std::min(i + kAhead + 4, n); ++j)
        prefetch_bytes(rows[j], row_bytes);
      const uint32_t some = std::min(4u, n - i);
      codes_.sums(from_, rows + i, some, sums + i);
      distance_.of(from_, rows + i, sums + i, some, out + at + i);
    }
  }
}

}  // namespace vdb
