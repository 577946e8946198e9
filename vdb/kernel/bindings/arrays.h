// Arrays in and out: shapes and dtypes are checked here, once.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <tuple>
#include <vector>

#include "index.h"

namespace vdb::bindings {

namespace nb = nanobind;

using Rows = nb::ndarray<nb::ro, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Slots = nb::ndarray<const uint32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Bits = nb::ndarray<const uint8_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
template <typename T, int N>
using Output = nb::ndarray<nb::numpy, T, nb::ndim<N>, nb::c_contig>;

template <typename T, int N>
Output<T, N> make_array(std::initializer_list<size_t> shape, T** data) {
  size_t size = 1;
  for (const size_t extent : shape) size *= extent;
  *data = new T[std::max<size_t>(size, 1)];
  const nb::capsule owner(*data, [](void* p) noexcept { delete[] static_cast<T*>(p); });
  return Output<T, N>(*data, shape, owner);
}

using HitArrays = std::tuple<Output<uint32_t, 2>, Output<double, 2>, Output<uint32_t, 1>>;

Output<uint32_t, 1> slot_array(const std::vector<uint32_t>& slots);
// Slots (n, k), values (n, k) and how many of them count (n,).
HitArrays hit_arrays(const Index::Hits& hits, size_t k);

// numpy's type of rows: packed bits are uint8.
nb::dlpack::dtype stored_type(DType dtype);

inline const uint8_t* bytes_of(const Rows& rows) {
  return static_cast<const uint8_t*>(rows.data());
}
std::vector<uint32_t> to_vector(const Slots& slots);

// They throw std::invalid_argument, which begins with the name of the argument.
void check_type(const Rows& rows, DType dtype, const char* name);
void check_rows(const Rows& rows, DType dtype, size_t length, const char* name);
void check_queries(const Rows& queries, const RowShape& shape);
FilterSet filter_of(const Index& index, const Bits& bits, size_t count);

}  // namespace vdb::bindings
