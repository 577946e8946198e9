// The candidates of a search: the `capacity` nearest seen so far, sorted, each expanded once.
//
// Equal distances are ordered by the smaller slot.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "distance/candidate.h"

namespace vdb {

class CandidatePool {
 public:
  // Keeps the `capacity` nearest, of which the `ef` nearest are expanded.
  void reset(uint32_t capacity, uint32_t ef) {
    if (entries_.size() < size_t{capacity} + 1) entries_.resize(size_t{capacity} + 1);
    capacity_ = capacity;
    ef_ = ef;
    size_ = next_ = 0;
  }
  void reset(uint32_t capacity) { reset(capacity, capacity); }
  // Keeps and expands fewer from now on. REQUIRES both at most what they were.
  void narrow(uint32_t capacity, uint32_t ef) {
    capacity_ = capacity;
    ef_ = ef;
    size_ = std::min(size_, capacity);
    next_ = std::min(next_, size_);
  }
  uint32_t size() const { return size_; }
  // Candidates that are expanded, or will be.
  uint32_t within_ef() const { return std::min(size_, ef_); }
  // Whether there are fewer than ef: once all are expanded, every reachable node is among them.
  bool below_ef() const { return size_ < ef_; }
  bool full() const { return size_ == capacity_; }
  float worst() const { return (*this)[size_ - 1].distance; }
  Candidate operator[](uint32_t i) const {
    return {distance_of(entries_[i]), slot_of(entries_[i])};
  }

  // Keeps a candidate if it is among the nearest. True when expand() would return it next.
  // REQUIRES a distance that is a number and a slot of 31 bits.
  bool offer(Candidate candidate) {
    uint64_t* const entries = entries_.data();
    const uint64_t entry = entry_of(candidate);
    if (size_ == capacity_) {
      if (!(entry < entries[size_ - 1])) return false;
      --size_;
    }
    uint32_t at = size_;
    if (size_ <= kShort) {
      for (; at > 0 && entry < entries[at - 1]; --at) entries[at] = entries[at - 1];
    } else {
      at = place(entry);
      for (uint32_t i = size_; i > at; --i) entries[i] = entries[i - 1];
    }
    entries[at] = entry;
    ++size_;
    const bool first = at <= next_;
    next_ = first ? at : next_;
    return first;
  }

  // The nearest candidate not yet expanded, marked so; false when there is none.
  bool expand(uint32_t* slot) {
    const uint32_t end = std::min(size_, ef_);
    while (next_ < end && (entries_[next_] & kExpanded) != 0) ++next_;
    if (next_ >= end) return false;
    *slot = slot_of(entries_[next_]);
    entries_[next_++] |= kExpanded;
    return true;
  }

  // The candidate that expand() returns next, unless a nearer one is offered; false when there is
  // none.
  bool peek(uint32_t* slot) const {
    const uint32_t end = std::min(size_, ef_);
    uint32_t i = next_;
    while (i < end && (entries_[i] & kExpanded) != 0) ++i;
    if (i >= end) return false;
    *slot = slot_of(entries_[i]);
    return true;
  }

 private:
  // An entry is one number, so that two are compared at once: the bits of the distance, changed so
  // that they are ordered as distances are; the slot; whether it was expanded.
  static uint64_t entry_of(Candidate candidate) {
    const float distance = candidate.distance + 0.0f;  // -0 is 0
    uint32_t bits;
    std::memcpy(&bits, &distance, sizeof bits);
    bits ^= (bits >> 31) != 0 ? 0xFFFFFFFFu : kSign;
    return uint64_t{bits} << 32 | uint64_t{candidate.slot} << 1;
  }
  static float distance_of(uint64_t entry) {
    auto bits = static_cast<uint32_t>(entry >> 32);
    bits ^= (bits & kSign) != 0 ? kSign : 0xFFFFFFFFu;
    float distance;
    std::memcpy(&distance, &bits, sizeof distance);
    return distance;
  }
  static uint32_t slot_of(uint64_t entry) { return static_cast<uint32_t>(entry) >> 1; }

  // How many entries a new one comes behind. Its place cannot be predicted, so there is no branch.
  uint32_t place(uint64_t entry) const {
    const uint64_t* from = entries_.data();
    uint32_t n = size_;
    while (n > 1) {
      const uint32_t half = n / 2;
      from += half & -static_cast<uint32_t>(from[half - 1] < entry);
      n -= half;
    }
    return static_cast<uint32_t>(from - entries_.data()) + (n == 1 && *from < entry ? 1 : 0);
  }

  static constexpr uint32_t kShort = 40;  // shorter lists are searched from their end
  static constexpr uint32_t kSign = 0x80000000u;
  static constexpr uint64_t kExpanded = 1;
  std::vector<uint64_t> entries_;
  uint32_t capacity_ = 0, ef_ = 0, size_ = 0, next_ = 0;
};

}  // namespace vdb
