// Memory of other libraries seen as numpy's: rows that are arrays of their own, as columns of
// objects hold them, and tensors of bfloat16.
#include <cstring>
#include <stdexcept>
#include <vector>

#include "bindings/arrays.h"
#include "bindings/bind.h"

namespace vdb::bindings {

using namespace nb::literals;

namespace {

struct Run {
  const uint8_t* data;
  size_t rows;
};

// One row's memory, for as long as this lives.
class Row {
 public:
  explicit Row(nb::handle from) {
    there_ = PyObject_GetBuffer(from.ptr(), &buffer_, PyBUF_FORMAT | PyBUF_C_CONTIGUOUS) == 0;
    if (!there_) PyErr_Clear();
  }
  ~Row() {
    if (there_) PyBuffer_Release(&buffer_);
  }
  Row(const Row&) = delete;
  Row& operator=(const Row&) = delete;

  bool is_row() const { return there_ && buffer_.ndim == 1 && buffer_.format != nullptr; }
  bool is_like(const Row& other) const {
    return is_row() && buffer_.len == other.buffer_.len &&
           buffer_.itemsize == other.buffer_.itemsize &&
           std::strcmp(buffer_.format, other.buffer_.format) == 0;
  }
  const uint8_t* data() const { return static_cast<const uint8_t*>(buffer_.buf); }
  size_t bytes() const { return static_cast<size_t>(buffer_.len); }

 private:
  Py_buffer buffer_;
  bool there_;
};

nb::object adjacent_rows(const nb::list& rows, size_t shortest) {
  const size_t count = rows.size();
  if (count == 0) return nb::none();
  const Row first(rows[0]);
  if (!first.is_row() || first.bytes() == 0) return nb::none();
  std::vector<Run> runs;
  for (size_t i = 0; i < count; ++i) {
    const nb::object entry = rows[i];
    if (!entry.type().is(nb::object(rows[0]).type())) return nb::none();
    const Row row(entry);
    if (!row.is_like(first)) return nb::none();
    if (!runs.empty() && runs.back().data + runs.back().rows * first.bytes() == row.data())
      ++runs.back().rows;
    else
      runs.push_back({row.data(), 1});
  }
  nb::list views;
  if (runs.size() > 1 && runs.size() * shortest > count) return views;
  for (const Run& run : runs)
    views.append(nb::cast(nb::ndarray<nb::numpy, const uint8_t, nb::ndim<2>>(
        run.data, {run.rows, first.bytes()}, rows)));
  return views;
}

using Tensor = nb::ndarray<nb::ro, nb::device::cpu>;
using Halves = nb::ndarray<nb::numpy, const uint16_t>;

Halves bfloat16_bits(const Tensor& tensor, nb::handle owner) {
  if (tensor.dtype().code != static_cast<uint8_t>(nb::dlpack::dtype_code::Bfloat) ||
      tensor.dtype().bits != 16 || tensor.dtype().lanes != 1)
    throw std::invalid_argument("no tensor of bfloat16");
  std::vector<size_t> shape;
  std::vector<int64_t> strides;
  for (size_t axis = 0; axis < tensor.ndim(); ++axis) {
    shape.push_back(tensor.shape(axis));
    strides.push_back(tensor.stride(axis));
  }
  return Halves(tensor.data(), shape.size(), shape.data(), owner, strides.data());
}

}  // namespace

void bind_adjacent_rows(nb::module_& m) {
  m.def("adjacent_rows", &adjacent_rows, "rows"_a, "shortest"_a,
        nb::sig("def adjacent_rows(rows: list[object], shortest: int) -> "
                "list[NDArray[numpy.uint8]] | None"),
        "Rows of one type and length as matrices of bytes, in place: one for all that lie behind "
        "each other in memory. They keep the list alive, which must not change. An empty list "
        "where they would have fewer than `shortest` rows on average; None where the rows are not "
        "of one class, type and length.");
  m.def(
      "bfloat16_bits",
      [](const nb::object& tensor) {
        // The owner is the import, which keeps the other library's memory.
        auto* const imported = new Tensor(nb::cast<Tensor>(tensor));
        const nb::capsule owner(imported, [](void* p) noexcept { delete static_cast<Tensor*>(p); });
        return bfloat16_bits(*imported, owner);
      },
      "tensor"_a, nb::sig("def bfloat16_bits(tensor: object) -> NDArray[numpy.uint16]"),
      "The bits of a tensor of bfloat16 in memory of the processor, which speaks DLPack, in place. "
      "numpy has no such type.");
}

}  // namespace vdb::bindings
