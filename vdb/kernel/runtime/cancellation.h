// Whether a long call shall go on: its loops ask now and then, on whatever thread they run.
//
// Whoever makes a call that may be stopped from outside says so with an Attention, which lives as
// long as the call and is known to every thread that works for it. Loops say `attend()` every few
// milliseconds. On the thread that made the call that asks outside, ten times a second; the others
// only see the answer. Where there is no Attention nobody asks, and nothing stops.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "runtime/errors.h"

namespace vdb {

// The process is about to end: nobody starts threads any more, which could not be waited for, and
// every call is asked at once whether it goes on.
inline std::atomic<bool> process_ends{false};

class Attention {
 public:
  static constexpr std::chrono::milliseconds kEvery{100};

  // Of the call that the calling thread works for; null for none.
  static Attention* current() { return current_; }

  virtual ~Attention() = default;
  Attention(const Attention&) = delete;
  Attention& operator=(const Attention&) = delete;

  // Throws Stopped once the call shall end.
  void look() {
    if (stopped_.load(std::memory_order_relaxed)) throw Stopped();
    if (!asks_) return;
    const auto now = std::chrono::steady_clock::now();
    if (next_ == std::chrono::steady_clock::time_point()) next_ = now + kEvery;
    if (now < next_ && !process_ends.load(std::memory_order_relaxed)) return;
    ask_outside();
    next_ = std::chrono::steady_clock::now() + kEvery;
  }
  // The same without regard to the time. Only on the thread that made the call.
  void ask_outside() {
    if (ask()) return;
    stopped_.store(true, std::memory_order_relaxed);
    throw Stopped();
  }

  // The calling thread makes the call, or works for it, as long as this lives.
  class Joined {
   public:
    explicit Joined(Attention* call, bool makes = false) : before_(current_), asked_(asks_) {
      current_ = call;
      asks_ = makes;
    }
    ~Joined() {
      current_ = before_;
      asks_ = asked_;
    }
    Joined(const Joined&) = delete;
    Joined& operator=(const Joined&) = delete;

   private:
    Attention* before_;
    bool asked_;
  };

 protected:
  Attention() = default;
  // Whether to go on. Called by the thread that made the call; may take some milliseconds.
  virtual bool ask() = 0;

 private:
  static inline thread_local Attention* current_ = nullptr;
  static inline thread_local bool asks_ = false;  // whether this thread made it
  std::atomic<bool> stopped_{false};
  std::chrono::steady_clock::time_point next_;
};

// What every long loop says, at least every few milliseconds; throws Stopped.
inline void attend() {
  if (Attention* const call = Attention::current()) call->look();
}

// The same in a loop of short steps: one in so many looks. REQUIRES a power of two.
template <uint32_t Every>
void attend_at(uint64_t step) {
  static_assert((Every & (Every - 1)) == 0, "a power of two");
  if ((step & (Every - 1)) == 0) attend();
}

}  // namespace vdb
