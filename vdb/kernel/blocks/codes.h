// Codes: vectors by scalar quantization (SQ8, SQ4), one row a slot. Walks compare codes instead of
// vectors where a collection has them; the last candidates are reranked by their vectors.
//
// Numbers become small integers on a grid of the vector's own, x[i] ~ scale * c[i] + offset.
// Nothing is learned from other vectors, so a code is made once, when its vector is added (locally
// adaptive quantization: Aguerrebere et al., arXiv 2304.04759). The head of a row holds what the
// product of two such grids needs besides the sum of products of integers, so that a comparison
// touches one row only. docs/internals/format.md has every byte.
//
// Encoding is IEEE arithmetic in a fixed order: the same bytes on every processor.
#pragma once

#include <cstdint>
#include <cstring>
#include <iterator>
#include <string>
#include <vector>

#include "blocks/block_table.h"
#include "blocks/dtype.h"
#include "blocks/vectors.h"

namespace vdb {

enum class CodeKind : uint8_t { kNoCodes, kInt8, kInt4 };

// Fills n bytes of `out` from the `bytes` of a code.
using UnpackCode = void (*)(const uint8_t* code, size_t bytes, size_t n, uint8_t* out);
void unpack_int8(const uint8_t* code, size_t bytes, size_t n, uint8_t* out);
void unpack_int4(const uint8_t* code, size_t bytes, size_t n, uint8_t* out);

// One type of codes. Integer i of n lies in byte i % bytes of a code of so many bytes, above those
// of the integers before it in that byte.
struct CodeSpec {
  const char* name;
  uint32_t bits;        // of an integer
  uint32_t group;       // integers in 16 bytes: codes are whole groups, with zeros behind the last
  int steps;            // the largest step of the grid, 2^bits - 1
  int middle;           // subtracted from a step: the integers of int8 are signed
  double oversampling;  // candidates that a walk keeps for each hit, at least
  CodeSums CodeLoops::* sums;
  UnpackCode unpack;  // integers as CodeQuery has them
};

// In the order of the enumeration.
// clang-format off
inline constexpr CodeSpec kCodeSpecs[] = {
    {"",     0, 1,  0,   0,   1,   nullptr,          nullptr},
    {"int8", 8, 16, 255, 128, 1.5, &CodeLoops::int8, unpack_int8},
    {"int4", 4, 32, 15,  0,   3,   &CodeLoops::int4, unpack_int4},
};
// clang-format on

inline constexpr const CodeSpec& spec_of(CodeKind kind) {
  return kCodeSpecs[static_cast<size_t>(kind)];
}

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

  const CodeSpec& spec() const { return spec_of(kind); }
  // Integers of a code, whole groups of them.
  size_t integers() const { return (size_t{dim} + spec().group - 1) & ~size_t{spec().group - 1}; }
  size_t code_bytes() const { return integers() * spec().bits / 8; }
  size_t row_bytes() const { return sizeof(CodeHead) + code_bytes(); }
};

// Writes row_bytes() bytes. Of numbers of dtype float32 or float16; where one is not finite, the
// code means nothing.
void encode(const CodeShape& shape, const RowShape& vector_shape, const uint8_t* vector,
            uint8_t* row);

// One side of a comparison with codes: a query, or a code as the owner of a list. One byte an
// integer: unsigned where the integers of codes are signed, and the other way round. Zeros behind
// the last.
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
      : table_(&table),
        source_(&source),
        shape_(shape),
        sums_(shape.spec().sums),
        code_bytes_(shape.code_bytes()) {}

  const CodeShape& shape() const { return shape_; }
  size_t row_bytes() const { return sizeof(CodeHead) + code_bytes_; }
  // REQUIRES a slot in bounds.
  const uint8_t* at(uint32_t slot) const {
    const BlockTable::Place p = table_->place(slot);
    return table_->block(p.block, *source_) + kHeaderSize +
           size_t{p.row} * table_->shape().row_size;
  }
  // Prefetches a row from disk, which takes a system call.
  void will_need(uint32_t slot) const { table_->will_need(slot); }
  // Sums of products of integers of `from` with those of `count` rows.
  void sums(const CodeQuery& from, const uint8_t* const* rows, size_t count, int32_t* out) const {
    (loops().codes.*sums_)(from.bytes, rows, count, code_bytes_, out);
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
  CodeSums CodeLoops::* sums_;
  size_t code_bytes_;
};

}  // namespace vdb
