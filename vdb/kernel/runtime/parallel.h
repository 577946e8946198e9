// A loop over threads. Threads live for one call: nothing to lose in a fork, nothing idle.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/cancellation.h"
#include "runtime/float_mode.h"

namespace vdb {

// Calls body(index, worker) for every index below `count`, on at most `threads` threads. Workers
// are numbered from 0. The first exception stops the rest and is thrown here.
//
// One worker is the calling thread; where there are more, the calling thread only waits for them.
// If it worked as well, the system might queue the new ones behind it on its own core: for
// milliseconds in a process that had been idle (docs/decisions/0042). While it waits it polls for
// cancellation; a check_cancelled() in `body` then stops.
template <typename Body>
void parallel_for(uint32_t count, uint32_t threads, uint32_t chunk, const Body& body) {
  const uint32_t useful =
      std::max(1u, std::min(threads, (count + chunk - 1) / std::max(1u, chunk)));
  const uint32_t workers = process_ending.load(std::memory_order_relaxed) ? 1 : useful;
  Cancellation* const call = Cancellation::current();
  std::atomic<uint64_t> next{0};
  std::mutex mutex;
  std::condition_variable ended;
  uint32_t running = 0;  // of the new threads; guarded by the mutex
  std::exception_ptr failure;
  const auto fail = [&] {
    next.store(count, std::memory_order_relaxed);
    const std::lock_guard<std::mutex> lock(mutex);
    if (!failure) failure = std::current_exception();
  };
  const auto work = [&](uint32_t worker) {
    const FlushDenormals guard;
    try {
      for (;;) {
        const uint64_t begin = next.fetch_add(chunk, std::memory_order_relaxed);
        if (begin >= count) return;
        const uint64_t end = std::min<uint64_t>(begin + chunk, count);
        for (uint64_t i = begin; i < end; ++i) body(static_cast<uint32_t>(i), worker);
      }
    } catch (...) {
      fail();
    }
  };
  const auto work_beside = [&](uint32_t worker) {
    const Cancellation::Scope scope(call);
    work(worker);
    const std::lock_guard<std::mutex> lock(mutex);
    if (--running == 0) ended.notify_one();
  };
  std::vector<std::thread> others;
  if (workers > 1) others.reserve(workers);
  while (workers > 1 && others.size() < workers) {
    {
      const std::lock_guard<std::mutex> lock(mutex);
      ++running;
    }
    try {
      others.emplace_back(work_beside, static_cast<uint32_t>(others.size()));
    } catch (...) {
      const std::lock_guard<std::mutex> lock(mutex);
      --running;
      break;  // no more threads to be had: the ones there are do the work
    }
  }
  if (others.size() < workers) work(static_cast<uint32_t>(others.size()));
  if (call != nullptr && !others.empty()) {
    std::unique_lock<std::mutex> lock(mutex);
    const auto all_ended = [&] { return running == 0; };
    while (!ended.wait_for(lock, Cancellation::kInterval, all_ended)) {
      lock.unlock();
      try {
        call->check();
      } catch (...) {
        fail();
      }
      lock.lock();
    }
  }
  for (std::thread& thread : others) thread.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace vdb
