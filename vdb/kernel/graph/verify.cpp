#include "graph/verify.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <unordered_set>

#include "blocks/sequential_reader.h"
#include "runtime/cancellation.h"
#include "runtime/errors.h"

namespace vdb {
namespace {

// Tolerance of the squared length of a unit vector: that of the store's check, and its rounding.
constexpr double kUnitTolerance = 1e-3 + 1e-5;

// Integers and bits are always finite.
bool finite(const RowShape& shape, const uint8_t* row, uint32_t i) {
  if (shape.dtype == DType::kFloat32) {
    float number;
    std::memcpy(&number, row + size_t{i} * sizeof number, sizeof number);
    return std::isfinite(number);
  }
  if (shape.dtype == DType::kFloat16) {
    uint16_t half;
    std::memcpy(&half, row + size_t{i} * sizeof half, sizeof half);
    return (half & 0x7C00u) != 0x7C00u;
  }
  return true;
}

void verify_row(const Vectors& vectors, Metric metric, uint32_t slot, const Item& item,
                std::vector<Finding>* findings) {
  const auto length = static_cast<uint32_t>(vectors.shape().length());
  for (uint32_t i = 0; i < length; ++i)
    if (!finite(vectors.shape(), item.row, i)) {
      report(findings, {at_slot(slot), "component " + std::to_string(i) + " is not finite"});
      return;
    }
  const float norm = norm_of_row(vectors.shape(), item.row);
  // Sums may be ordered differently on the machine that wrote the norm.
  if (!(std::fabs(norm - item.norm) <= 1e-6f * std::max(norm, item.norm)))
    report(findings, {at_slot(slot), "norm: expected " + std::to_string(norm) + ", got " +
                                         std::to_string(item.norm)});
  if (metric == Metric::kCosine && norm == 0)
    report(findings, {at_slot(slot), "a zero vector under cosine"});
  if (metric == Metric::kDot && !(std::fabs(double{norm} * norm - 1.0) <= kUnitTolerance))
    report(findings, {at_slot(slot), "under dot, with norm " + std::to_string(norm)});
}

void verify_bare(const Vectors& vectors, uint32_t slot, const Item& item,
                 std::vector<Finding>* findings) {
  const uint32_t size = vectors.table().shape().row_size;
  if (!std::all_of(item.row, item.row + size, [](uint8_t byte) { return byte == 0; }))
    report(findings, {at_slot(slot), "its record has no vector, but its row is not zero"});
}

}  // namespace

void verify_vectors(const Vectors& vectors, Metric metric, const EmptySlots& empty,
                    std::vector<uint8_t>* live, std::vector<Finding>* findings) {
  live->assign(vectors.slots(), kUnknown);
  std::string last_damage;
  uint32_t free = 0, bare = 0;
  bool all_known = true;
  SequentialReader rows(vectors);
  for (uint32_t slot = 0; slot < vectors.slots(); ++slot) {
    check_cancelled_every<64>(slot);
    try {
      const Item item = rows.at(slot);
      (*live)[slot] = item.norm >= 0 ? kLive : kEmpty;
      if (item.norm >= 0)
        verify_row(vectors, metric, slot, item, findings);
      else if (item.norm == kFreeNorm)
        ++free;
      else if (item.norm == kBareNorm)
        ++bare, verify_bare(vectors, slot, item, findings);
      else
        report(findings, {at_slot(slot),
                          "norm: expected at least 0, -1 where it is free, or -2 "
                          "where its record has no vector"});
    } catch (const Corrupted& problem) {
      all_known = false;
      if (problem.what() != last_damage)
        report(findings, {at_slot(slot), last_damage = problem.what()});
    }
  }
  if (!all_known) return;
  if (bare != empty.bare)
    report(findings,
           {"records without a vector", "the header counts " + std::to_string(empty.bare) +
                                            ", there are " + std::to_string(bare)});
  uint32_t listed = 0;
  std::unordered_set<uint32_t> seen;
  for (uint32_t slot = empty.free_head; slot != kNone; ++listed) {
    if (slot >= vectors.slots() || vectors.at(slot).norm != kFreeNorm ||
        !seen.insert(slot).second) {
      report(findings, {"free list", "broken at slot " + std::to_string(slot)});
      return;
    }
    slot = vectors.next_free(slot);
    check_cancelled_every<1024>(listed);
  }
  if (listed != free || listed != empty.free_count)
    report(findings, {"free list", "lists " + std::to_string(listed) + " slots, the header " +
                                       std::to_string(empty.free_count) + ", free are " +
                                       std::to_string(free)});
}

void verify_codes(const Codes& codes, const Vectors& vectors, const std::vector<uint8_t>& live,
                  std::vector<Finding>* findings) {
  const size_t bytes = codes.shape().row_bytes();
  std::vector<uint8_t> expected(bytes);
  std::string last_damage;
  for (uint32_t slot = 0; slot < vectors.slots(); ++slot) {
    check_cancelled_every<64>(slot);
    if (live[slot] == kUnknown) continue;
    try {
      const uint8_t* const row = codes.at(slot);
      if (live[slot] == kEmpty)
        std::fill(expected.begin(), expected.end(), uint8_t{0});
      else
        encode(codes.shape(), vectors.shape(), vectors.at(slot).row, expected.data());
      if (std::memcmp(row, expected.data(), bytes) != 0)
        report(findings, {at_slot(slot), live[slot] == kEmpty
                                             ? "holds no vector, but its row of codes is not empty"
                                             : "its code is not the one of its vector"});
    } catch (const Corrupted& problem) {
      if (problem.what() != last_damage)
        report(findings, {at_slot(slot), last_damage = problem.what()});
    }
  }
}

}  // namespace vdb
