// What the numbers of a vector are: how long a row is and which loops compare it.
//
// A query has the numbers of a row, but for float16: its rows are compared with float32 queries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "simd/loops.h"

namespace vdb {

enum class DType : uint8_t { kFloat32, kFloat16, kInt8, kBit };

inline DType dtype_named(const std::string& name) {
  if (name == "float32") return DType::kFloat32;
  if (name == "float16") return DType::kFloat16;
  if (name == "int8") return DType::kInt8;
  if (name == "bit") return DType::kBit;
  throw std::invalid_argument("dtype: expected float32, float16, int8 or bit, got '" + name + "'");
}

// Vectors of `dim` numbers of a dtype; bits are packed eight to a byte, and dim is a multiple of 8.
struct RowShape {
  DType dtype;
  uint32_t dim;

  // What the loops count: numbers, or bytes of packed bits.
  size_t length() const { return dtype == DType::kBit ? dim / 8 : dim; }
  size_t row_bytes() const { return length() * row_unit(); }
  size_t query_bytes() const { return length() * query_unit(); }
  size_t row_unit() const {
    return dtype == DType::kFloat32 ? 4 : dtype == DType::kFloat16 ? 2 : 1;
  }
  size_t query_unit() const { return dtype == DType::kFloat32 || dtype == DType::kFloat16 ? 4 : 1; }

  const PairLoops& rows() const {  // row with row
    switch (dtype) {
      case DType::kFloat16:
        return loops().float16;
      case DType::kInt8:
        return loops().int8;
      case DType::kBit:
        return loops().bit;
      default:
        return loops().float32;
    }
  }
  const PairLoops& query_with_row() const {
    return dtype == DType::kFloat16 ? loops().float16_query : rows();
  }
  const PairLoops& queries() const {  // query with query
    return dtype == DType::kFloat16 ? loops().float32 : rows();
  }
};

}  // namespace vdb
