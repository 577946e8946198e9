// Plain values of Python, read in bulk: lists of floats into arrays, payloads into msgpack. What is
// not plain is left to the caller, who reads it slowly and says what is wrong with it.
//
// Only functions that run no code of Python's are called between the first look
// at a container and the last. Without the GIL another thread could change it meanwhile: there
// nothing is plain.

#include <cmath>
#include <cstdint>

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

nb::object float_rows(nb::handle rows, size_t first, size_t count, size_t width) {
  const Entries outer(rows.ptr());
  const auto size = static_cast<size_t>(outer.size());
  if (!kCanRead || width == 0 || first > size || count > size - first) return nb::none();
  double* out;
  Output<double, 2> matrix = make_array<double, 2>({count, width}, &out);
  for (size_t i = 0; i < count; ++i) {
    const Entries row(outer[static_cast<Py_ssize_t>(first + i)]);
    if (static_cast<size_t>(row.size()) != width) return nb::none();
    for (size_t j = 0; j < width; ++j) {
      PyObject* const number = row[static_cast<Py_ssize_t>(j)];
      if (!PyFloat_CheckExact(number)) return nb::none();
      *out++ = double_of(number);
    }
  }
  return nb::cast(std::move(matrix));
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
  m.def("float_rows", &float_rows, "rows"_a, "first"_a, "count"_a, "width"_a,
        nb::sig("def float_rows(rows: object, first: int, count: int, width: int) -> "
                "NDArray[numpy.float64] | None"),
        "`count` rows from the `first` on, float64 (count, width), of a list or tuple of lists or "
        "tuples of floats; None where one of them is anything else.");
  m.def("plain_payloads", &plain_payloads, "payloads"_a, "deepest"_a, "largest"_a,
        nb::sig("def plain_payloads(payloads: list[object], deepest: int, largest: int) -> "
                "list[bytes | None]"),
        "Each payload in msgpack, as Python's own module encodes it; None for None, and where one "
        "holds anything but None and the exact types bool, int, float, str, list and dict with "
        "keys of str, or what a payload cannot hold, or is nested more than `deepest` deep, or "
        "takes more than `largest` bytes.");
}

}  // namespace vdb::bindings
