// Plain values of Python, read in bulk: lists of floats into arrays, payloads into msgpack. What is
// not plain is left to the caller, who reads it slowly and says what is wrong with it.
//
// Only functions that run no code of Python's are called between the first look
// at a container and the last. Without the GIL another thread could change it meanwhile: there
// nothing is plain.

#include <cmath>
#include <cstdint>
#include <cstring>

#include "bindings/arrays.h"
#include "bindings/bind.h"
#include "blocks/msgpack_writer.h"

namespace vdb::bindings {

using namespace nb::literals;

namespace {

#ifdef Py_GIL_DISABLED
constexpr bool kCanRead = false;
#else
constexpr bool kCanRead = true;
#endif

// The entries of a list or a tuple, without a copy; an empty one for anything else.
class Entries {
 public:
  explicit Entries(PyObject* of)
      : of_(of),
        list_(PyList_CheckExact(of)),
        size_(list_                    ? PyList_Size(of)
              : PyTuple_CheckExact(of) ? PyTuple_Size(of)
                                       : 0) {}
  Py_ssize_t size() const { return size_; }
#ifdef Py_LIMITED_API
  PyObject* operator[](Py_ssize_t i) const {
    return list_ ? PyList_GetItem(of_, i) : PyTuple_GetItem(of_, i);
  }
#else
  PyObject* operator[](Py_ssize_t i) const {
    return list_ ? PyList_GET_ITEM(of_, i) : PyTuple_GET_ITEM(of_, i);
  }
#endif

 private:
  PyObject* of_;
  bool list_;
  Py_ssize_t size_;
};

double double_of(PyObject* number) {  // REQUIRES exactly a float
#ifdef Py_LIMITED_API
  return PyFloat_AsDouble(number);
#else
  return PyFloat_AS_DOUBLE(number);
#endif
}

// As doubles, or rounded to float32: then what is not finite there, or becomes 0, is left to
// others, who say what it was.
template <typename Number>
nb::object rows_of(nb::handle rows, size_t first, size_t count, size_t width) {
  const Entries outer(rows.ptr());
  const auto size = static_cast<size_t>(outer.size());
  if (!kCanRead || width == 0 || first > size || count > size - first) return nb::none();
  Number* out;
  Output<Number, 2> matrix = make_array<Number, 2>({count, width}, &out);
  for (size_t i = 0; i < count; ++i) {
    const Entries row(outer[static_cast<Py_ssize_t>(first + i)]);
    if (static_cast<size_t>(row.size()) != width) return nb::none();
    bool fits = true;
    for (size_t j = 0; j < width; ++j) {
      PyObject* const number = row[static_cast<Py_ssize_t>(j)];
      if (!PyFloat_CheckExact(number)) return nb::none();
      const double value = double_of(number);
      out[j] = static_cast<Number>(value);
      fits &= std::isfinite(out[j]) && (out[j] == 0) == (value == 0);
    }
    if (sizeof(Number) < sizeof(double) && !fits) return nb::none();
    out += width;
  }
  return nb::cast(std::move(matrix));
}

nb::object float_rows(nb::handle rows, size_t first, size_t count, size_t width, bool single) {
  return single ? rows_of<float>(rows, first, count, width)
                : rows_of<double>(rows, first, count, width);
}

// Ids behind a prefix, as they stand in keys: integers big-endian with the sign bit flipped, texts
// as UTF-8.
nb::object id_keys(nb::bytes prefix, nb::list ids) {
  const auto start = static_cast<const char*>(prefix.data());
  const size_t length = prefix.size();
  nb::list keys;
  for (nb::handle id : ids) {
    char number[8];
    const char* data = number;
    Py_ssize_t size = 8;
    if (PyUnicode_CheckExact(id.ptr())) {
      data = PyUnicode_AsUTF8AndSize(id.ptr(), &size);
      if (data == nullptr) return PyErr_Clear(), nb::none();
    } else if (PyLong_CheckExact(id.ptr())) {
      int overflow;
      const long long value = PyLong_AsLongLongAndOverflow(id.ptr(), &overflow);
      if (overflow != 0) return nb::none();
      const uint64_t flipped = static_cast<uint64_t>(value) ^ (uint64_t{1} << 63);
      for (int i = 0; i < 8; ++i) number[i] = static_cast<char>(flipped >> (56 - 8 * i) & 0xFF);
    } else {
      return nb::none();
    }
    PyObject* const key =
        PyBytes_FromStringAndSize(nullptr, static_cast<Py_ssize_t>(length) + size);
    if (key == nullptr) throw nb::python_error();
    std::memcpy(PyBytes_AS_STRING(key), start, length);
    std::memcpy(PyBytes_AS_STRING(key) + length, data, static_cast<size_t>(size));
    keys.append(nb::steal(key));
  }
  return keys;
}

// One payload at a time into msgpack.
class PayloadWriter {
 public:
  PayloadWriter(size_t deepest, size_t largest) : deepest_(deepest), largest_(largest) {}

