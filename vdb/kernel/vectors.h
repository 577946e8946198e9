// Rows and norms of one collection: float32 vectors over a table of blocks.
//
// A row in use has norm >= 0 (the L2 norm of the vector as float32); -1 marks a slot not in use.
// A view lives as long as its table and source; pointers as long as the table's addresses.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

#include "block_table.h"
#include "errors.h"

namespace vdb {

// A vector and its norm, wherever they lie.
struct Item {
  const float* row;
  float norm;
};

// L2 norm, summed in float64 and rounded once.
float norm_of(const float* row, uint32_t dim);

class Vectors {
 public:
  Vectors(BlockTable& table, Source& source, uint32_t dim, uint32_t slots)
      : table_(&table), source_(&source), dim_(dim), slots_(slots) {}

  uint32_t dim() const { return dim_; }
  uint32_t slots() const { return slots_; }
  BlockTable& table() const { return *table_; }
  Source& source() const { return *source_; }

  // Where a vector and its norm lie, without touching either.
  struct Location {
    const float* row;
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
    return {reinterpret_cast<const float*>(block + kHeaderSize +
                                           size_t{p.row} * table_->shape().row_size),
            block + table_->norms_offset() + size_t{p.row} * kNormSize};
  }
  Item at(uint32_t slot) const { return locate(slot).item(); }
  bool live(uint32_t slot) const { return at(slot).norm >= 0; }

  // Batches only. Copies one vector in and sets its norm, or marks the slot free with its link to
  // the next free slot. Not to be called from several threads.
  void put(uint32_t slot, const float* vector) const;
  void put_free(uint32_t slot, uint32_t next_free) const;
  uint32_t next_free(uint32_t slot) const;

 private:
  uint8_t* writable_row(uint32_t slot, uint8_t** norm) const;

  BlockTable* table_;
  Source* source_;
  uint32_t dim_;
  uint32_t slots_;
};

}  // namespace vdb
