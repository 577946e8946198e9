// Rows and norms of one collection: vectors of one dtype over a table of blocks.
//
// A row in use has norm >= 0 (the L2 norm of the vector as float32; bits count as 0 and 1). Other
// slots have no vector: norm -1 marks a free one, and -2 one whose record has none. A view lives as
// long as its table and source; pointers as long as the table's addresses.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

#include "blocks/block_table.h"
#include "blocks/dtype.h"
#include "memory/prefetch.h"
#include "runtime/errors.h"

namespace vdb {

constexpr float kFreeNorm = -1.0f;
constexpr float kBareNorm = -2.0f;

// A vector and its norm, wherever they lie.
struct Item {
  const uint8_t* row;
  float norm;
};

// L2 norm of a row or of a query, summed in float64 and rounded once.
float norm_of_row(const RowShape& shape, const uint8_t* row);
float norm_of_query(const RowShape& shape, const uint8_t* query);

class Vectors {
 public:
  Vectors(BlockTable& table, Source& source, const RowShape& shape, uint32_t slots)
      : table_(&table),
        source_(&source),
        shape_(shape),
        row_bytes_(shape.row_bytes()),
        slots_(slots) {}

  const RowShape& shape() const { return shape_; }
  size_t row_bytes() const { return row_bytes_; }  // of a vector; its row may be longer
  uint32_t slots() const { return slots_; }
  BlockTable& table() const { return *table_; }
  Source& source() const { return *source_; }

  // Where a vector and its norm lie, without touching either.
  struct Location {
    const uint8_t* row;
    const uint8_t* norm;
    Item item() const {
      Item item{row, 0};
      std::memcpy(&item.norm, norm, sizeof item.norm);
      return item;
    }
  };
  // REQUIRES: slot < slots(). The kernel checks ids from disk before it comes here.
  Location locate(uint32_t slot) const {
    const BlockTable::Place p = table_->place(slot);
    const uint8_t* block = table_->block(p.block, *source_);
    return {block + kHeaderSize + size_t{p.row} * table_->shape().row_size,
            block + table_->norms_offset() + size_t{p.row} * kNormSize};
  }
  Item at(uint32_t slot) const { return locate(slot).item(); }
  // Prefetches a row from disk, which takes a system call.
  void will_need(uint32_t slot) const { table_->will_need(slot); }
  // Prefetches the first bytes of a row into the cache; the processor's own prefetcher follows.
  void prefetch(const uint8_t* row) const {
    prefetch_bytes(row, row_bytes_ < kBytesAhead ? row_bytes_ : kBytesAhead);
  }
  bool live(uint32_t slot) const { return at(slot).norm >= 0; }
  bool bare(uint32_t slot) const { return at(slot).norm == kBareNorm; }
  // Number for number. Not the same as distance 0, which rounding and some metrics give to others.
  bool equal(uint32_t a, uint32_t b) const {
    return std::memcmp(at(a).row, at(b).row, row_bytes_) == 0;
  }

  // Batches only, one thread. Copies a vector in and sets its norm, or marks the slot free, with
  // its link to the next free slot, or bare.
  void put(uint32_t slot, const uint8_t* vector) const;
  void put_free(uint32_t slot, uint32_t next_free) const;
  void put_bare(uint32_t slot) const;
  // Throws Corrupted for a slot that is not free.
  uint32_t next_free(uint32_t slot) const;

 private:
  static constexpr size_t kBytesAhead = 512;

  uint8_t* writable_row(uint32_t slot, uint8_t** norm) const;

  BlockTable* table_;
  Source* source_;
  RowShape shape_;
  size_t row_bytes_;
  uint32_t slots_;
};

}  // namespace vdb
