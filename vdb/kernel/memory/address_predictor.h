// Where blocks probably lie that nobody has looked up yet. The store can only be asked for one
// block after another, and reads each of its pages before it answers; a good guess lets the system
// read them all at once, and beside those of other blocks.
//
// Blocks written together lie in the order of their numbers, with a page of the store's own between
// two of them now and then, so that between two whose places are known the others are where a
// straight line says. In a file that has been written here and there guesses are wrong, and then
// none are made.
//
// Threads: any number. A guess is a hint: nothing is read through it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "memory/paging.h"

namespace vdb {

class Forecast {
 public:
  // `stride`: bytes from the beginning of a block to that of the next where nothing lies between
  // them.
  explicit Forecast(uint32_t stride) : stride_(stride) {}

  // Where block `n` begins, or nullptr: nothing is known of its surroundings, or not to be trusted.
  const uint8_t* guess(uint32_t n) const {
    const uint32_t right = right_.load(std::memory_order_relaxed);
    if (wrong_.load(std::memory_order_relaxed) > kPatience + right / 2) return nullptr;
    return reinterpret_cast<const uint8_t*>(line(n));
  }

  // Block `n` of about `blocks` begins here.
  void learn(uint32_t n, uint32_t blocks, const uint8_t* address) {
    const auto here = reinterpret_cast<uintptr_t>(address);
    const uintptr_t guessed = line(n);
    if (guessed != 0) {
      const uintptr_t off = guessed > here ? guessed - here : here - guessed;
      (off <= page_bytes() ? right_ : wrong_).fetch_add(1, std::memory_order_relaxed);
    }
    Known& known = known_[static_cast<size_t>(uint64_t{n} * kKept / (uint64_t{blocks} + 1))];
    known.number.store(n, std::memory_order_relaxed);
    known.address.store(here, std::memory_order_relaxed);
  }

 private:
  static constexpr size_t kKept = 64;       // spread over the table
  static constexpr uint32_t kNear = 32;     // blocks, where only one side is known
  static constexpr uint32_t kPatience = 8;  // wrong guesses
  static constexpr uint32_t kNothing = UINT32_MAX;

  // Its two parts may be of two blocks for a moment; then a guess is wrong.
  struct Known {
    std::atomic<uint32_t> number{kNothing};
    std::atomic<uintptr_t> address{0};
  };

  uintptr_t line(uint32_t n) const {
    uint32_t below = kNothing, above = kNothing;
    uintptr_t from = 0, to = 0;
    for (const Known& known : known_) {
      const uint32_t number = known.number.load(std::memory_order_relaxed);
      if (number == kNothing) continue;
      if (number <= n && (below == kNothing || number > below))
        below = number, from = known.address.load(std::memory_order_relaxed);
      else if (number > n && number < above)
        above = number, to = known.address.load(std::memory_order_relaxed);
    }
    if (below != kNothing && above != kNothing) {
      const uintptr_t least = uintptr_t{above - below} * stride_;
      if (to < from || to - from < least || to - from - least > least / 8 + page_bytes()) return 0;
      const double share = static_cast<double>(n - below) / (above - below);
      const auto pages = static_cast<uintptr_t>(
          static_cast<double>(to - from) * share / static_cast<double>(page_bytes()) + 0.5);
      return from + pages * page_bytes();
    }
    if (below != kNothing && n - below <= kNear) return from + uintptr_t{n - below} * stride_;
    if (above != kNothing && above - n <= kNear) return to - uintptr_t{above - n} * stride_;
    return 0;
  }

  uint32_t stride_;
  std::array<Known, kKept> known_;
  std::atomic<uint32_t> right_{0}, wrong_{0};
};

}  // namespace vdb
