// Compiled without contraction: the code says which operations are fused, not the compiler.
#include "simd/ordered_dot.h"

#include <algorithm>
#include <cmath>

namespace vdb {

namespace {

constexpr size_t kMostLanes = 16, kMostRegisters = 32, kMostRounds = 8;

template <bool kFused>
float step(float sum, float a, float b) {
  if constexpr (kFused) return std::fma(a, b, sum);
  const float product = a * b;
  return sum + product;
}

template <bool kFused>
void add(float* sums, const float* a, const float* b, size_t count) {
  for (size_t i = 0; i < count; ++i) sums[i] = step<kFused>(sums[i], a[i], b[i]);
}

float folded(float* lanes, size_t count, SumOrder::Fold fold) {
  using Fold = SumOrder::Fold;
  if (fold == Fold::kSequence) {
    float sum = lanes[0];
    for (size_t i = 1; i < count; ++i) sum += lanes[i];
    return sum;
  }
  for (size_t half = count / 2; half > 0; half /= 2) {
    const bool halves = fold == Fold::kHalves || (fold == Fold::kQuarters && half > 2);
    for (size_t i = 0; i < half; ++i) {
      lanes[i] = halves ? lanes[i] + lanes[i + half] : lanes[2 * i] + lanes[2 * i + 1];
    }
  }
  return lanes[0];
}

// The registers as one, in the first.
void gather(float* sums, const SumOrder& order) {
  const size_t lanes = order.lanes;
  if (order.gather != SumOrder::Gather::kSequence) {
    for (size_t half = order.registers / 2; half > 0; half /= 2) {
      for (size_t i = 0; i < half * lanes; ++i) {
        const size_t at = 2 * (i / lanes) * lanes + i % lanes;
        sums[i] = sums[at] + sums[at + lanes];
      }
    }
    return;
  }
  for (size_t i = lanes; i < lanes * order.registers; ++i) sums[i % lanes] += sums[i];
}

// Adds the remaining numbers to a sum one by one.
float with_rest(float sum, const float* a, const float* b, size_t length, const SumOrder& order) {
  if (length == 0) return sum;
  const bool apart = order.rest == SumOrder::Rest::kApart;
  float rest = apart ? 0 : sum;
  const size_t unfused = !order.rest_fused ? length : order.fours_apart ? length / 4 * 4 : 0;
  for (size_t i = 0; i < length; ++i) {
    rest = i < unfused ? step<false>(rest, a[i], b[i]) : step<true>(rest, a[i], b[i]);
  }
  return apart ? sum + rest : rest;
}

// Each register's products are folded into one number, and those are added up for each register.
float dot_by_scalars(const float* a, const float* b, size_t length, const SumOrder& order) {
  const size_t lanes = order.lanes, block = lanes * order.registers;
  float sums[kMostRegisters] = {}, products[kMostLanes];
  size_t at = 0;
  for (; at + block <= length; at += block) {
    for (size_t i = 0; i < order.registers; ++i) {
      const float *x = a + at + i * lanes, *y = b + at + i * lanes;
      for (size_t j = 0; j < lanes; ++j) products[j] = x[j] * y[j];
      sums[i] += folded(products, lanes, order.fold);
    }
  }
  float sum = with_rest(sums[0], a + at, b + at, length - at, order);
  for (size_t i = 1; i < order.registers; ++i) sum += sums[i];
  return sum;
}

template <bool kFused>
float dot(const float* a, const float* b, size_t length, const SumOrder& order) {
  using Rest = SumOrder::Rest;
  using Blocks = SumOrder::Blocks;
  using Gather = SumOrder::Gather;
  size_t lanes = order.lanes, at = 0;
  const size_t block = lanes * order.registers;
  float sums[kMostRegisters * kMostLanes];
  std::fill_n(sums, block, 0.0f);
  const auto take = [&](size_t count) {
    add<kFused>(sums, a + at, b + at, count);
    at += count;
  };
  float sum = 0;
  if (order.gather == Gather::kChunks) {
    for (; at + block <= length; std::fill_n(sums, block, 0.0f)) {
      take(block);
      gather(sums, order);
      sum += folded(sums, lanes, order.fold);
    }
    return with_rest(sum, a + at, b + at, length - at, order);
  }
  if (order.gather == Gather::kTurns) {
    float turn[kMostRegisters * kMostLanes];
    for (; at + block <= length; at += block) {
      for (size_t i = 0; i < block; ++i) turn[i] = a[at + i] * b[at + i];
      gather(turn, order);
      for (size_t i = 0; i < lanes; ++i) sums[i] += turn[i];
    }
    while (order.blocks == Blocks::kGathered && at + lanes <= length) take(lanes);
    return with_rest(folded(sums, lanes, order.fold), a + at, b + at, length - at, order);
  }
  while (at + block * order.rounds <= length) {
    for (uint32_t i = 0; i < order.rounds; ++i) take(block);
  }
  while (order.blocks == Blocks::kFirst && at + lanes <= length) take(lanes);
  if (order.gather == Gather::kFolded) {
    for (size_t i = 0; i < block; i += lanes) sum += folded(sums + i, lanes, order.fold);
    return with_rest(sum, a + at, b + at, length - at, order);
  }
  gather(sums, order);
  while (order.blocks == Blocks::kGathered && at + lanes <= length) take(lanes);
  if (order.rest == Rest::kInLanes && length - at <= lanes) take(length - at);
  if (order.rest == Rest::kNarrower && lanes > 2) {
    lanes /= 2;
    for (size_t i = 0; i < lanes; ++i) sums[i] += sums[i + lanes];
    for (; at + lanes <= length; at += lanes) {
      (order.narrow_fused ? add<true> : add<false>)(sums, a + at, b + at, lanes);
    }
  }
  return with_rest(folded(sums, lanes, order.fold), a + at, b + at, length - at, order);
}

}  // namespace

bool SumOrder::valid() const {
  const auto power_of_two = [](uint32_t x) { return x != 0 && (x & (x - 1)) == 0; };
  return power_of_two(lanes) && lanes <= kMostLanes && power_of_two(registers) &&
         registers <= kMostRegisters && rounds >= 1 && rounds <= kMostRounds;
}

float ordered_dot(const float* a, const float* b, size_t length, const SumOrder& order) {
  if (order.gather == SumOrder::Gather::kScalars) return dot_by_scalars(a, b, length, order);
  return order.fused ? dot<true>(a, b, length, order) : dot<false>(a, b, length, order);
}

}  // namespace vdb
