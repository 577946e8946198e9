// A column of a table as Arrow lays it out: https://arrow.apache.org/docs/format/Columnar.html
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "columns/buffer.h"

namespace vdb {

struct Column {
  Column() = default;
  Column(Column&&) = default;
  Column& operator=(Column&&) = default;

  std::string format;  // the type, as the Arrow C data interface abbreviates it
  int64_t rows = 0;
  int64_t nulls = 0;
  std::vector<Buffer> buffers;  // the first is the validity, which is ignored without nulls
  std::vector<Column> children;
};

// One bit a row, the first one lowest: the validity of a column, or its bools.
class BitWriter {
 public:
  void push(bool bit) {
    if (count_ % 8 == 0) *bits_.extend(1) = 0;
    if (bit) bits_.data()[count_ / 8] |= static_cast<uint8_t>(1u << count_ % 8);
    zeros_ += bit ? 0 : 1;
    ++count_;
  }
  int64_t count() const { return count_; }
  int64_t zeros() const { return zeros_; }
  // The bits, which leave the writer.
  Buffer take() {
    bits_.reserve(1);
    return std::move(bits_);
  }

 private:
  Buffer bits_;
  int64_t count_ = 0;
  int64_t zeros_ = 0;
};

}  // namespace vdb
