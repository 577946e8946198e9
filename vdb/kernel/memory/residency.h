// What searches of one collection meet in memory and what they have to read: the last ones tell
// what the next ones may expect.
#pragma once

#include <atomic>
#include <cstdint>

namespace vdb {

// What a search does about pages that may be missing. Asking the system for a page costs about as
// much as comparing a dozen vectors, and is wasted where it is there.
struct Care {
  bool walk = false;     // ask for whatever a walk is about to compare
  bool last = false;     // ask for the vectors of the last candidates, all at once
  bool give_up = false;  // give those up again once they are compared
  bool any() const { return walk || last || give_up; }
};

// What a search has read from the disk, bytes.
struct Reads {
  uint64_t walk = 0;  // until its candidates stood
  uint64_t last = 0;  // to compare these by their vectors
};

// Threads: any number.
class Residency {
 public:
  Care care() const {
    const uint8_t asks = asks_.load(std::memory_order_relaxed);
    return {(asks & kWalk) != 0, (asks & kLast) != 0, (asks & kGiveUp) != 0};
  }

  // After a search that took `care`. `guide`: bytes of all that guides walks where that is not the
  // vectors themselves, or 0.
  //
  // Where walks have read more than that, some of it a second time, and go on reading, memory is
  // short; and vectors, of which a search reads a few that the next one has no use for, drive out
  // what every search needs. So they are given up at once, until walks find nearly all they need.
  void note(const Care& care, const Reads& reads, uint64_t guide) {
    const uint64_t walk = care.any() ? reads.walk : reads.walk + reads.last;
    // What other threads note meanwhile may get lost: these are estimates.
    uint8_t asks = 0;
    if (walk >= kMuch) asks |= kWalk;
    if (reads.walk + reads.last > 0) asks |= kLast;
    if (guide > 0) {
      const uint64_t before = walked_.load(std::memory_order_relaxed);
      const uint64_t walked = before - before / kSearches + reads.walk / kSearches;
      if (walked != before) walked_.store(walked, std::memory_order_relaxed);
      const uint64_t read = read_.load(std::memory_order_relaxed) + reads.walk;
      if (reads.walk > 0) read_.store(read, std::memory_order_relaxed);
      if (read > guide && walked > kSpare) asks |= kGiveUp;
    }
    if (asks != asks_.load(std::memory_order_relaxed)) asks_.store(asks, std::memory_order_relaxed);
  }

 private:
  static constexpr uint8_t kWalk = 1, kLast = 2, kGiveUp = 4;
  static constexpr uint64_t kMuch = 64 << 10;   // for one walk
  static constexpr uint64_t kSpare = 16 << 10;  // on average of about
  static constexpr uint64_t kSearches = 64;     // so many

  std::atomic<uint8_t> asks_{kWalk | kLast};  // nothing is known to be there
  std::atomic<uint64_t> walked_{0};           // bytes that a walk reads, on that average
  std::atomic<uint64_t> read_{0};             // that all of them have read
};

}  // namespace vdb
