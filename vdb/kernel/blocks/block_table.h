// Addresses of the blocks of one (collection, generation, kind, level), as of one commit.
//
// A block is one stored value: a 48-byte header, then rows of equal size, then (vectors only) one
// float32 norm a row. docs/internals/format.md has every byte. The table owns no mapped memory:
// addresses come from a Source and stay good while a read transaction of that commit is open.
//
// Blocks that many searches read may be copied into memory of the process's own, which is read in
// their place from then on (make_resident). A copy is never changed, and lives as long as a table
// that may have its address.
//
// Threads: entries are filled lazily by any number of readers at once (each entry is atomic, and
// all of them would store the same address, or that of a copy). grow() and writable() need the
// table to themselves.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "memory/address_predictor.h"
#include "memory/residency.h"
#include "memory/resident_memory.h"

namespace vdb {

inline constexpr uint32_t kNone = 0xFFFFFFFFu;  // no slot
inline constexpr uint32_t kMaxSlots = 0x7FFFFFFEu;
inline constexpr uint32_t kBlockMagic = 0x6B626476u;  // "vdbk"
inline constexpr uint32_t kHeaderSize = 48;
inline constexpr uint32_t kValueHeader = 16;  // bytes of the store before a block
inline constexpr uint16_t kBlockLayout = 1;
inline constexpr uint8_t kVectors = 1;
inline constexpr uint8_t kLinks = 2;
inline constexpr uint8_t kCodes = 3;
inline constexpr uint32_t kNormSize = 4;

// Where stored blocks come from. May be called from several threads.
class Source {
 public:
  virtual ~Source() = default;
  struct Value {
    const uint8_t* data;
    size_t size;
  };
  // The value under `key`, or data == nullptr where there is none. Throws Stopped.
  virtual Value fetch(const std::string& key) = 0;
};

struct BlockShape {
  std::string prefix;  // key of block n is prefix + n as big-endian u32
  std::string salt;    // the database's uuid, first in every checksum
  uint32_t collection = 0;
  uint32_t generation = 0;
  uint8_t kind = 0;
  uint8_t level = 0;
  uint32_t block_size = 0;
  uint32_t row_size = 0;
  uint64_t span = 1;  // slots a row stands for: M^level, 1 for vectors and level 0
};

class BlockTable {
 public:
  // `memory`: for copies of blocks; nullptr: there are none. Throws std::invalid_argument.
  BlockTable(BlockShape shape, uint32_t slots, std::shared_ptr<ResidentMemory> memory = nullptr);
  BlockTable(const BlockTable&) = delete;
  BlockTable& operator=(const BlockTable&) = delete;

  const BlockShape& shape() const { return shape_; }
  uint32_t rows() const { return rows_; }      // rows in a block
  uint32_t blocks() const { return blocks_; }  // blocks that the slots need
  uint32_t resolved() const;
  uint64_t bytes() const { return uint64_t{blocks_} * shape_.block_size; }  // of all blocks
  // What searches found in memory, at this commit and those before it.
  Residency& residency() const { return *residency_; }
  size_t norms_offset() const { return kHeaderSize + size_t{rows_} * shape_.row_size; }

  // Which block a row lies in, and where in that block.
  struct Place {
    uint32_t block;
    uint32_t row;
  };
  Place place(uint32_t row) const {
#if defined(__SIZEOF_INT128__)
    const auto block =
        static_cast<uint32_t>((static_cast<unsigned __int128>(row) * inverse_) >> 63);
#else
    const uint32_t block = row / rows_;
#endif
    return {block, row - block * rows_};
  }

  // First byte of block n (its header). `n` must be below blocks(). Throws Corrupted, Stopped.
  // Whether a block has an address by now.
  bool is_resolved(uint32_t n) const {
    return entries_[n].load(std::memory_order_relaxed) != nullptr;
  }
  const uint8_t* block(uint32_t n, Source& source) const {
    const uint8_t* address = entries_[n].load(std::memory_order_acquire);
    return address != nullptr ? address : resolve(n, source);
  }
  // Prefetches from disk a row that is about to be read, or the whole block where that has no
  // address yet: it is then read for its checksum.
  void will_need(uint32_t row) const;
  // The same as block(), but nullptr where the block was never written (upper levels are sparse).
  const uint8_t* block_or_null(uint32_t n, Source& source) const;

