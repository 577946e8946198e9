#include "memory/resident_memory.h"

#include <utility>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/mman.h>
#endif

namespace vdb {
namespace {

constexpr size_t kLargePage = size_t{2} << 20;
constexpr size_t kBeforeBlock = 16;  // rows lie 48 bytes into a block: 16 + 48 is a cache line

}  // namespace

bool ResidentMemory::reserve(uint64_t bytes) {
  uint64_t used = used_.load(std::memory_order_relaxed);
  do {
    const uint64_t most = limit();
    if (bytes > most || used > most - bytes) return false;
  } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  return true;
}

bool ResidentMemory::holds(const uint8_t* address) const {
  const auto at = reinterpret_cast<uintptr_t>(address);
  for (const Range& range : ranges_) {
    const uintptr_t from = range.from.load(std::memory_order_acquire);
    if (from > 1 && at - from < range.bytes.load(std::memory_order_relaxed)) return true;
  }
  return false;
}

size_t ResidentMemory::add(const uint8_t* from, size_t bytes) {
  for (size_t i = 0; i < kRanges; ++i) {
    uintptr_t free = 0;
    if (!ranges_[i].from.compare_exchange_strong(free, 1, std::memory_order_relaxed)) continue;
    ranges_[i].bytes.store(bytes, std::memory_order_relaxed);
    ranges_[i].from.store(reinterpret_cast<uintptr_t>(from), std::memory_order_release);
    return i;
  }
  return kRanges;
}

std::shared_ptr<ResidentArena> ResidentArena::make(
    [[maybe_unused]] std::shared_ptr<ResidentMemory> memory, [[maybe_unused]] size_t block_size,
    [[maybe_unused]] size_t places) {
#if (defined(__unix__) || defined(__APPLE__)) && defined(MAP_ANONYMOUS)
  const size_t stride = (block_size + kBeforeBlock + 63) / 64 * 64;
  const size_t size = (stride * places + kLargePage - 1) / kLargePage * kLargePage;
  std::shared_ptr<ResidentArena> arena(new ResidentArena);
  if (!memory->reserve(size)) return nullptr;
  void* const map =
      mmap(nullptr, size + kLargePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (map == MAP_FAILED) {
    memory->release(size);
    return nullptr;
  }
  const auto address = reinterpret_cast<uintptr_t>(map);
  uint8_t* const base =
      static_cast<uint8_t*>(map) + (kLargePage - address % kLargePage) % kLargePage;
  const size_t range = memory->add(base, size);
  if (range == ResidentMemory::kRanges) {
    munmap(map, size + kLargePage);
    memory->release(size);
    return nullptr;
  }
  arena->range_ = range;
  arena->memory_ = std::move(memory);
  arena->map_ = static_cast<uint8_t*>(map);
  arena->mapped_ = size + kLargePage;
  arena->base_ = base;
  arena->size_ = size;
  arena->stride_ = stride;
  arena->places_ = places;
#if defined(MADV_HUGEPAGE)
  madvise(arena->base_, size, MADV_HUGEPAGE);
#endif
#if defined(MADV_DONTDUMP)
  madvise(map, arena->mapped_, MADV_DONTDUMP);
#endif
  return arena;
#else
  return nullptr;
#endif
}

ResidentArena::~ResidentArena() {
  if (memory_ == nullptr) return;
  memory_->remove(range_);
#if defined(__unix__) || defined(__APPLE__)
  munmap(map_, mapped_);
#endif
  memory_->release(size_);
}

uint8_t* ResidentArena::take() {
  if (taken_.load(std::memory_order_relaxed) >= places_) return nullptr;
  const size_t place = taken_.fetch_add(1, std::memory_order_relaxed);
  return place < places_ ? base_ + place * stride_ + kBeforeBlock : nullptr;
}

}  // namespace vdb
