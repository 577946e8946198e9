// Values in msgpack, looked at before anything is made of them: a decoder makes room for what an
// array or a map says it holds, so that a few bytes can ask for gigabytes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vdb {

inline constexpr size_t kDeepestMsgpack = 64;

// What may stand in a value.
enum class Msgpack {
  kRecord,   // all but extension types
  kPayload,  // nil, bool, int, finite float, str, array, and map with str keys
};

// What keeps the bytes from being just one value, nested at most `deepest` deep (at most 64), every
// length and count in it held by bytes that are there; nullptr where nothing does. Whether texts
// are UTF-8 is left to the decoder. Takes no memory, and time in proportion to `size`.
const char* msgpack_fault(const uint8_t* body, size_t size, size_t deepest, Msgpack kind);

}  // namespace vdb
