#include "blocks/codes.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>

#include "runtime/float_mode.h"
#include "simd/float16.h"

namespace vdb {
namespace {

// Numbers on a grid of steps: x[i] ~ scale * u[i] + low.
struct Grid {
  double scale, low;
  int steps;

  static Grid of(const float* x, size_t n, int steps) {
    const auto [least, most] = std::minmax_element(x, x + n);
    const double low = *least;
    // As it is stored, so that integers are chosen for the scale that a reader will see.
    return {static_cast<float>((*most - low) / steps), low, steps};
  }
  int step(float number) const {
    if (!(scale > 0)) return 0;
    const double at = (number - low) / scale + 0.5;
    // What is no number, in a row that somebody made, is on no step and has no least.
    return at >= 0 ? static_cast<int>(at < steps ? at : steps) : 0;
  }
};

// What a grid makes of numbers.
struct Sums {
  int64_t total = 0, squares = 0;  // of integers
  double with_numbers = 0;         // of products of what they stand for with the numbers
  double norm2 = 0;                // of the numbers
};

// The integer of each number, less `middle`, is given to `put(i, integer)`.
template <typename Put>
Sums spread(const Grid& grid, const float* x, size_t n, int middle, const Put& put) {
  Sums sums;
  const double offset = grid.low + middle * grid.scale;
  for (size_t i = 0; i < n; ++i) {
    const int integer = grid.step(x[i]) - middle;
    put(i, integer);
    sums.total += integer;
    sums.squares += integer * integer;
    const double number = x[i];
    sums.with_numbers += (grid.scale * integer + offset) * number;
    sums.norm2 += number * number;
  }
  return sums;
}

CodeHead head_of(const Grid& grid, const Sums& sums, size_t n, int middle, bool unit) {
  const double numbers = static_cast<double>(n), root = std::sqrt(numbers);
  const double offset = grid.low + middle * grid.scale, total = static_cast<double>(sums.total);
  double by = 1;
  if (unit) by = sums.with_numbers > 0 ? std::sqrt(sums.norm2) / sums.with_numbers : 0;
  const double norm2 = grid.scale * grid.scale * static_cast<double>(sums.squares) +
                       2 * grid.scale * offset * total + numbers * offset * offset;
  return {static_cast<float>(grid.scale * by), static_cast<float>(offset * root * by),
          static_cast<float>(grid.scale * total / root * by),
          unit ? 1.0f : static_cast<float>(std::sqrt(norm2))};
}

constexpr int kQuerySteps = 255;

// The grid of a query, in float32 and in loops over lanes, which compilers turn into wide
// instructions without reordering anything.
struct QueryGrid {
  float scale, low, inverse;  // of twice the scale; 0 where there is but one number

  static constexpr size_t kLanes = 16;
  static constexpr size_t kPiece = 512;  // numbers whose products are added up in float32

  static QueryGrid of(const float* x, size_t n) {
    float least[kLanes], most[kLanes];
    std::fill_n(least, kLanes, x[0]);
    std::fill_n(most, kLanes, x[0]);
    size_t i = 0;
    for (; i + kLanes <= n; i += kLanes)
      for (size_t j = 0; j < kLanes; ++j) {
        least[j] = x[i + j] < least[j] ? x[i + j] : least[j];
        most[j] = x[i + j] > most[j] ? x[i + j] : most[j];
      }
    for (; i < n; ++i) {
      least[0] = std::min(least[0], x[i]);
      most[0] = std::max(most[0], x[i]);
    }
    const float low = *std::min_element(least, least + kLanes);
    const double range = double{*std::max_element(most, most + kLanes)} - low;
    const auto scale = static_cast<float>(range / kQuerySteps);
    const float inverse = 2 / scale;
    return std::isfinite(inverse) ? QueryGrid{scale, low, inverse} : QueryGrid{0, low, 0};
  }

  // The steps, and the sums of them and of their squares. Halves of numbers have differences that
  // are never too large.
  Sums spread(const float* x, size_t n, uint8_t* steps) const {
    const float half = 0.5f * low;
    int32_t total = 0, squares = 0;  // up to 33,000 numbers
    for (size_t i = 0; i < n; ++i) {
      const float at = (0.5f * x[i] - half) * inverse + 0.5f;
      const auto step = static_cast<int32_t>(at < kQuerySteps ? at : kQuerySteps);
      steps[i] = static_cast<uint8_t>(step);
      total += step;
      squares += step * step;
    }
    Sums sums;
    sums.total = total;
    sums.squares = squares;
    return sums;
  }

