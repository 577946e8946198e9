#include "blocks/vectors.h"

#include <cmath>

namespace vdb {

float norm_of_row(const RowShape& shape, const uint8_t* row) {
  return static_cast<float>(std::sqrt(shape.rows().dot.exact(row, row, shape.length())));
}

float norm_of_query(const RowShape& shape, const uint8_t* query) {
  return static_cast<float>(std::sqrt(shape.queries().dot.exact(query, query, shape.length())));
}

uint8_t* Vectors::writable_row(uint32_t slot, uint8_t** norm) const {
  const BlockTable::Place p = table_->place(slot);
  uint8_t* block = table_->writable(p.block, *source_);
  *norm = block + table_->norms_offset() + size_t{p.row} * kNormSize;
  return block + kHeaderSize + size_t{p.row} * table_->shape().row_size;
}

void Vectors::put(uint32_t slot, const uint8_t* vector) const {
  uint8_t* norm;
  uint8_t* row = writable_row(slot, &norm);
  std::memset(row, 0, table_->shape().row_size);
  std::memcpy(row, vector, row_bytes_);
  const float value = norm_of_row(shape_, vector);
  std::memcpy(norm, &value, sizeof value);
}

void Vectors::put_free(uint32_t slot, uint32_t next_free) const {
  uint8_t* norm;
  uint8_t* row = writable_row(slot, &norm);
  std::memset(row, 0, table_->shape().row_size);
  std::memcpy(row, &next_free, sizeof next_free);
  std::memcpy(norm, &kFreeNorm, sizeof kFreeNorm);
}

void Vectors::put_bare(uint32_t slot) const {
  uint8_t* norm;
  uint8_t* row = writable_row(slot, &norm);
  std::memset(row, 0, table_->shape().row_size);
  std::memcpy(norm, &kBareNorm, sizeof kBareNorm);
}

uint32_t Vectors::next_free(uint32_t slot) const {
  const Item item = at(slot);
  if (item.norm != kFreeNorm)
    throw Corrupted("slot " + std::to_string(slot) + " in the free list is in use");
  uint32_t next;
  std::memcpy(&next, item.row, sizeof next);
  return next;
}

}  // namespace vdb
