// Predicts the addresses of blocks that were not fetched yet. The store can only be asked
// for one block after another, and reads each of its pages before it answers; with a good
// prediction the system reads all pages of a block at once, and several blocks in parallel.
//
// Blocks written together lie in the order of their numbers, with a page of the store's own between
// two of them now and then. So the blocks between two known ones lie on a straight line. In a file
// that was written in many places predictions are wrong; after too many of these there are none.
//
// Threads: any number. A prediction is a hint: nothing is read through it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "memory/paging.h"

namespace vdb {

class AddressPredictor {
 public:
  // `stride`: bytes from the beginning of a block to that of the next one directly behind it.
  explicit AddressPredictor(uint32_t stride) : stride_(stride) {}

  // Where block `n` probably begins; nullptr where no block near it is known, or predictions have
  // been wrong too often.
  const uint8_t* predict(uint32_t n) const {
    const uint32_t right = right_.load(std::memory_order_relaxed);
    if (wrong_.load(std::memory_order_relaxed) > kPatience + right / 2) return nullptr;
    return reinterpret_cast<const uint8_t*>(interpolate(n));
  }

  // Block `n` of about `blocks` begins at `address`.
  void observe(uint32_t n, uint32_t blocks, const uint8_t* address) {
    const auto here = reinterpret_cast<uintptr_t>(address);
    const uintptr_t predicted = interpolate(n);
    if (predicted != 0) {
      const uintptr_t off = predicted > here ? predicted - here : here - predicted;
      (off <= page_bytes() ? right_ : wrong_).fetch_add(1, std::memory_order_relaxed);
    }
    Sample& sample = samples_[static_cast<size_t>(uint64_t{n} * kSamples / (uint64_t{blocks} + 1))];
    sample.number.store(n, std::memory_order_relaxed);
    sample.address.store(here, std::memory_order_relaxed);
  }

 private:
  static constexpr size_t kSamples = 64;    // spread over the table
  static constexpr uint32_t kNear = 32;     // blocks, where only one neighbour is known
  static constexpr uint32_t kPatience = 8;  // wrong predictions
  static constexpr uint32_t kNone = UINT32_MAX;

  // The two parts may belong to different blocks for a moment; then a prediction is wrong.
  struct Sample {
    std::atomic<uint32_t> number{kNone};
    std::atomic<uintptr_t> address{0};
  };

  // Between the nearest samples below and above; 0 where there is no prediction.
  uintptr_t interpolate(uint32_t n) const {
    uint32_t below = kNone, above = kNone;
    uintptr_t from = 0, to = 0;
    for (const Sample& sample : samples_) {
      const uint32_t number = sample.number.load(std::memory_order_relaxed);
      if (number == kNone) continue;
      if (number <= n && (below == kNone || number > below))
        below = number, from = sample.address.load(std::memory_order_relaxed);
      else if (number > n && number < above)
        above = number, to = sample.address.load(std::memory_order_relaxed);
    }
    if (below != kNone && above != kNone) {
      const uintptr_t least = uintptr_t{above - below} * stride_;
      if (to < from || to - from < least || to - from - least > least / 8 + page_bytes()) return 0;
      const double share = static_cast<double>(n - below) / (above - below);
      const auto pages = static_cast<uintptr_t>(
          static_cast<double>(to - from) * share / static_cast<double>(page_bytes()) + 0.5);
      return from + pages * page_bytes();
    }
    if (below != kNone && n - below <= kNear) return from + uintptr_t{n - below} * stride_;
    if (above != kNone && above - n <= kNear) return to - uintptr_t{above - n} * stride_;
    return 0;
  }

  uint32_t stride_;
  std::array<Sample, kSamples> samples_;
  std::atomic<uint32_t> right_{0}, wrong_{0};
};

}  // namespace vdb
