// The k best hits so far: by score, equal ones by slot.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "text/query.h"

namespace vdb {

class TopHits {
 public:
  // With `ties`, hits behind the k-th with a score equal to its stay as well.
  TopHits(uint64_t k, bool ties) : k_(k), ties_(ties) {}

  bool full() const { return hits_.size() >= k_; }
  // The score of the worst of k hits; -infinity while there are fewer, infinity for k = 0.
  double threshold() const { return threshold_; }
  // Whether a hit of this score could stay; `slot` is the lowest it may have.
  bool could_stay(double score, uint32_t slot) const {
    return score > threshold_ || (score == threshold_ && (ties_ || slot < worst_slot()));
  }
  void offer(double score, uint32_t slot) {
    if (!(score >= threshold_) || k_ == 0) return;
    const TextHit hit{score, slot};
    if (!full()) {
      hits_.push_back(hit);
      std::push_heap(hits_.begin(), hits_.end(), better);
      if (full()) threshold_ = hits_.front().score;
      return;
    }
    if (!better(hit, hits_.front())) {
      if (ties_) tied_.push_back(hit);
      return;
    }
    std::pop_heap(hits_.begin(), hits_.end(), better);
    const TextHit worst = hits_.back();
    hits_.back() = hit;
    std::push_heap(hits_.begin(), hits_.end(), better);
    threshold_ = hits_.front().score;
    if (worst.score != threshold_)
      tied_.clear();
    else if (ties_)
      tied_.push_back(worst);
  }
  // Best first.
  std::vector<TextHit> take() {
    std::vector<TextHit> all = std::move(hits_);
    all.insert(all.end(), tied_.begin(), tied_.end());
    std::sort(all.begin(), all.end(), better);
    return all;
  }

 private:
  static bool better(const TextHit& a, const TextHit& b) {
    return a.score != b.score ? a.score > b.score : a.slot < b.slot;
  }
  uint32_t worst_slot() const { return full() && k_ > 0 ? hits_.front().slot : UINT32_MAX; }

  uint64_t k_;
  bool ties_;
  double threshold_ = -std::numeric_limits<double>::infinity();
  std::vector<TextHit> hits_;  // a heap, the worst in front
  std::vector<TextHit> tied_;  // with the score of the worst
};

}  // namespace vdb
