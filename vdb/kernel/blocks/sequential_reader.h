// Reads all vectors of a collection from disk in large pieces.
#pragma once

#include <cstddef>
#include <cstdint>

#include "blocks/vectors.h"
#include "memory/paging.h"

namespace vdb {

// Vectors in the order of their slots. Blocks that are met for the first time mostly lie behind
// each other in the file, as they were written: a megabyte is prefetched at a time.
class SequentialReader {
 public:
  explicit SequentialReader(const Vectors& vectors) : vectors_(vectors) {}
  // REQUIRES: slot < vectors.slots(), and not below the one before.
  Item at(uint32_t slot) {
    const BlockTable& table = vectors_.table();
    const uint32_t block = table.place(slot).block;
    if (block != block_) {
      if (block > 0 && block_ != kNoBlock && !table.is_resolved(block) && block >= asked_) {
        will_need(table.block(block_, vectors_.source()) + table.shape().block_size, kBytes);
        asked_ = block + static_cast<uint32_t>(kBytes / table.shape().block_size);
      }
      block_ = block;
    }
    return vectors_.at(slot);
  }

 private:
  static constexpr size_t kBytes = 1 << 20;
  static constexpr uint32_t kNoBlock = UINT32_MAX;
  const Vectors& vectors_;
  uint32_t block_ = kNoBlock, asked_ = 0;
};

}  // namespace vdb
