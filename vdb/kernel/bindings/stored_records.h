// Records by way of a look-up of Python's: their keys, and what lies under them.
#pragma once

#include <nanobind/nanobind.h>

#include <cstddef>
#include <cstdint>

namespace vdb::bindings {

namespace nb = nanobind;

constexpr size_t kSeal = 4;        // bytes of the checksum before a body
constexpr uint8_t kRecord = 0x31;  // the kind of key that records lie under

// The key of a record: its kind, the collection and the slot, big-endian.
class RecordKey {
 public:
  explicit RecordKey(uint32_t collection) { put(1, collection); }
  nb::bytes of(uint32_t slot) {
    put(5, slot);
    return nb::bytes(bytes_, sizeof bytes_);
  }
  // Of the newest key.
  const uint8_t* data() const { return bytes_; }
  size_t size() const { return sizeof bytes_; }

 private:
  void put(size_t at, uint32_t number) {
    for (int i = 0; i < 4; ++i) bytes_[at + i] = static_cast<uint8_t>(number >> (24 - 8 * i));
  }

  uint8_t bytes_[9] = {kRecord};
};

// Looks up the records of some slots, a few at a time, and reads them in order. All of it with the
// GIL.
class StoredRecords {
 public:
  // `lookup` finds values by key; `start` is the checksum of the salt; `text` says which kind ids
  // are.
  StoredRecords(nb::handle lookup, uint32_t collection, uint32_t start, bool text);

  // Appends the ids of these slots, and their payloads as they are stored where `payloads` is given
  // (None: there is none), up to the first record that is not plain, sound and in one piece. The
  // answer is how many were read. Throws python_error.
  size_t read(const uint32_t* slots, size_t count, nb::list& ids, nb::list* payloads) const;

 private:
  nb::handle lookup_;
  uint32_t collection_;
  uint32_t start_;
  bool text_;
};

}  // namespace vdb::bindings
