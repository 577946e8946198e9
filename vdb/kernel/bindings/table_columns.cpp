// Columns of tables, of arrays, of texts and of payloads as they are stored. All are copies.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

#include "bindings/arrays.h"
#include "bindings/bind.h"
#include "bindings/table_column.h"
#include "columns/payload_columns.h"
#include "memory/prefetch.h"

namespace vdb::bindings {

using namespace nb::literals;

namespace {

constexpr char kText[] = "u";

Buffer copied(const void* bytes, size_t size) {
  Buffer buffer;
  buffer.reserve(size);
  buffer.append(bytes, size);
  return buffer;
}

const char* format_of(nb::dlpack::dtype type) {
  if (type == nb::dtype<int64_t>()) return "l";
  if (type == nb::dtype<double>()) return "g";
  if (type == nb::dtype<float>()) return "f";
  if (type == stored_type(DType::kFloat16)) return "e";
  if (type == nb::dtype<int8_t>()) return "c";
  if (type == nb::dtype<uint8_t>()) return "C";
  throw std::invalid_argument("array: a dtype that no column has");
}

template <typename Array>
Column numbers(const Array& array) {
  Column column;
  column.format = format_of(array.dtype());
  column.rows = static_cast<int64_t>(array.size());
  column.buffers.emplace_back();
  column.buffers.push_back(copied(array.data(), array.nbytes()));
  return column;
}

using Numbers = nb::ndarray<nb::ro, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Present = nb::ndarray<const bool, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

TableColumn number_column(const Numbers& array) { return {numbers(array)}; }

TableColumn vector_column(const Rows& rows, const std::optional<Present>& present) {
  Column column;
  column.format = "+w:" + std::to_string(rows.shape(1));
  column.rows = static_cast<int64_t>(rows.shape(0));
  column.buffers.emplace_back();
  if (present) {
    if (present->shape(0) != rows.shape(0))
      throw std::invalid_argument("present: one for each row");
    BitWriter validity;
    for (size_t i = 0; i < rows.shape(0); ++i) validity.push(present->data()[i]);
    column.nulls = validity.zeros();
    column.buffers[0] = validity.take();
  }
  column.children.push_back(numbers(rows));
  return {std::move(column)};
}

TableColumn text_column(const nb::list& texts) {
  Column column;
  column.format = kText;
  column.rows = static_cast<int64_t>(texts.size());
  Buffer offsets, bytes;
  BitWriter validity;
  offsets.reserve(4 * (texts.size() + 1));
  offsets.push_number(int32_t{0});
  bytes.reserve(1);
  for (const nb::handle one : texts) {
    validity.push(!one.is_none());
    if (!one.is_none()) {
      if (!PyUnicode_Check(one.ptr())) throw nb::type_error("texts: expected str or None");
      Py_ssize_t size;
      const char* const text = PyUnicode_AsUTF8AndSize(one.ptr(), &size);
      if (text == nullptr) throw nb::python_error();
      bytes.append(text, static_cast<size_t>(size));
    }
    if (bytes.size() > static_cast<size_t>(std::numeric_limits<int32_t>::max()))
      throw std::length_error("texts: more than one column can hold");
    offsets.push_number(static_cast<int32_t>(bytes.size()));
  }
  column.nulls = validity.zeros();
  column.buffers.push_back(validity.take());
  column.buffers.push_back(std::move(offsets));
  column.buffers.push_back(std::move(bytes));
  return {std::move(column)};
}

// As float.__repr__ writes it. With the GIL.
void append_repr(double number, Buffer& out) {
#if defined(__cpp_lib_to_chars) && __cpp_lib_to_chars >= 201611L
  const double size = std::fabs(number);
  const bool plain = size == 0 || (size >= 1e-4 && size < 1e16);
  char text[32];  // 17 digits, a sign, a point, 4 zeros behind it, an exponent
  char* end = std::to_chars(text, text + sizeof text - 2, number,
                            plain ? std::chars_format::fixed : std::chars_format::scientific)
                  .ptr;
  if (plain && std::find(text, end, '.') == end) {
    *end++ = '.';
    *end++ = '0';
  }
  out.append(text, static_cast<size_t>(end - text));
#else  // a C++ library without floats in to_chars
  char* const text = PyOS_double_to_string(number, 'r', 0, Py_DTSF_ADD_DOT_0, nullptr);
  if (text == nullptr) throw nb::python_error();
  out.append(text, std::char_traits<char>::length(text));
  PyMem_Free(text);
#endif
}

PayloadField::Type type_named(const std::string& name) {
  if (name == "int") return PayloadField::kInt;
  if (name == "float") return PayloadField::kFloat;
  if (name == "keyword") return PayloadField::kKeyword;
  if (name == "bool") return PayloadField::kBool;
  if (name == "datetime") return PayloadField::kDatetime;
  throw std::invalid_argument("fields: no such type");
}

// Names of the path, type of one value, whether there is a list of them.
using FieldTuple = std::tuple<std::vector<std::string>, std::string, bool>;

constexpr size_t kAhead = 8;         // payloads that are on their way from memory
constexpr size_t kAheadBytes = 256;  // of each; the processor fetches the rest

// A payload as it is stored; without data: none.
struct Body {
  const uint8_t* data;
  size_t size;
};

// Good for as long as the list is, which nobody else may change.
std::vector<Body> bodies_of(const nb::list& bodies) {
  const size_t count = bodies.size();
  std::vector<Body> out;
  out.reserve(count);
  const auto item = [&](size_t i) {
    return PyList_GetItem(bodies.ptr(), static_cast<Py_ssize_t>(i));
  };
  for (size_t i = 0; i < count; ++i) {
    if (i + kAhead < count) prefetch_line(item(i + kAhead));
    PyObject* const one = item(i);
    if (one == Py_None) {
      out.push_back({nullptr, 0});
      continue;
    }
    char* data;
    Py_ssize_t size;
    if (PyBytes_AsStringAndSize(one, &data, &size) != 0) throw nb::python_error();
    out.push_back({reinterpret_cast<const uint8_t*>(data), static_cast<size_t>(size)});
  }
  return out;
}

nb::tuple payload_columns(const nb::list& bodies, const std::vector<FieldTuple>& described,
                          bool text) {
  std::vector<PayloadField> fields;
  for (const auto& [names, type, list] : described)
    fields.push_back({names, type_named(type), list});
  PayloadColumns columns(std::move(fields), text, append_repr);
  const std::vector<Body> rows = bodies_of(bodies);
  size_t bytes = 0;
  for (const Body& body : rows) bytes += body.size;
  columns.reserve(rows.size(), bytes);
  const size_t sample = rows.size() / 16;
  for (size_t row = 0; row < rows.size(); ++row) {
    if (row == sample) columns.reserve(rows.size() - row, bytes);
    if (row + kAhead < rows.size()) {
      const Body& ahead = rows[row + kAhead];
      prefetch_bytes(ahead.data, std::min(ahead.size, kAheadBytes));
    }
    const Body& body = rows[row];
    bytes -= body.size;
    if (body.data == nullptr) {
      columns.append_none();
      continue;
    }
    const auto fault = columns.append(body.data, body.size);
    if (fault.reason != nullptr) return nb::make_tuple(row, fault.field, fault.reason);
  }
  nb::list out;
  for (Column& column : columns.take()) out.append(nb::cast(TableColumn{std::move(column)}));
  return nb::make_tuple(out);
}

// Where parts of the bodies end that have so many rows and so many bytes at most; one body at
// least.
std::vector<size_t> payload_parts(const nb::list& bodies, size_t most_rows, size_t most_bytes) {
  std::vector<size_t> ends;
  size_t start = 0, bytes = 0, row = 0;
  for (const Body& body : bodies_of(bodies)) {
    if (row > start && (row - start == most_rows || bytes + body.size > most_bytes)) {
      ends.push_back(row);
      start = row;
      bytes = 0;
    }
    bytes += body.size;
    ++row;
  }
  if (row > start) ends.push_back(row);
  return ends;
}

}  // namespace

void bind_table_columns(nb::module_& m) {
  nb::class_<TableColumn>(m, "TableColumn",
                          "Some rows of one column of a table, as Arrow lays them out. Copies.");
  m.def("number_column", &number_column, "array"_a,
        "A column of numbers, (n,): int64, float64, float32, float16, int8 or uint8.");
  m.def("vector_column", &vector_column, "rows"_a, "present"_a = nb::none(),
        "A column of lists of one length, (n, length), of the same types; null where `present`, "
        "(n,), is not.");
  m.def("text_column", &text_column, "texts"_a,
        nb::sig("def text_column(texts: list[str] | list[str | None]) -> TableColumn"),
        "A column of texts, null where there is None.");
  m.def("payload_columns", &payload_columns, "bodies"_a, "fields"_a, nb::kw_only(), "text"_a,
        nb::sig("def payload_columns(bodies: list[bytes | None], "
                "fields: list[tuple[tuple[str, ...], str, bool]], *, text: bool) -> "
                "tuple[list[TableColumn]] | tuple[int, int, str]"),
        "Columns of payloads as they are stored: of each field (names of its path, type of one "
        "value, whether there is a list of them), and with `text` of JSON. Where that cannot be "
        "done: the first row at fault, the number of the field (-1: no payload at all), and why.");
  m.def("payload_parts", &payload_parts, "bodies"_a, "most_rows"_a, "most_bytes"_a,
        nb::sig("def payload_parts(bodies: list[bytes | None], most_rows: int, most_bytes: int) -> "
                "list[int]"),
        "Where parts of the bodies end that have so many rows and bytes at most, or one row.");
}

}  // namespace vdb::bindings
