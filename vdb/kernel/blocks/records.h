// Records, as they lie in the store: an id, followed by a payload where there is one, both in
// msgpack. Searches read the id; payloads stay encoded.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vdb {

inline constexpr size_t kLongestId = 400;  // bytes of a str

// The id at the start of a record.
struct RecordId {
  bool text;         // a str, else an int
  int64_t number;    // the int
  const char* data;  // the str, as UTF-8 that has not been validated
  size_t length;     // bytes of the str
  size_t end;        // where the payload begins
};

// Reads it from a body of `size` bytes. False for all that is no id, and for one that no writer
// takes: the caller then looks closer, and says what is wrong.
bool read_id(const uint8_t* body, size_t size, RecordId* id);

}  // namespace vdb