  // Whether the value is plain; its bytes are then those of `writer()`.
  bool write(PyObject* value) {
    writer_.clear();
    return put(value, deepest_) && writer_.bytes().size() <= largest_;
  }
  const MsgpackWriter& writer() const { return writer_; }

 private:
  bool put(PyObject* value, size_t depth) {
    if (value == Py_None) return writer_.nil(), true;
    if (PyUnicode_CheckExact(value)) return text(value);
    if (PyBool_Check(value)) return writer_.boolean(value == Py_True), true;
    if (PyLong_CheckExact(value)) return integer(value);
    if (PyFloat_CheckExact(value)) {
      const double number = double_of(value);
      if (!std::isfinite(number)) return false;
      return writer_.real(number), true;
    }
    if (depth == 0 || writer_.bytes().size() > largest_) return false;
    if (PyDict_CheckExact(value)) return dict(value, depth - 1);
    if (PyList_CheckExact(value)) return list(value, depth - 1);
    return false;
  }

  bool text(PyObject* value) {
    Py_ssize_t length;
    const char* const data = PyUnicode_AsUTF8AndSize(value, &length);
    if (data == nullptr) return PyErr_Clear(), false;  // a lone surrogate
    if (static_cast<size_t>(length) > largest_) return false;
    writer_.text(data, static_cast<size_t>(length));
    return true;
  }

  bool integer(PyObject* value) {
    int overflow;
    const long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
    if (overflow == 0) return writer_.integer(number), true;
    if (overflow < 0) return false;
    const unsigned long long natural = PyLong_AsUnsignedLongLong(value);
    if (PyErr_Occurred() != nullptr) return PyErr_Clear(), false;
    writer_.natural(natural);
    return true;
  }

  bool dict(PyObject* value, size_t depth) {
    writer_.map(static_cast<size_t>(PyDict_Size(value)));
    PyObject *key, *inner;
    for (Py_ssize_t at = 0; PyDict_Next(value, &at, &key, &inner) != 0;)
      if (!PyUnicode_CheckExact(key) || !text(key) || !put(inner, depth)) return false;
    return true;
  }

  bool list(PyObject* value, size_t depth) {
    const Entries entries(value);
    writer_.array(static_cast<size_t>(entries.size()));
    for (Py_ssize_t i = 0; i < entries.size(); ++i)
      if (!put(entries[i], depth)) return false;
    return true;
  }

  size_t deepest_, largest_;
  MsgpackWriter writer_;
};

nb::list plain_payloads(const nb::list& payloads, size_t deepest, size_t largest) {
  nb::list encoded;
  PayloadWriter one(deepest, largest);
  for (const nb::handle payload : payloads) {
    if (kCanRead && !payload.is_none() && one.write(payload.ptr())) {
      const std::string& bytes = one.writer().bytes();
      encoded.append(nb::bytes(bytes.data(), bytes.size()));
    } else {
      encoded.append(nb::none());
    }
  }
  return encoded;
}

}  // namespace

void bind_python_values(nb::module_& m) {
  m.def("float_rows", &float_rows, "rows"_a, "first"_a, "count"_a, "width"_a, "single"_a = false,
        nb::sig("def float_rows(rows: object, first: int, count: int, width: int, "
                "single: bool = False) -> "
                "NDArray[numpy.float32] | NDArray[numpy.float64] | None"),
        "`count` rows from the `first` on, (count, width), of a list or tuple of lists or tuples "
        "of floats; None where one of them is anything else. As float64; or, `single`, rounded to "
        "float32, and None where a number is not finite there, or becomes 0.");
  m.def("id_keys", &id_keys, "prefix"_a, "ids"_a,
        nb::sig("def id_keys(prefix: bytes, ids: list[int | str]) -> list[bytes] | None"),
        "The prefix and each id as it stands in a key, of a list of exact int of 64 bits or str; "
        "None where one of them is anything else.");
  m.def("plain_payloads", &plain_payloads, "payloads"_a, "deepest"_a, "largest"_a,
        nb::sig("def plain_payloads(payloads: list[object], deepest: int, largest: int) -> "
                "list[bytes | None]"),
        "Each payload in msgpack, as Python's own module encodes it; None for None, and where one "
        "holds anything but None and the exact types bool, int, float, str, list and dict with "
        "keys of str, or what a payload cannot hold, or is nested more than `deepest` deep, or "
        "takes more than `largest` bytes.");
}

}  // namespace vdb::bindings
