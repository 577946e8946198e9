// Checks of msgpack values before they are decoded: a decoder allocates as many items as an array
// or a map claims to hold, so that a few bytes could claim gigabytes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vdb {

inline constexpr size_t kDeepestMsgpack = 64;

// The types allowed in a value.
enum class Msgpack {
  kRecord,   // all but extension types
  kPayload,  // nil, bool, int, finite float, str, array, and map with str keys
};

// The reason why the bytes are not exactly one value, nested at most `deepest` deep (at most 64),
// every length and count in it held by bytes that are there; nullptr where nothing does. Whether
// texts are UTF-8 is left to the decoder. Takes no memory, and time in proportion to `size`.
const char* msgpack_fault(const uint8_t* body, size_t size, size_t deepest, Msgpack kind);

}  // namespace vdb
