#include "bindings/stored_records.h"

#include <algorithm>

#include "bindings/gil.h"
#include "blocks/crc32c.h"
#include "blocks/records.h"
#include "memory/prefetch.h"

namespace vdb::bindings {

namespace {

constexpr uint8_t kCut = 0xC1;  // the first byte of a body that goes on under further keys

// A stored value as long as its buffer is used.
class Value {
 public:
  explicit Value(nb::handle from) {
    if (PyObject_GetBuffer(from.ptr(), &buffer_, PyBUF_SIMPLE) != 0) throw nb::python_error();
  }
  ~Value() { PyBuffer_Release(&buffer_); }
  Value(const Value&) = delete;
  Value& operator=(const Value&) = delete;
  const uint8_t* data() const { return static_cast<const uint8_t*>(buffer_.buf); }
  size_t size() const { return static_cast<size_t>(buffer_.len); }

 private:
  Py_buffer buffer_;
};

uint32_t little_endian(const uint8_t* bytes) {
  return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | static_cast<uint32_t>(bytes[3]) << 24;
}

// The id as a Python object; null where the bytes are no text.
nb::object id_object(const RecordId& id) {
  if (!id.text) return nb::steal(PyLong_FromLongLong(id.number));
  PyObject* text = PyUnicode_DecodeUTF8(id.data, static_cast<Py_ssize_t>(id.length), nullptr);
  if (text == nullptr) PyErr_Clear();
  return nb::steal(text);
}

constexpr size_t kTogether = 16;   // records that are looked up before the first of them is read
constexpr size_t kSignals = 4096;  // records after which signals are handled
constexpr size_t kAhead =
    256;  // bytes of each that are prefetched; the processor prefetches the rest

// The value under a record's key, in place, and the seed of its checksum.
struct Found {
  nb::object value;
  uint32_t seal = 0;
};

// One record into the lists; nothing where it is not sound, whole and of the right kind.
bool append(const Value& value, uint32_t expected, bool text, nb::list& ids, nb::list* payloads) {
  if (value.size() <= kSeal) return false;
  const uint8_t* const body = value.data() + kSeal;
  const size_t size = value.size() - kSeal;
  RecordId id;
  if (little_endian(value.data()) != crc32c(body, size, expected) || body[0] == kCut ||
      !read_id(body, size, &id) || id.text != text)
    return false;
  const nb::object object = id_object(id);
  if (!object.is_valid()) return false;
  ids.append(object);
  if (payloads == nullptr) return true;
  if (id.end < size)
    payloads->append(nb::bytes(body + id.end, size - id.end));
  else
    payloads->append(nb::none());
  return true;
}

}  // namespace

StoredRecords::StoredRecords(nb::handle lookup, uint32_t collection, uint32_t start, bool text)
    : lookup_(lookup), collection_(collection), start_(start), text_(text) {}

size_t StoredRecords::read(const uint32_t* slots, size_t count, nb::list& ids,
                           nb::list* payloads) const {
  RecordKey key(collection_);
  Found ahead[kTogether];
  for (size_t first = 0; first < count; first += kTogether) {
    const size_t many = std::min(kTogether, count - first);
    if (first % kSignals == 0) handle_signals();
    // While one is looked up the bytes of those before it are on their way from memory.
    for (size_t at = 0; at < many; ++at) {
      const nb::bytes stored = key.of(slots[first + at]);
      ahead[at] = {call(lookup_, stored), crc32c(key.data(), key.size(), start_)};
      if (!ahead[at].value.is_none()) {
        const Value value(ahead[at].value);
        prefetch_bytes(value.data(), std::min(value.size(), kAhead));
      }
    }
    for (size_t at = 0; at < many; ++at) {
      const Found& found = ahead[at];
      if (found.value.is_none() || !append(Value(found.value), found.seal, text_, ids, payloads))
        return first + at;
    }
  }
  return count;
}

}  // namespace vdb::bindings
