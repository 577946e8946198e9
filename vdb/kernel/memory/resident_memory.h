// Private memory, in pages of 2 MiB where the system has them, for copies of the blocks that walks
// read. A processor keeps the addresses of a few thousand pages at hand: pages of 4 KiB are not
// enough for the links and codes of a large collection, and those of a file lie wherever they were
// read to.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace vdb {

class ResidentArena;

// How much of it the tables of one open database may take. Threads: any number.
class ResidentMemory {
 public:
  // Collections whose links and codes are less than `least` bytes have no copies: the processor's
  // own caches hold most of them. `mapped`: stored blocks lie in the map of a file, whose pages are
  // let go of once they are copied.
  ResidentMemory(uint64_t limit, uint64_t least, bool mapped)
      : limit_(limit), least_(least), mapped_(mapped) {}

  uint64_t limit() const { return limit_.load(std::memory_order_relaxed); }
  void set_limit(uint64_t bytes) { limit_.store(bytes, std::memory_order_relaxed); }
  uint64_t least() const { return least_.load(std::memory_order_relaxed); }
  void set_least(uint64_t bytes) { least_.store(bytes, std::memory_order_relaxed); }
  bool mapped() const { return mapped_; }
  // Bytes that are set aside by now.
  uint64_t used() const { return used_.load(std::memory_order_relaxed); }

  // Whether an address lies in any of its arenas.
  bool holds(const uint8_t* address) const;

 private:
  friend class ResidentArena;
  // False where so many more would be above the limit.
  bool reserve(uint64_t bytes);
  void release(uint64_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }
  // The number of a range that was free; kRanges where none is.
  size_t add(const uint8_t* from, size_t bytes);
  void remove(size_t range) { ranges_[range].from.store(0, std::memory_order_release); }

  // Where an arena lies; `from` is 0 of a free one, 1 while it is filled in. There is no lock,
  // which the child of a fork might inherit held.
  static constexpr size_t kRanges = 256;
  struct Range {
    std::atomic<uintptr_t> from{0}, bytes{0};
  };
  std::array<Range, kRanges> ranges_;
  std::atomic<uint64_t> limit_, least_, used_{0};
  bool mapped_;
};

// Places of equal size in one piece of it. A place that was taken is not given back: all of the
// memory is freed with the arena.
class ResidentArena {
 public:
  // nullptr where the limit or the system has no such piece.
  static std::shared_ptr<ResidentArena> make(std::shared_ptr<ResidentMemory> memory,
                                             size_t block_size, size_t places);
  ~ResidentArena();
  ResidentArena(const ResidentArena&) = delete;
  ResidentArena& operator=(const ResidentArena&) = delete;

  // Room for a block, whose rows begin on a cache line as they do in the map; nullptr where all
  // places are taken. Threads: any number.
  uint8_t* take();
  bool holds(const uint8_t* address) const {
    const auto at = reinterpret_cast<uintptr_t>(address), from = reinterpret_cast<uintptr_t>(base_);
    return at - from < size_;
  }

 private:
  ResidentArena() = default;

  std::shared_ptr<ResidentMemory> memory_;
  uint8_t* map_ = nullptr;  // with `base_` on a 2 MiB boundary inside
  size_t mapped_ = 0, range_ = 0;
  uint8_t* base_ = nullptr;
  size_t size_ = 0, stride_ = 0, places_ = 0;
  std::atomic<size_t> taken_{0};
};

}  // namespace vdb
