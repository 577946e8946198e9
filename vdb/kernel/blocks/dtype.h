// The dtypes of vectors, one row of a table each: how long a row is and which loops compare it.
//
// A query has the dtype of the rows, except for float16: its rows are compared with float32
// queries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <stdexcept>
#include <string>

#include "simd/loops.h"

namespace vdb {

enum class DType : uint8_t { kFloat32, kFloat16, kInt8, kBit };

struct DTypeSpec {
  const char* name;
  uint32_t numbers;         // in a unit, which the loops count: a number, or a byte of bits
  size_t row_unit;          // bytes
  size_t query_unit;        // bytes
  bool real;                // whether numbers are real and may have codes
  PairLoops Loops::* rows;  // row with row
  PairLoops Loops::* query_with_row;
  PairLoops Loops::* queries;  // query with query
};

// In the order of the enumeration.
// clang-format off
inline constexpr DTypeSpec kDTypes[] = {
    {"float32", 1, 4, 4, true,  &Loops::float32, &Loops::float32,       &Loops::float32},
    {"float16", 1, 2, 4, true,  &Loops::float16, &Loops::float16_query, &Loops::float32},
    {"int8",    1, 1, 1, false, &Loops::int8,    &Loops::int8,          &Loops::int8},
    {"bit",     8, 1, 1, false, &Loops::bit,     &Loops::bit,           &Loops::bit},
};
// clang-format on

inline constexpr const DTypeSpec& spec_of(DType dtype) {
  return kDTypes[static_cast<size_t>(dtype)];
}

inline DType dtype_named(const std::string& name) {
  for (size_t i = 0; i < std::size(kDTypes); ++i)
    if (name == kDTypes[i].name) return static_cast<DType>(i);
  throw std::invalid_argument("dtype: expected float32, float16, int8 or bit, got '" + name + "'");
}

// Vectors of `dim` numbers of a dtype; bits are packed eight to a byte, and dim is a multiple of 8.
struct RowShape {
  DType dtype;
  uint32_t dim;

  size_t length() const { return dim / spec_of(dtype).numbers; }  // units
  size_t row_bytes() const { return length() * spec_of(dtype).row_unit; }
  size_t query_bytes() const { return length() * spec_of(dtype).query_unit; }

  const PairLoops& rows() const { return loops().*spec_of(dtype).rows; }
  const PairLoops& query_with_row() const { return loops().*spec_of(dtype).query_with_row; }
  const PairLoops& queries() const { return loops().*spec_of(dtype).queries; }
};

}  // namespace vdb
