// Codes: short forms of vectors, one row a slot, that walks compare instead of the vectors.
//
// Numbers become small integers on a grid of the vector's own, x[i] ~ scale * c[i] + offset:
// nothing is learned from other vectors, so a code is made when its vector comes and never looked
// at again (locally adaptive quantisation: Aguerrebere et al., arXiv 2304.04759). What products of
// two such grids need besides the sum of the products of integers stands in the head of the row, so
// that a comparison touches one row and nothing else. docs/internals/format.md has every byte.
//
// Encoding is IEEE arithmetic in a fixed order: the same bytes on every processor.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "blocks/block_table.h"
#include "blocks/dtype.h"
#include "blocks/vectors.h"

namespace vdb {

enum class CodeKind : uint8_t { kNoCodes, kInt8, kInt4 };

CodeKind code_named(const std::string& name);  // "" for none; throws std::invalid_argument

// The first bytes of a row. With n numbers, offset o, scale s and integers c:
struct CodeHead {
  float scale;   // s
  float offset;  // o * sqrt(n)
  float sum;     // s * sum of c / sqrt(n)
  float norm;    // of s * c + o; 1 where codes are of unit vectors
};

struct CodeShape {
  CodeKind kind;
  uint32_t dim;
  bool unit;  // codes of vectors divided by their length

  // Integers, with zeros behind the last that make them whole sixteens of bytes.
  size_t integers() const {
    const size_t by = kind == CodeKind::kInt4 ? 32 : 16;
    return (size_t{dim} + by - 1) / by * by;
  }
  size_t code_bytes() const { return kind == CodeKind::kInt4 ? integers() / 2 : integers(); }
  size_t row_bytes() const { return sizeof(CodeHead) + code_bytes(); }
  int steps() const { return kind == CodeKind::kInt4 ? 15 : 255; }
  // What is taken from a step so that it becomes the stored integer.
  int middle() const { return kind == CodeKind::kInt4 ? 0 : 128; }
};

// Writes row_bytes() bytes. Of numbers of dtype float32 or float16; where one is not finite, the
// code means nothing.
void encode(const CodeShape& shape, const RowShape& vector_shape, const uint8_t* vector,
            uint8_t* row);

// What is compared with codes: a query, or a code seen as owner of a list, a byte an integer:
// unsigned where codes have signed bytes, signed where they have unsigned halves of bytes. Bytes
// behind the last are zero.
struct CodeQuery {
  std::vector<uint8_t> space;
  uint8_t* bytes = nullptr;   // on a 64-byte boundary, integers() of them
  float scale, offset, both;  // s, o * sqrt(n), (o n + s sum of u) / sqrt(n)
  float norm;
  float numbers;  // n

  void reserve(const CodeShape& shape);
  void set(const CodeShape& shape, const float* numbers);
  void set(const CodeShape& shape, const uint8_t* row);
};

// The rows of codes of one collection and generation, as Vectors are those of vectors.
class Codes {
 public:
  Codes(BlockTable& table, Source& source, const CodeShape& shape)
      : table_(&table), source_(&source), shape_(shape) {}

  const CodeShape& shape() const { return shape_; }
  // REQUIRES a slot in bounds.
  const uint8_t* at(uint32_t slot) const {
    const BlockTable::Place p = table_->place(slot);
    return table_->block(p.block, *source_) + kHeaderSize +
           size_t{p.row} * table_->shape().row_size;
  }
  // Asks the system for a row, which takes a call of it.
  void ask_for(uint32_t slot) const { table_->ask_for(slot); }
  // Sums of products of integers of `from` with those of `count` rows.
  void sums(const CodeQuery& from, const uint8_t* const* rows, size_t count, int32_t* out) const {
    const auto& sums = loops().codes;
    (shape_.kind == CodeKind::kInt4 ? sums.int4 : sums.int8)(from.bytes, rows, count,
                                                             shape_.code_bytes(), out);
  }
  static CodeHead head(const uint8_t* row) {
    CodeHead head;
    std::memcpy(&head, row, sizeof head);
    return head;
  }

  // Batches only, one thread.
  void put(uint32_t slot, const RowShape& vector_shape, const uint8_t* vector) const;
  void erase(uint32_t slot) const;  // all zero

 private:
  uint8_t* writable(uint32_t slot) const;

  BlockTable* table_;
  Source* source_;
  CodeShape shape_;
};

}  // namespace vdb
