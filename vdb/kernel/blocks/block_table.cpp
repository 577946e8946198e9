#include "blocks/block_table.h"

#include <algorithm>
#include <cstring>

#include "blocks/crc32c.h"
#include "memory/asan.h"
#include "memory/paging.h"
#include "runtime/errors.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "blocks are little-endian and are used in place: big-endian machines are not supported"
#endif

namespace vdb {
namespace {

// Offsets inside the block header; docs/internals/format.md names them.
enum : size_t {
  kAtMagic = 0,
  kAtKind = 4,
  kAtLevel = 5,
  kAtLayout = 6,
  kAtCollection = 8,
  kAtGeneration = 12,
  kAtNumber = 16,
  kAtRowSize = 20,
  kAtRows = 24,
  kAtCount = 28,
  kAtCommit = 32,
  kAtChecksum = 40,
  kAtReserved = 44,
};

template <typename T>
T load(const uint8_t* p) {
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

template <typename T>
void store(uint8_t* p, T value) {
  std::memcpy(p, &value, sizeof value);
}

}  // namespace

BlockTable::BlockTable(BlockShape shape, uint32_t slots, std::shared_ptr<ResidentMemory> memory)
    : shape_(std::move(shape)), memory_(std::move(memory)), may_become_(memory_ != nullptr) {
  const uint64_t per_row = uint64_t{shape_.row_size} + (shape_.kind == kVectors ? kNormSize : 0);
  if (shape_.kind < kVectors || shape_.kind > kCodes)
    throw std::invalid_argument("kind: expected 1 (vectors), 2 (links) or 3 (codes), got " +
                                std::to_string(shape_.kind));
  if (shape_.row_size == 0 || shape_.row_size % 4 != 0 || shape_.block_size % 16 != 0 ||
      shape_.block_size < kHeaderSize + per_row)
    throw std::invalid_argument("row_size " + std::to_string(shape_.row_size) +
                                " does not fit block_size " + std::to_string(shape_.block_size));
  if (shape_.span == 0) throw std::invalid_argument("span: expected at least 1");
  if (slots > kMaxSlots) throw std::invalid_argument("slots: expected at most 2^31 - 2");
  rows_ = static_cast<uint32_t>((shape_.block_size - kHeaderSize) / per_row);
  inverse_ = ((uint64_t{1} << 63) + rows_ - 1) / rows_;
  predictor_ = std::make_shared<AddressPredictor>(shape_.block_size + kValueHeader);
  grow(slots);
}

uint32_t BlockTable::blocks_for(uint32_t slots) const {
  const uint64_t rows = (uint64_t{slots} + shape_.span - 1) / shape_.span;
  return static_cast<uint32_t>((rows + rows_ - 1) / rows_);
}

void BlockTable::grow(uint32_t slots) {
  const uint32_t blocks = blocks_for(slots);
  if (blocks > capacity_) own(std::max(blocks, capacity_ + capacity_ / 2));
  blocks_ = std::max(blocks_, blocks);
}

// Moves the addresses into an array of the table's own.
void BlockTable::own(uint32_t capacity) {
  std::shared_ptr<Entry[]> entries(new Entry[capacity]);
  const uint32_t old = std::min(blocks_, capacity_);
  for (uint32_t i = 0; i < capacity; ++i)
    entries[i].store(i < old ? entries_[i].load(std::memory_order_acquire) : nullptr,
                     std::memory_order_relaxed);
  owner_ = std::move(entries);
  entries_ = owner_.get();
  capacity_ = capacity;
  shares_ = false;
}

uint32_t BlockTable::resolved() const {
  uint32_t n = 0;
  for (uint32_t i = 0; i < blocks_; ++i)
    n += entries_[i].load(std::memory_order_relaxed) != nullptr;
  return n;
}

std::string BlockTable::key(uint32_t n) const {
  std::string key = shape_.prefix;
  for (int shift = 24; shift >= 0; shift -= 8) key.push_back(static_cast<char>(n >> shift & 0xFF));
  return key;
}

void BlockTable::damaged(uint32_t n, const std::string& what) const {
  throw Corrupted("block " + std::to_string(n) + " of collection " +
                  std::to_string(shape_.collection) + ", generation " +
                  std::to_string(shape_.generation) +
                  (shape_.kind == kVectors ? ", vectors"
                   : shape_.kind == kCodes ? ", codes"
                                           : ", links of level " + std::to_string(shape_.level)) +
                  ": " + what);
}

uint32_t BlockTable::checksum(const uint8_t* block) const {
  static const uint8_t zero[4] = {};
  uint32_t c = crc32c(shape_.salt.data(), shape_.salt.size());
  c = crc32c(block, kAtChecksum, c);
  c = crc32c(zero, sizeof zero, c);
  return crc32c(block + kAtReserved, shape_.block_size - kAtReserved, c);
}

void BlockTable::accept(uint32_t n, const Source::Value& value) const {
  const auto expect = [&](const char* field, uint64_t expected, uint64_t got) {
    if (expected != got)
      damaged(n, std::string(field) + ": expected " + std::to_string(expected) + ", got " +
                     std::to_string(got));
  };
  expect("length", shape_.block_size, value.size);
  const uint8_t* p = value.data;
  expect("magic", kBlockMagic, load<uint32_t>(p + kAtMagic));
  expect("layout", kBlockLayout, load<uint16_t>(p + kAtLayout));
  expect("kind", shape_.kind, p[kAtKind]);
  expect("level", shape_.level, p[kAtLevel]);
  expect("collection", shape_.collection, load<uint32_t>(p + kAtCollection));
  expect("generation", shape_.generation, load<uint32_t>(p + kAtGeneration));
  expect("number", n, load<uint32_t>(p + kAtNumber));
  expect("row_size", shape_.row_size, load<uint32_t>(p + kAtRowSize));
  expect("rows", rows_, load<uint32_t>(p + kAtRows));
  if (load<uint32_t>(p + kAtCount) > rows_) damaged(n, "count is larger than rows");
  expect("checksum", load<uint32_t>(p + kAtChecksum), checksum(p));
}

const uint8_t* BlockTable::resolve(uint32_t n, Source& source) const {
  const uint8_t* address = block_or_null(n, source);
  if (address == nullptr) damaged(n, "missing");
  return address;
}

const uint8_t* BlockTable::block_or_null(uint32_t n, Source& source) const {
  const uint8_t* address = entries_[n].load(std::memory_order_acquire);
  if (address != nullptr) return address;
  if (base_ != nullptr) {
    if (n >= base_->blocks_) return nullptr;
    address = base_->block_or_null(n, source);
  } else {
    // The store reads a value page by page before it answers.
    if (shape_.kind != kLinks) will_need_block(n);
    const Source::Value value = source.fetch(key(n));
    if (value.data == nullptr) return nullptr;
    predictor_->observe(n, blocks_, value.data);
    accept(n, value);
    address = value.data;
  }
  entries_[n].store(address, std::memory_order_release);
  return address;
}

void BlockTable::will_need_block(uint32_t n) const {
  const uint8_t* probably = predictor_->predict(n);
  if (probably != nullptr) vdb::will_need(probably, shape_.block_size);
}

void BlockTable::will_need(uint32_t row) const {
  const Place p = place(row);
  const uint8_t* address = entries_[p.block].load(std::memory_order_acquire);
  if (address == nullptr)
    will_need_block(p.block);
  else
    vdb::will_need(address + kHeaderSize + size_t{p.row} * shape_.row_size, shape_.row_size);
}

std::shared_ptr<BlockTable> BlockTable::successor(const uint32_t* rewritten, size_t count,
                                                  uint32_t slots) const {
  auto next = std::make_shared<BlockTable>(shape_, slots, memory_);
  next->residency_ = residency_;
  next->predictor_ = predictor_;
  if (rewritten == nullptr) return next;
  const uint32_t common = std::min(blocks_, next->blocks_);
  // Before the addresses: none of them lies in an arena that is not among these.
  const std::lock_guard<std::mutex> lock(resident_);
  next->arenas_ = arenas_;
  for (uint32_t i = 0; i < common; ++i)
    next->entries_[i].store(entries_[i].load(std::memory_order_acquire), std::memory_order_relaxed);
  for (size_t i = 0; i < count; ++i)
    if (rewritten[i] < common)
      next->entries_[rewritten[i]].store(nullptr, std::memory_order_relaxed);
  return next;
}

BlockTable::Arenas BlockTable::arenas() const {
  const std::lock_guard<std::mutex> lock(resident_);
  Arenas all = arenas_;
  all.insert(all.end(), former_.begin(), former_.end());
  return all;
}

// An arena with room for all blocks, and for some that commits rewrite before all are copied anew.
bool BlockTable::add_arena() const {
  const size_t places = size_t{blocks_} + blocks_ / 4 + 16;
  std::shared_ptr<ResidentArena> arena = ResidentArena::make(memory_, shape_.block_size, places);
  if (arena == nullptr) return false;
  arenas_.push_back(std::move(arena));
  looked_at_ = unmet_ = 0;
  return true;
}

// False where all places are taken.
bool BlockTable::make_copy(uint32_t n, const uint8_t* block) const {
  uint8_t* const copy = arenas_.back()->take();
  if (copy == nullptr) return false;
  std::memcpy(copy, block, shape_.block_size);
  try {
    accept(n, {copy, shape_.block_size});
  } catch (const Corrupted&) {
    return true;
  }
  entries_[n].store(copy, std::memory_order_release);
  // Pages of an earlier copy would be lost, not let go of, and other tables read there.
  if (memory_->mapped() && !memory_->holds(block)) let_go(block, shape_.block_size);
  return true;
}

bool BlockTable::make_resident(size_t* bytes) const {
  const std::unique_lock<std::mutex> lock(resident_, std::try_to_lock);
  if (!lock.owns_lock()) return true;
  if (arenas_.empty() && !add_arena()) {
    may_become_.store(false, std::memory_order_relaxed);
    return true;
  }
  for (; looked_at_ < blocks_; ++looked_at_) {
    const uint8_t* const block = entries_[looked_at_].load(std::memory_order_acquire);
    if (block == nullptr) {
      ++unmet_;
    } else if (!arenas_.back()->holds(block)) {
      if (*bytes < shape_.block_size) return true;
      *bytes -= shape_.block_size;
      if (make_copy(looked_at_, block)) continue;
      // Full of copies that commits have replaced.
      if (arenas_.size() > 1 || !add_arena()) {
        may_become_.store(false, std::memory_order_relaxed);
        return true;
      }
      --looked_at_;  // from the beginning
    }
  }
  if (unmet_ == 0) may_become_.store(false, std::memory_order_relaxed);
  if (unmet_ == 0 && arenas_.size() > 1) {
    // Nothing lies in the earlier one any more.
    former_.push_back(std::move(arenas_.front()));
    arenas_.erase(arenas_.begin());
  }
  looked_at_ = unmet_ = 0;
  return false;
}

uint64_t BlockTable::resident_bytes() const {
  const Arenas arenas = this->arenas();
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < blocks_ && !arenas.empty(); ++i) {
    const uint8_t* const address = entries_[i].load(std::memory_order_relaxed);
    for (const auto& arena : arenas)
      if (arena->holds(address)) bytes += shape_.block_size;
  }
  return bytes;
}

std::shared_ptr<BlockTable> BlockTable::for_writing(std::shared_ptr<const BlockTable> base) {
  auto copy = std::make_shared<BlockTable>(base->shape_, 0);
  copy->capacity_ = copy->blocks_ = base->blocks_;
  copy->owner_ = base->owner_;
  copy->entries_ = base->entries_;
  copy->shares_ = true;
  copy->residency_ = base->residency_;
  copy->predictor_ = base->predictor_;
  copy->arenas_ = base->arenas();
  copy->base_ = std::move(base);
  return copy;
}

uint8_t* BlockTable::heap_block() {
  // Rows start on a cache line here as they do in the map: (address + header) % 64 == 0.
  std::unique_ptr<uint8_t[]> memory(new uint8_t[size_t{shape_.block_size} + 64]);
  const auto base = reinterpret_cast<uintptr_t>(memory.get()) + kHeaderSize;
  const size_t before = (64 - base % 64) % 64;
  uint8_t* block = memory.get() + before;
  poison(memory.get(), before);
  poison(block + shape_.block_size, 64 - before);
  heap_.push_back(std::move(memory));
  return block;
}

uint8_t* BlockTable::writable(uint32_t n, Source& source) {
  if (n >= blocks_) throw std::logic_error("writable: block beyond the table");
  if (is_dirty_.size() < blocks_) is_dirty_.resize(blocks_);
  if (is_dirty_[n]) return const_cast<uint8_t*>(entries_[n].load(std::memory_order_relaxed));
  const uint8_t* base = block_or_null(n, source);
  if (shares_) own(capacity_);
  uint8_t* copy = heap_block();
  if (base != nullptr) {
    std::memcpy(copy, base, shape_.block_size);
  } else if (shape_.kind == kLinks) {
    std::memset(copy, 0xFF, shape_.block_size);
  } else {
    std::memset(copy, 0, shape_.block_size);
    for (uint32_t r = 0; r < rows_ && shape_.kind == kVectors; ++r)
      store(copy + norms_offset() + size_t{r} * kNormSize, -1.0f);  // kFreeNorm
  }
  is_dirty_[n] = true;
  dirty_.push_back(n);
  entries_[n].store(copy, std::memory_order_release);
  return copy;
}

void BlockTable::forget_copies() {
  if (dirty_.empty()) return;
  // The table that this one is a copy of may know where those blocks lay before. Addresses that
  // were read from it may lie in arenas that it has had only since.
  if (base_ != nullptr)
    for (std::shared_ptr<ResidentArena>& arena : base_->arenas()) former_.push_back(arena);
  base_.reset();
  for (const uint32_t n : dirty_) entries_[n].store(nullptr, std::memory_order_relaxed);
  dirty_.clear();
  is_dirty_.clear();
  heap_.clear();
}

const uint8_t* BlockTable::seal(uint32_t n, uint64_t commit, uint32_t slots) {
  auto* p = const_cast<uint8_t*>(entries_[n].load(std::memory_order_relaxed));
  const uint64_t used = (uint64_t{slots} + shape_.span - 1) / shape_.span;
  const uint64_t before = uint64_t{n} * rows_;
  const uint64_t count = used > before ? std::min<uint64_t>(used - before, rows_) : 0;
  // Bytes after the last row or norm mean nothing: zero, so that equal content is equal bytes.
  const size_t end = norms_offset() + (shape_.kind == kVectors ? size_t{rows_} * kNormSize : 0);
  std::memset(p + end, 0, shape_.block_size - end);
  std::memset(p, 0, kHeaderSize);
  store(p + kAtMagic, kBlockMagic);
  p[kAtKind] = shape_.kind;
  p[kAtLevel] = shape_.level;
  store(p + kAtLayout, kBlockLayout);
  store(p + kAtCollection, shape_.collection);
  store(p + kAtGeneration, shape_.generation);
  store(p + kAtNumber, n);
  store(p + kAtRowSize, shape_.row_size);
  store(p + kAtRows, rows_);
  store(p + kAtCount, static_cast<uint32_t>(count));
  store(p + kAtCommit, commit);
  store(p + kAtChecksum, checksum(p));
  return p;
}

}  // namespace vdb
