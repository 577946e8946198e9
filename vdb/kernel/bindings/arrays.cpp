#include "bindings/arrays.h"

#include <limits>
#include <stdexcept>

#include "bindings/gil.h"

namespace vdb::bindings {

namespace {

constexpr size_t kLongRow = 4096;  // hits of a query that take so long that signals are handled

}  // namespace

Output<uint32_t, 1> slot_array(const std::vector<uint32_t>& slots) {
  uint32_t* data;
  auto array = make_array<uint32_t, 1>({slots.size()}, &data);
  std::copy(slots.begin(), slots.end(), data);
  return array;
}

HitArrays hit_arrays(const Index::Hits& hits_by_query, size_t k) {
  uint32_t *slots, *counts;
  double* values;
  auto slot_out = make_array<uint32_t, 2>({hits_by_query.size(), k}, &slots);
  auto value_out = make_array<double, 2>({hits_by_query.size(), k}, &values);
  auto count_out = make_array<uint32_t, 1>({hits_by_query.size()}, &counts);
  for (size_t i = 0; i < hits_by_query.size(); ++i, slots += k, values += k) {
    if (k >= kLongRow) handle_signals();
    const size_t hits = hits_by_query[i].size();
    counts[i] = static_cast<uint32_t>(hits);
    for (size_t j = 0; j < hits; ++j) {
      slots[j] = hits_by_query[i][j].slot;
      values[j] = hits_by_query[i][j].value;
    }
    std::fill(slots + hits, slots + k, kNone);
    std::fill(values + hits, values + k, std::numeric_limits<double>::quiet_NaN());
  }
  return {slot_out, value_out, count_out};
}

nb::dlpack::dtype stored_type(DType dtype) {
  if (dtype == DType::kFloat16) return {static_cast<uint8_t>(nb::dlpack::dtype_code::Float), 16, 1};
  return dtype == DType::kFloat32 ? nb::dtype<float>()
         : dtype == DType::kInt8  ? nb::dtype<int8_t>()
                                  : nb::dtype<uint8_t>();
}

void check_type(const Rows& rows, DType dtype, const char* name) {
  if (rows.dtype() != stored_type(dtype))
    throw std::invalid_argument(std::string(name) + ": rows of another dtype");
}

void check_rows(const Rows& rows, DType dtype, size_t length, const char* name) {
  check_type(rows, dtype, name);
  if (rows.shape(1) != length)
    throw std::invalid_argument(std::string(name) + ": expected rows of " + std::to_string(length) +
                                ", got " + std::to_string(rows.shape(1)));
  if (rows.shape(0) > kMaxSlots) throw std::invalid_argument(std::string(name) + ": too many rows");
}

void check_queries(const Rows& queries, const RowShape& shape) {
  check_rows(queries, shape.dtype == DType::kFloat16 ? DType::kFloat32 : shape.dtype,
             shape.length(), "queries");
}

std::vector<uint32_t> to_vector(const Slots& slots) {
  return {slots.data(), slots.data() + slots.shape(0)};
}

FilterSet filter_of(const Index& index, const Bits& bits, size_t count) {
  const uint32_t slots = index.state().slots;
  if (bits.shape(0) < (size_t{slots} + 7) / 8)
    throw std::invalid_argument("bits: one for each slot");
  if (count > slots) throw std::invalid_argument("count: more than there are slots");
  return {bits.data(), slots, count};
}

}  // namespace vdb::bindings
