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
  float worst() const { return entries_[size_ - 1].candidate.distance; }
  const Candidate& operator[](uint32_t i) const { return entries_[i].candidate; }

  // Keeps a candidate if it is among the nearest.
  void offer(Candidate candidate) {
    if (size_ == capacity_) {
      if (!(candidate < entries_[size_ - 1].candidate)) return;
      --size_;
    }
    Entry* const first = entries_.data();
    Entry* const at =
        std::upper_bound(first, first + size_, candidate,
                         [](const Candidate& c, const Entry& e) { return c < e.candidate; });
    std::move_backward(at, first + size_, first + size_ + 1);
    *at = {candidate, false};
    ++size_;
    next_ = std::min(next_, static_cast<uint32_t>(at - first));
  }

  // The nearest candidate not yet expanded, marked so; false when there is none.
  bool expand(uint32_t* slot) {
    while (next_ < size_ && entries_[next_].expanded) ++next_;
    if (next_ == size_) return false;
    entries_[next_].expanded = true;
    *slot = entries_[next_++].candidate.slot;
    return true;
  }

  // The one that expand() returns next unless a nearer one comes in; false when there is none.
  bool peek(uint32_t* slot) const {
    uint32_t i = next_;
    while (i < size_ && entries_[i].expanded) ++i;
    if (i == size_) return false;
    *slot = entries_[i].candidate.slot;
    return true;
  }

 private:
  struct Entry {
    Candidate candidate;
    bool expanded;
  };
  std::vector<Entry> entries_;
  uint32_t capacity_ = 0, size_ = 0, next_ = 0;
};

}  // namespace vdb