  // The sums that tell by how much the steps make of a vector one of another length.
  void compare(const float* x, const uint8_t* steps, size_t n, Sums* sums) const {
    for (size_t from = 0; from < n; from += kPiece) {
      const size_t to = std::min(n, from + kPiece);
      float with_numbers[kLanes] = {}, norm2[kLanes] = {};
      size_t i = from;
      for (; i + kLanes <= to; i += kLanes)
        for (size_t j = 0; j < kLanes; ++j) {
          const float number = x[i + j];
          with_numbers[j] += (scale * static_cast<float>(steps[i + j]) + low) * number;
          norm2[j] += number * number;
        }
      for (; i < to; ++i) {
        with_numbers[0] += (scale * static_cast<float>(steps[i]) + low) * x[i];
        norm2[0] += x[i] * x[i];
      }
      for (size_t j = 0; j < kLanes; ++j) {
        sums->with_numbers += double{with_numbers[j]};
        sums->norm2 += double{norm2[j]};
      }
    }
  }
};

}  // namespace

CodeKind code_named(const std::string& name) {
  if (name.empty()) return CodeKind::kNoCodes;
  if (name == "int8") return CodeKind::kInt8;
  if (name == "int4") return CodeKind::kInt4;
  throw std::invalid_argument("codes: expected int8 or int4, got '" + name + "'");
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
  std::memset(row, 0, shape.row_bytes());
  uint8_t* const code = row + sizeof(CodeHead);
  const Grid grid = Grid::of(x, n, shape.steps());
  const size_t half = shape.code_bytes();
  const Sums sums = spread(grid, x, n, shape.middle(), [&](size_t i, int integer) {
    if (shape.kind == CodeKind::kInt8)
      code[i] = static_cast<uint8_t>(integer);
    else
      code[i % half] |= static_cast<uint8_t>(integer << (i < half ? 0 : 4));
  });
  const CodeHead head = head_of(grid, sums, n, shape.middle(), shape.unit);
  std::memcpy(row, &head, sizeof head);
}

void CodeQuery::reserve(const CodeShape& shape) {
  const size_t wanted = shape.integers() + 64;
  if (space.size() < wanted) space.resize(wanted);
  bytes = space.data() + (64 - reinterpret_cast<uintptr_t>(space.data()) % 64) % 64;
  numbers = static_cast<float>(shape.dim);
  std::memset(bytes + shape.dim, 0, shape.integers() - shape.dim);
}

// Each search comes by here. Nobody stores what a query becomes, so it need not be the grid of
// encode() to the last bit; but it is the same on every processor.
void CodeQuery::set(const CodeShape& shape, const float* x) {
  reserve(shape);
  const size_t n = shape.dim;
  const QueryGrid grid = QueryGrid::of(x, n);
  Sums sums = grid.spread(x, n, bytes);
  if (shape.unit) grid.compare(x, bytes, n, &sums);
  const int middle = 128 - shape.middle();
  if (middle != 0) {
    uint8_t* const out = bytes;
    for (size_t i = 0; i < n; ++i) out[i] ^= 0x80;
    sums.squares += middle * (middle * static_cast<int64_t>(n) - 2 * sums.total);
    sums.total -= middle * static_cast<int64_t>(n);
  }
  const CodeHead head = head_of({grid.scale, grid.low, kQuerySteps}, sums, n, middle, shape.unit);
  scale = head.scale;
  offset = head.offset;
  both = head.offset + head.sum;
  norm = head.norm;
}

void CodeQuery::set(const CodeShape& shape, const uint8_t* row) {
  reserve(shape);
  const CodeHead head = Codes::head(row);
  const uint8_t* const code = row + sizeof head;
  const size_t n = shape.dim, half = shape.code_bytes();
  uint8_t* const out = bytes;  // a pointer that no byte written through it can be a part of
  scale = head.scale;
  offset = head.offset;
  if (shape.kind == CodeKind::kInt8) {
    for (size_t i = 0; i < n; ++i) out[i] = code[i] ^ 0x80;
    offset -= head.scale * static_cast<float>(128 * std::sqrt(static_cast<double>(n)));
  } else {
    const size_t low = std::min(n, half);
    for (size_t i = 0; i < low; ++i) out[i] = code[i] & 15;
    for (size_t i = half; i < n; ++i) out[i] = code[i - half] >> 4;
  }
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
