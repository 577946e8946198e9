// The first byte of a value in msgpack, and the big-endian numbers behind it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace vdb {

// The first byte of a value, decoded.
struct MsgpackHead {
  enum Type { kScalar, kFloat, kText, kBinary, kArray, kMap, kOther };
  Type type;
  size_t width;     // bytes behind the first that hold the length or count, or the number itself
  uint64_t length;  // where the first byte holds it
};

inline MsgpackHead msgpack_head(uint8_t first) {
  if (first <= 0x7F || first >= 0xE0) return {MsgpackHead::kScalar, 0, 0};
  if (first <= 0x8F) return {MsgpackHead::kMap, 0, first & 0x0Fu};
  if (first <= 0x9F) return {MsgpackHead::kArray, 0, first & 0x0Fu};
  if (first <= 0xBF) return {MsgpackHead::kText, 0, first & 0x1Fu};
  switch (first) {
    case 0xC0:
    case 0xC2:
    case 0xC3:
      return {MsgpackHead::kScalar, 0, 0};
    case 0xC4:
    case 0xC5:
    case 0xC6:
      return {MsgpackHead::kBinary, size_t{1} << (first - 0xC4), 0};
    case 0xCA:
    case 0xCB:
      return {MsgpackHead::kFloat, size_t{4} << (first - 0xCA), 0};
    case 0xD9:
    case 0xDA:
    case 0xDB:
      return {MsgpackHead::kText, size_t{1} << (first - 0xD9), 0};
    case 0xDC:
    case 0xDD:
      return {MsgpackHead::kArray, size_t{2} << (first - 0xDC), 0};
    case 0xDE:
    case 0xDF:
      return {MsgpackHead::kMap, size_t{2} << (first - 0xDE), 0};
    default:
      break;
  }
  if (first >= 0xCC && first <= 0xCF) return {MsgpackHead::kScalar, size_t{1} << (first - 0xCC), 0};
  if (first >= 0xD0 && first <= 0xD3) return {MsgpackHead::kScalar, size_t{1} << (first - 0xD0), 0};
  return {MsgpackHead::kOther, 0, 0};  // extension types, and C1, which is never used
}

inline uint64_t big_endian(const uint8_t* bytes, size_t count) {
  uint64_t value = 0;
  for (size_t i = 0; i < count; ++i) value = value << 8 | bytes[i];
  return value;
}

// A float of 4 or 8 bytes.
inline double msgpack_float(const uint8_t* bytes, size_t width) {
  const uint64_t bits = big_endian(bytes, width);
  if (width == 4) {
    const auto narrow = static_cast<uint32_t>(bits);
    float number;
    std::memcpy(&number, &narrow, sizeof number);
    return number;
  }
  double number;
  std::memcpy(&number, &bits, sizeof number);
  return number;
}

// Whether a scalar is an int, neither null nor a bool.
inline bool msgpack_is_int(uint8_t first) {
  return first <= 0x7F || first >= 0xE0 || (first >= 0xCC && first <= 0xD3);
}

// An int by its first byte and the `width` bytes behind it, as big_endian has them. One above
// 2^63 - 1, which only the first byte CF has, comes out negative.
inline int64_t msgpack_int(uint8_t first, size_t width, uint64_t bits) {
  if (width == 0) return static_cast<int8_t>(first);
  if (first < 0xD0 || width == 8) return static_cast<int64_t>(bits);
  const unsigned unused = 64 - 8 * static_cast<unsigned>(width);
  return static_cast<int64_t>(bits << unused) >> unused;
}

// Whether it is below zero.
inline bool msgpack_is_negative(uint8_t first, size_t width, uint64_t bits) {
  return first != 0xCF && msgpack_int(first, width, bits) < 0;
}

// The place behind the value that begins at `at`, in which msgpack_fault found nothing.
inline const uint8_t* msgpack_end(const uint8_t* at) {
  for (uint64_t left = 1; left > 0; --left) {
    const MsgpackHead head = msgpack_head(*at++);
    const uint64_t length = head.width > 0 ? big_endian(at, head.width) : head.length;
    at += head.width;
    if (head.type == MsgpackHead::kText || head.type == MsgpackHead::kBinary) at += length;
    if (head.type == MsgpackHead::kArray) left += length;
    if (head.type == MsgpackHead::kMap) left += 2 * length;
  }
  return at;
}

}  // namespace vdb
