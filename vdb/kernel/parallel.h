// A loop over threads. Threads live for one call: nothing to lose in a fork, nothing idle.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "float_mode.h"

namespace vdb {

// Calls body(index, worker) for every index below `count`, on at most `threads` threads. Workers
// are numbered from 0. The first exception stops the rest and is thrown here.
//
// One worker is the calling thread; where there are more, the calling thread only waits for them.
// If it worked as well, the system might leave the new ones waiting behind it on its own core: for
// milliseconds in a process that had been idle (docs/decisions/0042).
template <typename Body>
void parallel_for(uint32_t count, uint32_t threads, uint32_t chunk, const Body& body) {
  const uint32_t workers =
      std::max(1u, std::min(threads, (count + chunk - 1) / std::max(1u, chunk)));
  std::atomic<uint64_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
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
      next.store(count, std::memory_order_relaxed);
      const std::lock_guard<std::mutex> lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  };
  std::vector<std::thread> others;
  if (workers > 1) others.reserve(workers);
  while (workers > 1 && others.size() < workers) {
    try {
      others.emplace_back(work, static_cast<uint32_t>(others.size()));
    } catch (...) {
      break;  // no more threads to be had: the ones there are do the work
    }
  }
  if (others.size() < workers) work(static_cast<uint32_t>(others.size()));
  for (std::thread& thread : others) thread.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace vdb
