#include "blocks/codes.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "runtime/float_mode.h"
#include "simd/float16.h"

namespace vdb {
namespace {

constexpr size_t kLanes = 16;

// The least and the greatest number, in loops over lanes, which compilers turn into wide
// instructions. Of zeros of both signs either may be it.
std::pair<float, float> bounds_of(const float* x, size_t n) {
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
  return {*std::min_element(least, least + kLanes), *std::max_element(most, most + kLanes)};
}

// Numbers on a grid of steps: x[i] ~ scale * u[i] + low.
struct Grid {
  double scale, low;
  int steps;

  static Grid of(const float* x, size_t n, int steps) {
    auto [least, most] = bounds_of(x, n);
    if (least == 0) least = *std::min_element(x, x + n);  // the first zero, whose sign is stored
    const double low = least;
    // As it is stored, so that integers are chosen for the scale that a reader will see.
    return {static_cast<float>((most - low) / steps), low, steps};
  }
  int step(float number) const {
    if (!(scale > 0)) return 0;
    const double at = (number - low) / scale + 0.5;
    // NaN in a damaged row: any step will do.
    return at >= 0 ? static_cast<int>(at < steps ? at : steps) : 0;
  }
};

// Sums over the numbers of a vector on a grid.
struct Sums {
  int64_t total = 0, squares = 0;  // of the integers
  double with_numbers = 0;         // of the products of decoded and original numbers
  double norm2 = 0;                // of the squares of the original numbers
};

// Calls put(i, integer) for each number, with its step less `middle`.
template <typename Put>
Sums quantize(const Grid& grid, const float* x, size_t n, int middle, const Put& put) {
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

  static constexpr size_t kPiece = 512;  // numbers whose products are added up in float32

  static QueryGrid of(const float* x, size_t n) {
    const auto [low, high] = bounds_of(x, n);
    const double range = double{high} - low;
    const auto scale = static_cast<float>(range / kQuerySteps);
    const float inverse = 2 / scale;
    return std::isfinite(inverse) ? QueryGrid{scale, low, inverse} : QueryGrid{0, low, 0};
  }

  // The steps, their sum and that of their squares. Numbers are halved because differences of
  // halves cannot overflow.
  Sums quantize(const float* x, size_t n, uint8_t* steps) const {
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

  // The sums of products, from which the length of the decoded vector follows.
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
  for (size_t i = 0; i < std::size(kCodeSpecs); ++i)
    if (name == kCodeSpecs[i].name) return static_cast<CodeKind>(i);
  throw std::invalid_argument("codes: expected int8 or int4, got '" + name + "'");
}

void unpack_int8(const uint8_t* code, size_t, size_t n, uint8_t* out) {
  for (size_t i = 0; i < n; ++i) out[i] = code[i] ^ 0x80;
}

void unpack_int4(const uint8_t* code, size_t bytes, size_t n, uint8_t* out) {
  const size_t low = std::min(n, bytes);
  for (size_t i = 0; i < low; ++i) out[i] = code[i] & 15;
  for (size_t i = bytes; i < n; ++i) out[i] = code[i - bytes] >> 4;
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
  const CodeSpec& spec = shape.spec();
  const Grid grid = Grid::of(x, n, spec.steps);
  const size_t bytes = shape.code_bytes();
  size_t byte = 0;
  uint32_t shift = 0;
  const Sums sums = quantize(grid, x, n, spec.middle, [&](size_t, int integer) {
    code[byte] |= static_cast<uint8_t>(static_cast<uint8_t>(integer) << shift);
    if (++byte == bytes) byte = 0, shift += spec.bits;
  });
  const CodeHead head = head_of(grid, sums, n, spec.middle, shape.unit);
  std::memcpy(row, &head, sizeof head);
}

void CodeQuery::reserve(const CodeShape& shape) {
  const size_t integers = shape.integers(), needed = integers + 64;
  if (space.size() < needed) space.resize(needed);
  bytes = space.data() + (64 - reinterpret_cast<uintptr_t>(space.data()) % 64) % 64;
  numbers = static_cast<float>(shape.dim);
  std::memset(bytes + shape.dim, 0, integers - shape.dim);
}

// On the path of every search. A query's code is not stored, so its grid need not be that of
// encode() to the last bit; but it is the same on every processor.
void CodeQuery::set(const CodeShape& shape, const float* x) {
  reserve(shape);
  const size_t n = shape.dim;
  const QueryGrid grid = QueryGrid::of(x, n);
  Sums sums = grid.quantize(x, n, bytes);
  if (shape.unit) grid.compare(x, bytes, n, &sums);
  const int middle = 128 - shape.spec().middle;
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
  const CodeSpec& spec = shape.spec();
  const size_t n = shape.dim;
  scale = head.scale;
  offset = head.offset;
  spec.unpack(row + sizeof head, shape.code_bytes(), n, bytes);
  // The integers are steps again, not steps less the middle.
  if (spec.middle != 0)
    offset -= head.scale * static_cast<float>(spec.middle * std::sqrt(static_cast<double>(n)));
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