  // Whether blocks may be left that make_resident() would copy, now or once they have addresses.
  bool may_become_resident() const { return may_become_.load(std::memory_order_relaxed); }
  // Copies blocks that have addresses, about `bytes` of them at most. False once all were looked
  // at. A copy is verified like a block that is met for the first time; one that is damaged is not
  // used. One thread copies at a time: the others return at once.
  // REQUIRES a read transaction as for every use of addresses.
  bool make_resident(size_t* bytes) const;
  // Bytes of the blocks that are read from copies.
  uint64_t resident_bytes() const;
  ResidentMemory* memory() const { return memory_.get(); }

  // Whether this very table is good for a later commit that rewrote `count` of its blocks.
  bool lasts(size_t count, uint32_t slots) const {
    return count == 0 && blocks_for(slots) == blocks_;
  }
  // The table at a later commit: the listed entries are forgotten (all of them for nullptr).
  std::shared_ptr<BlockTable> successor(const uint32_t* rewritten, size_t count,
                                        uint32_t slots) const;

  // A private copy for a batch: same addresses, blocks copied to the heap when first written.
  // Blocks that the batch only reads become known to `base` too, which shows the same commit. The
  // addresses are shared until then: a batch copies only those of tables that it changes.
  static std::shared_ptr<BlockTable> for_writing(std::shared_ptr<const BlockTable> base);
  void grow(uint32_t slots);
  uint8_t* writable(uint32_t n, Source& source);
  // The copies were stored: these blocks are fetched from the source from now on.
  void forget_copies();
  const std::vector<uint32_t>& dirty() const { return dirty_; }
  // Completes header and checksum of a dirty block and returns it (block_size bytes).
  const uint8_t* seal(uint32_t n, uint64_t commit, uint32_t slots);
  std::string key(uint32_t n) const;

 private:
  using Entry = std::atomic<const uint8_t*>;
  using Arenas = std::vector<std::shared_ptr<ResidentArena>>;

  const uint8_t* resolve(uint32_t n, Source& source) const;
  void will_need_block(uint32_t n) const;
  void accept(uint32_t n, const Source::Value& value) const;
  uint32_t checksum(const uint8_t* block) const;
  uint32_t blocks_for(uint32_t slots) const;
  void own(uint32_t capacity);
  Arenas arenas() const;
  bool make_copy(uint32_t n, const uint8_t* block) const;
  bool add_arena() const;
  uint8_t* heap_block();
  [[noreturn]] void damaged(uint32_t n, const std::string& what) const;

  BlockShape shape_;
  uint32_t rows_ = 0;
  uint64_t inverse_ = 0;  // ceil(2^63 / rows): exact quotients for every 31-bit row
  uint32_t blocks_ = 0;
  uint32_t capacity_ = 0;
  Entry* entries_ = nullptr;
  std::shared_ptr<Entry[]> owner_;          // of the array that entries_ points to
  std::shared_ptr<const BlockTable> base_;  // the table that a batch's table is a copy of
  bool shares_ = false;                     // entries_ are those of base_
  // Shared with the tables of the commits before and after.
  std::shared_ptr<Residency> residency_ = std::make_shared<Residency>();
  std::shared_ptr<AddressPredictor> predictor_;
  std::shared_ptr<ResidentMemory> memory_;
  mutable std::atomic<bool> may_become_{false};
  mutable std::mutex resident_;     // guards those below
  mutable Arenas arenas_;           // in which addresses may lie; copies go to the last
  mutable Arenas former_;           // where readers that are under way may still read
  mutable uint32_t looked_at_ = 0;  // blocks of this pass over all of them,
  mutable uint32_t unmet_ = 0;      // which had no address
  std::vector<uint32_t> dirty_;
  std::vector<bool> is_dirty_;
  std::vector<std::unique_ptr<uint8_t[]>> heap_;
};

}  // namespace vdb
