// Arrow arrays from other libraries, through the Arrow C data and stream interfaces.
//
// A struct is moved out of its capsule and released once: a schema as soon as it was read, an array
// when the last view of its buffers is gone, a stream with its object. The interface does not say
// how long buffers are: that follows from types and counts, which are the reader's to apply
// (vdb/model/arrow). Here it is checked that the tree of structs can be walked.
#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>

#include "bindings/arrays.h"
#include "bindings/arrow_c_data.h"
#include "bindings/arrow_node.h"
#include "bindings/bind.h"
#include "bindings/gil.h"

namespace vdb::bindings {

using namespace nb::literals;

namespace {

constexpr int kDeepestType = 64;

// The struct in a capsule of this name.
template <typename T>
T* content(nb::handle capsule, const char* name) {
  if (!PyCapsule_IsValid(capsule.ptr(), name))
    throw std::invalid_argument(std::string("no capsule of the name ") + name);
  auto* const value = static_cast<T*>(PyCapsule_GetPointer(capsule.ptr(), name));
  if (value->release == nullptr)
    throw std::invalid_argument(std::string("the content of the capsule ") + name +
                                " was used before");
  return value;
}

// A struct of the interface, released at the end.
template <typename T>
class Owned {
 public:
  Owned() : value_{} {}
  explicit Owned(T* from) : value_(*from) { from->release = nullptr; }
  ~Owned() {
    if (value_.release == nullptr) return;
    // A library may run Python code here, which an exception that is on its way would confuse.
    const nb::error_scope scope;
    value_.release(&value_);
  }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  T* get() { return &value_; }

 private:
  T value_;
};

nb::object text_or_none(const char* text) {
  if (text == nullptr) return nb::none();
  // What is no UTF-8 is kept apart, so that two names that differ stay different.
  PyObject* const decoded =
      PyUnicode_DecodeUTF8(text, static_cast<Py_ssize_t>(std::strlen(text)), "surrogateescape");
  if (decoded == nullptr) throw nb::python_error();
  return nb::steal(decoded);
}

nb::dict metadata_of(const char* at) {
  nb::dict pairs;
  if (at == nullptr) return pairs;
  const auto number = [&] {
    int32_t value;
    std::memcpy(&value, at, sizeof value);
    at += sizeof value;
    if (value < 0) throw std::invalid_argument("metadata of a negative length");
    return value;
  };
  const auto bytes = [&] {
    const auto size = static_cast<size_t>(number());
    nb::bytes value(at, size);
    at += size;
    return value;
  };
  for (int32_t left = number(); left > 0; --left) {
    const nb::bytes key = bytes();
    pairs[key] = bytes();
  }
  return pairs;
}

nb::tuple type_tree(const ArrowSchema& schema, int depth) {
  if (depth > kDeepestType) throw std::invalid_argument("a type nested too deep");
  if (schema.release == nullptr || schema.format == nullptr || schema.n_children < 0)
    throw std::invalid_argument("a schema without a format");
  nb::list children;
  for (int64_t i = 0; i < schema.n_children; ++i) {
    if (schema.children == nullptr || schema.children[i] == nullptr)
      throw std::invalid_argument("a schema without its children");
    children.append(type_tree(*schema.children[i], depth + 1));
  }
  nb::object dictionary = nb::none();
  if (schema.dictionary != nullptr) dictionary = type_tree(*schema.dictionary, depth + 1);
  return nb::make_tuple(text_or_none(schema.format), text_or_none(schema.name),
                        metadata_of(schema.metadata), schema.flags, nb::tuple(children),
                        dictionary);
}

void check(const ArrowArray* array, int depth) {
  if (depth > kDeepestType) throw std::invalid_argument("an array nested too deep");
  if (array == nullptr || array->release == nullptr)
    throw std::invalid_argument("an array that was released");
  if (array->length < 0 || array->offset < 0 || array->null_count < -1 || array->n_buffers < 0 ||
      array->n_children < 0 || array->length > INT64_MAX - array->offset)
    throw std::invalid_argument("an array of a negative length");
  if ((array->n_buffers > 0 && array->buffers == nullptr) ||
      (array->n_children > 0 && array->children == nullptr))
    throw std::invalid_argument("an array without its buffers");
  for (int64_t i = 0; i < array->n_children; ++i) check(array->children[i], depth + 1);
  if (array->dictionary != nullptr) check(array->dictionary, depth + 1);
}

ArrowNode root_of(std::shared_ptr<Owned<ArrowArray>> owner) {
  const ArrowArray* const array = owner->get();
  check(array, 0);
  return {std::move(owner), array};
}

nb::tuple import_array(const nb::object& schema, const nb::object& array) {
  ArrowArray* const from = content<ArrowArray>(array, "arrow_array");
  Owned<ArrowSchema> type(content<ArrowSchema>(schema, "arrow_schema"));
  auto owner = std::make_shared<Owned<ArrowArray>>(from);
  return nb::make_tuple(type_tree(*type.get(), 0), root_of(std::move(owner)));
}

using Buffer = nb::ndarray<nb::numpy, const uint8_t, nb::ndim<1>>;

Buffer buffer_of(const ArrowNode& node, int64_t number, uint64_t start, uint64_t size) {
  if (number < 0 || number >= node.array->n_buffers)
    throw std::invalid_argument("an array without one of its buffers");
  const auto* const data = static_cast<const uint8_t*>(node.array->buffers[number]);
  if (size == 0) return Buffer(nullptr, {0}, nb::handle());
  if (data == nullptr) throw std::invalid_argument("an array without one of its buffers");
  using Owner = std::shared_ptr<const void>;
  const nb::capsule owner(new Owner(node.owner),
                          [](void* p) noexcept { delete static_cast<Owner*>(p); });
  return Buffer(data + start, {size}, owner);
}

// Arrays of one type, one after the other, from a library that may read them from a file meanwhile.
class Stream {
 public:
  explicit Stream(const nb::object& capsule)
      : stream_(content<ArrowArrayStream>(capsule, "arrow_array_stream")) {}

