// Cancellation of a long call from outside: by a signal, by a failed progress callback, or because
// the process ends.
//
// A call that can be cancelled makes a Cancellation, which lives as long as the call and is shared
// by every thread that works for it. Loops call check_cancelled() every few milliseconds. On the
// thread that made the call this polls the outside ten times a second; the other threads only read
// the result. Without a Cancellation nothing is polled and nothing stops.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "runtime/errors.h"

namespace vdb {

// The process is about to end: no new threads are started, since nothing could join them, and every
// call polls at once.
inline std::atomic<bool> process_ending{false};

class Cancellation {
 public:
  static constexpr std::chrono::milliseconds kInterval{100};

  // The one of the call that this thread works for; null for none.
  static Cancellation* current() { return current_; }

  virtual ~Cancellation() = default;
  Cancellation(const Cancellation&) = delete;
  Cancellation& operator=(const Cancellation&) = delete;

  // Throws Stopped once the call is cancelled.
  void check() {
    if (stopped_.load(std::memory_order_relaxed)) throw Stopped();
    if (!polls_) return;
    const auto now = std::chrono::steady_clock::now();
    if (next_ == std::chrono::steady_clock::time_point()) next_ = now + kInterval;
    if (now < next_ && !process_ending.load(std::memory_order_relaxed)) return;
    poll();
    next_ = std::chrono::steady_clock::now() + kInterval;
  }
  // The same at any time. Only on the thread that made the call.
  void poll() {
    if (may_continue()) return;
    stopped_.store(true, std::memory_order_relaxed);
    throw Stopped();
  }

  // While it lives, the current thread works for the call, or (`makes_call`) has made it.
  class Scope {
   public:
    explicit Scope(Cancellation* call, bool makes_call = false)
        : outer_(current_), outer_polls_(polls_) {
      current_ = call;
      polls_ = makes_call;
    }
    ~Scope() {
      current_ = outer_;
      polls_ = outer_polls_;
    }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Cancellation* outer_;
    bool outer_polls_;
  };

 protected:
  Cancellation() = default;
  // Called on the thread that made the call; may take some milliseconds.
  virtual bool may_continue() = 0;

 private:
  static inline thread_local Cancellation* current_ = nullptr;
  static inline thread_local bool polls_ = false;  // whether this thread made the call
  std::atomic<bool> stopped_{false};
  std::chrono::steady_clock::time_point next_;
};

// For every long loop, at least every few milliseconds; throws Stopped.
inline void check_cancelled() {
  if (Cancellation* const call = Cancellation::current()) call->check();
}

// The same in a loop of short steps: once in `Steps` of them. REQUIRES a power of two.
template <uint32_t Steps>
void check_cancelled_every(uint64_t step) {
  static_assert((Steps & (Steps - 1)) == 0, "a power of two");
  if ((step & (Steps - 1)) == 0) check_cancelled();
}

}  // namespace vdb
