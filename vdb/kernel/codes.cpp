#include "codes.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>

#include "float16.h"
#include "float_mode.h"

namespace vdb {
namespace {

// Numbers on a grid of 256 steps: x[i] ~ scale * u[i] + low.
struct Grid {
  double scale, low;

  static Grid of(const float* x, size_t n) {
    const auto [least, most] = std::minmax_element(x, x + n);
    const double low = *least;
    // As it is stored, so that integers are chosen for the scale that a reader will see.
    return {static_cast<float>((*most - low) / 255), low};
  }
  uint8_t step(float number) const {
    if (!(scale > 0)) return 0;
    const double at = (number - low) / scale + 0.5;
    return static_cast<uint8_t>(at < 255 ? at : 255);
  }
};

}  // namespace

CodeKind code_named(const std::string& name) {
  if (name.empty()) return CodeKind::kNoCodes;
  if (name == "int8") return CodeKind::kInt8;
  throw std::invalid_argument("codes: expected int8, got '" + name + "'");
}

void encode(const CodeShape& shape, const RowShape& vector_shape, const uint8_t* vector,
            uint8_t* row) {
  const IeeeFloats guard;
  const size_t n = shape.dim;
  std::vector<float> widened;
  const float* x = reinterpret_cast<const float*>(vector);
  if (vector_shape.dtype == DType::kFloat16) {
    widened.resize(n);
    widen(reinterpret_cast<const uint16_t*>(vector), n, widened.data());
    x = widened.data();
  }
  const Grid grid = Grid::of(x, n);
  uint8_t* const code = row + sizeof(CodeHead);
  int64_t sum = 0, squares = 0;
  for (size_t i = 0; i < n; ++i) {
    const int signed_step = grid.step(x[i]) - 128;
    code[i] = static_cast<uint8_t>(signed_step);
    sum += signed_step;
    squares += signed_step * signed_step;
  }
  std::memset(code + n, 0, shape.code_bytes() - n);
  const double numbers = static_cast<double>(n), root = std::sqrt(numbers);
  const double offset = grid.low + 128 * grid.scale;
  const double norm =
      std::sqrt(grid.scale * grid.scale * static_cast<double>(squares) +
                2 * grid.scale * offset * static_cast<double>(sum) + numbers * offset * offset);
  const double by = !shape.unit ? 1 : norm > 0 ? 1 / norm : 0;
  const CodeHead head{static_cast<float>(grid.scale * by), static_cast<float>(offset * root * by),
                      static_cast<float>(grid.scale * static_cast<double>(sum) / root * by),
                      shape.unit ? 1.0f : static_cast<float>(norm)};
  std::memcpy(row, &head, sizeof head);
}

void CodeQuery::reserve(const CodeShape& shape) {
  const size_t wanted = shape.code_bytes() + 64;
  if (space.size() < wanted) space.resize(wanted);
  bytes = space.data() + (64 - reinterpret_cast<uintptr_t>(space.data()) % 64) % 64;
  numbers = static_cast<float>(shape.dim);
}

void CodeQuery::set(const CodeShape& shape, const float* numbers) {
  reserve(shape);
  const size_t n = shape.dim;
  const Grid grid = Grid::of(numbers, n);
  int64_t sum = 0, squares = 0;
  for (size_t i = 0; i < n; ++i) {
    bytes[i] = grid.step(numbers[i]);
    sum += bytes[i];
    squares += bytes[i] * bytes[i];
  }
  std::memset(bytes + n, 0, shape.code_bytes() - n);
  const double count = static_cast<double>(n), root = std::sqrt(count);
  const double length =
      std::sqrt(grid.scale * grid.scale * static_cast<double>(squares) +
                2 * grid.scale * grid.low * static_cast<double>(sum) + count * grid.low * grid.low);
  const double by = !shape.unit ? 1 : length > 0 ? 1 / length : 0;
  scale = static_cast<float>(grid.scale * by);
  offset = static_cast<float>(grid.low * root * by);
  both = static_cast<float>((grid.low * root + grid.scale * static_cast<double>(sum) / root) * by);
  norm = shape.unit ? 1.0f : static_cast<float>(length);
}

void CodeQuery::set(const CodeShape& shape, const uint8_t* row) {
  reserve(shape);
  const CodeHead head = Codes::head(row);
  const uint8_t* const code = row + sizeof head;
  const size_t n = shape.dim;
  for (size_t i = 0; i < n; ++i) bytes[i] = code[i] ^ 0x80;
  std::memset(bytes + n, 0, shape.code_bytes() - n);
  scale = head.scale;
  offset = head.offset - head.scale * static_cast<float>(128 * std::sqrt(static_cast<double>(n)));
  both = head.offset + head.sum;
  norm = head.norm;
}

uint8_t* Codes::writable(uint32_t slot) const {
  const BlockTable::Place p = table_->place(slot);
  return table_->writable(p.block, *source_) + kHeaderSize +
         size_t{p.row} * table_->shape().row_size;
}

void Codes::put(uint32_t slot, const RowShape& vector_shape, const uint8_t* vector) const {
  uint8_t* row = writable(slot);
  encode(shape_, vector_shape, vector, row);
}

void Codes::erase(uint32_t slot) const { std::memset(writable(slot), 0, table_->shape().row_size); }

}  // namespace vdb
