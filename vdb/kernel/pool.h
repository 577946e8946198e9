// The candidates of a search: the `capacity` nearest seen so far, sorted, each expanded once.
//
// Order is (distance, slot): equal distances are told apart by the smaller slot, so a result
// depends on the data alone.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace vdb {

struct Candidate {
  float distance;
  uint32_t slot;
  friend bool operator<(const Candidate& a, const Candidate& b) {
    return a.distance != b.distance ? a.distance < b.distance : a.slot < b.slot;
  }
};

class Pool {
 public:
  void reset(uint32_t capacity) {
    if (entries_.size() < size_t{capacity} + 1) entries_.resize(size_t{capacity} + 1);
    capacity_ = capacity;
    size_ = next_ = 0;
  }
  // Keeps fewer from now on. REQUIRES capacity below the one before.
  void narrow(uint32_t capacity) {
    capacity_ = capacity;
    size_ = std::min(size_, capacity);
    next_ = std::min(next_, size_);
  }
  uint32_t size() const { return size_; }
  bool full() const { return size_ == capacity_; }
  float worst() const { return entries_[size_ - 1].distance; }
  Candidate operator[](uint32_t i) const {
    return {entries_[i].distance, entries_[i].slot & ~kExpanded};
  }

  // Keeps a candidate if it is among the nearest. True when expand() would return it next.
  bool offer(Candidate candidate) {
    if (size_ == capacity_) {
      if (!(candidate < (*this)[size_ - 1])) return false;
      --size_;
    }
    Candidate* const entries = entries_.data();
    uint32_t at = size_;
    if (size_ <= kShort) {
      for (; at > 0 && candidate < (*this)[at - 1]; --at) entries[at] = entries[at - 1];
    } else {
      at = place(candidate);
      std::move_backward(entries + at, entries + size_, entries + size_ + 1);
    }
    entries[at] = candidate;
    ++size_;
    const bool first = at <= next_;
    next_ = first ? at : next_;
    return first;
  }

  // The nearest candidate not yet expanded, marked so; false when there is none.
  bool expand(uint32_t* slot) {
    while (next_ < size_ && (entries_[next_].slot & kExpanded) != 0) ++next_;
    if (next_ == size_) return false;
    *slot = entries_[next_].slot;
    entries_[next_++].slot |= kExpanded;
    return true;
  }

  // The one that expand() returns next unless a nearer one comes in; false when there is none.
  bool peek(uint32_t* slot) const {
    uint32_t i = next_;
    while (i < size_ && (entries_[i].slot & kExpanded) != 0) ++i;
    if (i == size_) return false;
    *slot = entries_[i].slot;
    return true;
  }

 private:
  // Behind how many candidates a new one comes.
  uint32_t place(const Candidate& candidate) const {
    const auto at = std::upper_bound(entries_.begin(), entries_.begin() + size_, candidate,
                                     [](const Candidate& c, const Candidate& e) {
                                       return c < Candidate{e.distance, e.slot & ~kExpanded};
                                     });
    return static_cast<uint32_t>(at - entries_.begin());
  }

  static constexpr uint32_t kShort = 128;  // shorter lists are gone through from their end
  static constexpr uint32_t kExpanded = 0x80000000u;  // beside a slot, which has 31 bits
  std::vector<Candidate> entries_;
  uint32_t capacity_ = 0, size_ = 0, next_ = 0;
};

}  // namespace vdb