  nb::tuple type() {
    Owned<ArrowSchema> schema;
    run([&](ArrowArrayStream* stream) { return stream->get_schema(stream, schema.get()); });
    return type_tree(*schema.get(), 0);
  }

  nb::object next() {
    auto owner = std::make_shared<Owned<ArrowArray>>();
    run([&](ArrowArrayStream* stream) { return stream->get_next(stream, owner->get()); });
    if (owner->get()->release == nullptr) return nb::none();
    return nb::cast(root_of(std::move(owner)));
  }

 private:
  template <typename Call>
  void run(const Call& call) {
    int error;
    {
      const Unlocked unlocked;
      error = call(stream_.get());
    }
    if (PyErr_Occurred() != nullptr) throw nb::python_error();
    if (error != 0) fail(error);
    handle_signals();
  }

  [[noreturn]] void fail(int error) {
    const char* text = stream_.get()->get_last_error(stream_.get());
    if (text == nullptr) text = std::strerror(error);
    const nb::object number = nb::int_(error);
    const nb::object words = nb::steal(
        PyUnicode_DecodeUTF8(text, static_cast<Py_ssize_t>(std::strlen(text)), "replace"));
    PyErr_SetObject(error == ENOMEM ? PyExc_MemoryError : PyExc_OSError,
                    nb::make_tuple(number, words).ptr());
    throw nb::python_error();
  }

  Owned<ArrowArrayStream> stream_;
};

}  // namespace

void bind_arrow_import(nb::module_& m) {
  nb::class_<ArrowNode>(m, "ArrowNode",
                        "One array of Arrow's, or a child of one; its memory lives as long as it "
                        "or a view of its buffers.")
      .def_prop_ro("length", [](const ArrowNode& n) { return n.array->length; })
      .def_prop_ro("offset", [](const ArrowNode& n) { return n.array->offset; })
      .def_prop_ro(
          "null_count", [](const ArrowNode& n) { return n.array->null_count; }, "-1: not counted.")
      .def_prop_ro(
          "buffers",
          [](const ArrowNode& n) {
            nb::list there;
            for (int64_t i = 0; i < n.array->n_buffers; ++i)
              there.append(nb::bool_(n.array->buffers[i] != nullptr));
            return there;
          },
          nb::sig("def buffers(self) -> list[bool]"), "Which of the buffers are there.")
      .def_prop_ro(
          "children",
          [](const ArrowNode& n) {
            nb::list children;
            for (int64_t i = 0; i < n.array->n_children; ++i)
              children.append(nb::cast(ArrowNode{n.owner, n.array->children[i]}));
            return children;
          },
          nb::sig("def children(self) -> list[ArrowNode]"))
      .def_prop_ro(
          "dictionary",
          [](const ArrowNode& n) -> nb::object {
            if (n.array->dictionary == nullptr) return nb::none();
            return nb::cast(ArrowNode{n.owner, n.array->dictionary});
          },
          nb::sig("def dictionary(self) -> ArrowNode | None"),
          "The values that its own are indices of.")
      .def("buffer", &buffer_of, "number"_a, "start"_a, "size"_a,
           "`size` bytes of a buffer from `start` on, in place. That they are there is the "
           "caller's to know.");
  nb::class_<Stream>(m, "ArrowStream", "Arrays of one type, one after the other.")
      .def(nb::init<const nb::object&>(), "capsule"_a,
           "Takes over the stream in what `__arrow_c_stream__` returned.")
      .def("type", &Stream::type, nb::sig("def type(self) -> tuple[object, ...]"),
           "The type of its arrays: format, name, metadata, flags, children, dictionary.")
      .def("next", &Stream::next, nb::sig("def next(self) -> ArrowNode | None"),
           "The next array, None at the end. OSError with the words of the library that fails.");
  m.def(
      "import_arrow_array", &import_array, "schema"_a, "array"_a,
      nb::sig("def import_arrow_array(schema: object, array: object) -> "
              "tuple[tuple[object, ...], ArrowNode]"),
      "Takes over the array in the two capsules that `__arrow_c_array__` returned; its type is as "
      "`ArrowStream.type` has it.");
}

}  // namespace vdb::bindings
