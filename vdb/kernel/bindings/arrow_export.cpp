// Tables for other libraries, through the Arrow C data and stream interfaces.
//
// What an array points to belongs to C++: it is released by any thread at any time, without Python.
// A stream holds an iterator of Python's. Whoever reads it may be a thread that Python does not
// know; once the interpreter ends, the iterator is left as it is.
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <cerrno>
#include <memory>
#include <stdexcept>
#include <utility>

#include "bindings/arrow_c_data.h"
#include "bindings/bind.h"
#include "bindings/gil.h"
#include "bindings/table_column.h"

namespace vdb::bindings {

using namespace nb::literals;

namespace {

// Schemas

struct Field {
  std::string name;
  std::string format;
  std::string metadata;  // as the interface encodes it; empty: none
  bool nullable = false;
  std::vector<Field> children;
};

// int32 number of pairs, then of each key and value its int32 length and its bytes.
std::string encoded_metadata(const nb::dict& pairs) {
  if (pairs.size() == 0) return {};
  std::string out;
  const auto number = [&](size_t value) {
    const auto narrow = static_cast<int32_t>(value);
    out.append(reinterpret_cast<const char*>(&narrow), sizeof narrow);
  };
  number(pairs.size());
  for (const auto& [key, value] : pairs) {
    for (const nb::handle one : {key, value}) {
      const auto text = nb::cast<std::string>(one);
      number(text.size());
      out += text;
    }
  }
  return out;
}

// (name, format, nullable, metadata, children)
Field field_of(nb::handle described) {
  const auto [name, format, nullable, metadata, children] =
      nb::cast<std::tuple<std::string, std::string, bool, nb::dict, nb::list>>(described);
  Field field{name, format, encoded_metadata(metadata), nullable, {}};
  for (const nb::handle child : children) field.children.push_back(field_of(child));
  return field;
}

struct ExportedSchema {
  Field field;
  std::vector<ArrowSchema> children;
  std::vector<ArrowSchema*> pointers;
};

void release_schema(ArrowSchema* schema) {
  auto* const content = static_cast<ExportedSchema*>(schema->private_data);
  for (ArrowSchema& child : content->children) {
    if (child.release != nullptr) child.release(&child);
  }
  schema->release = nullptr;
  delete content;
}

void export_schema(const Field& field, ArrowSchema* out) {
  auto content = std::make_unique<ExportedSchema>();
  content->field = field;
  content->children.resize(field.children.size());
  for (size_t i = 0; i < field.children.size(); ++i) {
    export_schema(field.children[i], &content->children[i]);
    content->pointers.push_back(&content->children[i]);
  }
  *out = {};
  out->format = content->field.format.c_str();
  out->name = content->field.name.c_str();
  if (!content->field.metadata.empty()) out->metadata = content->field.metadata.c_str();
  out->flags = field.nullable ? ARROW_FLAG_NULLABLE : 0;
  out->n_children = static_cast<int64_t>(content->children.size());
  out->children = content->pointers.data();
  out->release = release_schema;
  out->private_data = content.release();
}

// Arrays

struct ExportedArray {
  std::vector<Buffer> buffers;
  std::vector<const void*> pointers;
  std::vector<ArrowArray> children;
  std::vector<ArrowArray*> child_pointers;
};

void release_array(ArrowArray* array) {
  auto* const content = static_cast<ExportedArray*>(array->private_data);
  for (ArrowArray& child : content->children) {
    if (child.release != nullptr) child.release(&child);
  }
  array->release = nullptr;
  delete content;
}

void export_array(Column&& column, ArrowArray* out) {
  auto content = std::make_unique<ExportedArray>();
  content->buffers = std::move(column.buffers);
  for (const Buffer& buffer : content->buffers) content->pointers.push_back(buffer.data());
  if (column.nulls == 0) content->pointers[0] = nullptr;
  content->children.resize(column.children.size());
  for (size_t i = 0; i < column.children.size(); ++i) {
    export_array(std::move(column.children[i]), &content->children[i]);
    content->child_pointers.push_back(&content->children[i]);
  }
  *out = {};
  out->length = column.rows;
  out->null_count = column.nulls;
  out->n_buffers = static_cast<int64_t>(content->pointers.size());
  out->buffers = content->pointers.data();
  out->n_children = static_cast<int64_t>(content->children.size());
  out->children = content->child_pointers.data();
  out->release = release_array;
  out->private_data = content.release();
}

// Whether a column is of the type of a field; of the length, where it says one.
bool matches(const Field& field, const Column& column) {
  if (field.format != column.format || field.children.size() != column.children.size())
    return false;
  for (size_t i = 0; i < field.children.size(); ++i) {
    if (!matches(field.children[i], column.children[i])) return false;
  }
  return true;
}

// All columns of some rows as the struct that the interface makes of them.
Column batch_of(const Field& schema, nb::handle columns) {
  Column batch;
  batch.format = schema.format;
  batch.buffers.emplace_back();
  for (const nb::handle one : nb::cast<nb::list>(columns)) {
    auto& given = nb::cast<TableColumn&>(one);
    if (!given.column) throw std::invalid_argument("columns: one that was used before");
    batch.children.push_back(std::move(*given.column));
    given.column.reset();
  }
  if (!matches(schema, batch)) throw std::invalid_argument("columns: of other types");
  if (!batch.children.empty()) batch.rows = batch.children[0].rows;
  for (const Column& column : batch.children) {
    if (column.rows != batch.rows) throw std::invalid_argument("columns: of different lengths");
  }
  return batch;
}

// Streams

struct Stream {
  Field schema;
  PyObject* batches;  // an iterator over lists of columns; null after its end
  std::string error;
};

Stream* content_of(ArrowArrayStream* stream) { return static_cast<Stream*>(stream->private_data); }

// Gives the iterator back, as long as there is an interpreter.
void drop_batches(Stream* content) {
  PyObject* const batches = std::exchange(content->batches, nullptr);
  if (batches == nullptr || Py_IsInitialized() == 0) return;
  const Locked gil;
  standing([&] {
    Py_DECREF(batches);
    return true;
  });
}

// With the GIL.
std::string message_of(const nb::python_error& error) {
  try {
    return nb::cast<std::string>(error.type().attr("__name__")) + ": " +
           nb::cast<std::string>(nb::str(error.value()));
  } catch (...) {
    PyErr_Clear();
    return "an error that has no text";
  }
}

// The next columns as an array; false at the end.
bool next_batch(Stream* content, ArrowArray* out) {
  PyObject* const item = standing([&] { return PyIter_Next(content->batches); });
  if (item == nullptr) {
    if (PyErr_Occurred() != nullptr) throw nb::python_error();
    return false;
  }
  const nb::object columns = nb::steal(item);
  export_array(batch_of(content->schema, columns), out);
  return true;
}

int get_next(ArrowArrayStream* stream, ArrowArray* out) {
  Stream* const content = content_of(stream);
  *out = {};
  if (content->batches == nullptr) return 0;
  if (Py_IsInitialized() == 0) {
    content->error = "the process ends";
    return EIO;
  }
  try {
    const Locked gil;
    try {
      if (!next_batch(content, out)) drop_batches(content);
      return 0;
    } catch (const nb::python_error& error) {
      content->error = message_of(error);
    }
  } catch (const std::exception& error) {
    content->error = error.what();
  }
  return EIO;
}

int get_schema(ArrowArrayStream* stream, ArrowSchema* out) {
  export_schema(content_of(stream)->schema, out);
  return 0;
}

const char* get_last_error(ArrowArrayStream* stream) {
  const std::string& error = content_of(stream)->error;
  return error.empty() ? nullptr : error.c_str();
}

void release_stream(ArrowArrayStream* stream) {
  drop_batches(content_of(stream));
  stream->release = nullptr;
  delete content_of(stream);
}

// Capsules

// A capsule around a struct; it releases what nobody has moved out.
template <typename Struct>
nb::capsule capsule_of(std::unique_ptr<Struct> content, const char* name) {
  nb::capsule capsule(content.get(), name, [](void* pointer) noexcept {
    auto* const value = static_cast<Struct*>(pointer);
    if (value->release != nullptr) value->release(value);
    delete value;
  });
  content.release();
  return capsule;
}

nb::capsule schema_capsule(const Field& schema) {
  auto out = std::make_unique<ArrowSchema>();
  export_schema(schema, out.get());
  return capsule_of(std::move(out), "arrow_schema");
}

nb::capsule stream_capsule(const Field& schema, const nb::object& batches) {
  nb::iterator iterator = nb::iter(batches);
  auto content = std::make_unique<Stream>(Stream{schema, nullptr, {}});
  auto out = std::make_unique<ArrowArrayStream>();
  out->get_schema = get_schema;
  out->get_next = get_next;
  out->get_last_error = get_last_error;
  out->release = release_stream;
  content->batches = iterator.release().ptr();
  out->private_data = content.release();
  return capsule_of(std::move(out), "arrow_array_stream");
}

}  // namespace

void bind_arrow_export(nb::module_& m) {
  nb::class_<Field>(m, "TableSchema", "Names and types of the columns of a table.")
      .def(
          "__init__",
          [](Field* self, const nb::list& fields, const nb::dict& metadata) {
            Field schema{"", "+s", encoded_metadata(metadata), false, {}};
            for (const nb::handle field : fields) schema.children.push_back(field_of(field));
            new (self) Field(std::move(schema));
          },
          "fields"_a, "metadata"_a,
          nb::sig("def __init__(self, fields: list[tuple[str, str, bool, dict[str, str], "
                  "list[object]]], metadata: dict[str, str]) -> None"),
          "Fields are (name, format of the Arrow C data interface, nullable, metadata, fields).")
      .def("capsule", &schema_capsule, "A capsule \"arrow_schema\".")
      .def("stream", &stream_capsule, "batches"_a,
           nb::sig("def stream(self, batches: object) -> "
                   "typing_extensions.CapsuleType"),
           "A capsule \"arrow_array_stream\". Batches are taken from the iterator when they are "
           "read, by whatever thread reads them.");
}

}  // namespace vdb::bindings
