// The slots that a search has visited. One byte a slot; reset() is free 254 times out of 255.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace vdb {

class VisitedSet {
 public:
  void reset(uint32_t slots) {
    if (marks_.size() < slots) marks_.resize(slots, 0);
    if (++epoch_ == 0) {
      std::fill(marks_.begin(), marks_.end(), uint8_t{0});
      epoch_ = 1;
    }
  }
  // True the first time a slot is shown. REQUIRES slot below the bound given to reset().
  bool insert(uint32_t slot) {
    const bool seen = marks_[slot] == epoch_;
    marks_[slot] = epoch_;
    return !seen;
  }
  // The same for a slot that passes; one that does not is left as it was. Without a branch, which
  // would be mispredicted where about half of the slots pass.
  bool insert_if(uint32_t slot, bool passes) {
    const bool fresh = passes & (marks_[slot] != epoch_);
    marks_[slot] = fresh ? epoch_ : marks_[slot];
    return fresh;
  }
  bool contains(uint32_t slot) const { return marks_[slot] == epoch_; }

 private:
  std::vector<uint8_t> marks_;
  uint8_t epoch_ = 0;
};

}  // namespace vdb
