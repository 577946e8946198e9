#include "blocks/msgpack.h"

namespace vdb {
namespace {

// The first byte of a value, decoded.
struct Head {
  enum Type { kScalar, kFloat, kText, kBinary, kArray, kMap, kOther };
  Type type;
  size_t width;     // bytes behind the first that hold the length or count, or the number itself
  uint64_t length;  // where the first byte holds it
};

Head head_of(uint8_t first) {
  if (first <= 0x7F || first >= 0xE0) return {Head::kScalar, 0, 0};
  if (first <= 0x8F) return {Head::kMap, 0, first & 0x0Fu};
  if (first <= 0x9F) return {Head::kArray, 0, first & 0x0Fu};
  if (first <= 0xBF) return {Head::kText, 0, first & 0x1Fu};
  switch (first) {
    case 0xC0:
    case 0xC2:
    case 0xC3:
      return {Head::kScalar, 0, 0};
    case 0xC4:
    case 0xC5:
    case 0xC6:
      return {Head::kBinary, size_t{1} << (first - 0xC4), 0};
    case 0xCA:
    case 0xCB:
      return {Head::kFloat, size_t{4} << (first - 0xCA), 0};
    case 0xD9:
    case 0xDA:
    case 0xDB:
      return {Head::kText, size_t{1} << (first - 0xD9), 0};
    case 0xDC:
    case 0xDD:
      return {Head::kArray, size_t{2} << (first - 0xDC), 0};
    case 0xDE:
    case 0xDF:
      return {Head::kMap, size_t{2} << (first - 0xDE), 0};
    default:
      break;
  }
  if (first >= 0xCC && first <= 0xCF) return {Head::kScalar, size_t{1} << (first - 0xCC), 0};
  if (first >= 0xD0 && first <= 0xD3) return {Head::kScalar, size_t{1} << (first - 0xD0), 0};
  return {Head::kOther, 0, 0};  // extension types, and C1, which is never used
}

uint64_t big_endian(const uint8_t* bytes, size_t count) {
  uint64_t value = 0;
  for (size_t i = 0; i < count; ++i) value = value << 8 | bytes[i];
  return value;
}

bool is_finite(const uint8_t* bytes, size_t width) {
  const uint64_t bits = big_endian(bytes, width);
  const uint64_t exponent = width == 4 ? uint64_t{0xFF} << 23 : uint64_t{0x7FF} << 52;
  return (bits & exponent) != exponent;
}

// An array or a map of which some is still to come. Of a map `left` counts keys and values, so that
// a key is due where it is even.
struct Open {
  uint64_t left;
  bool map;
};

}  // namespace

const char* msgpack_fault(const uint8_t* body, size_t size, size_t deepest, Msgpack kind) {
  const bool payload = kind == Msgpack::kPayload;
  if (deepest > kDeepestMsgpack) deepest = kDeepestMsgpack;
  Open open[kDeepestMsgpack];
  size_t depth = 0;
  const uint8_t* at = body;
  const uint8_t* const end = body + size;
  for (;;) {
    if (at == end) return "cut short";
    const Head head = head_of(*at++);
    if (head.type == Head::kOther) return "a type that is not used here";
    if (static_cast<size_t>(end - at) < head.width) return "cut short";
    const uint8_t* const number = at;
    at += head.width;
    if (depth > 0) {
      Open& inside = open[depth - 1];
      if (inside.map && inside.left % 2 == 0 && payload && head.type != Head::kText)
        return "a key that is no text";
      --inside.left;
    }
    switch (head.type) {
      case Head::kFloat:
        if (payload && !is_finite(number, head.width)) return "a number that is not finite";
        break;
      case Head::kBinary:
        if (payload) return "bytes, which no payload has";
        [[fallthrough]];
      case Head::kText: {
        const uint64_t length = head.width > 0 ? big_endian(number, head.width) : head.length;
        if (length > static_cast<uint64_t>(end - at)) return "a text longer than what is there";
        at += length;
        break;
      }
      case Head::kArray:
      case Head::kMap: {
        const uint64_t count = head.width > 0 ? big_endian(number, head.width) : head.length;
        const uint64_t items = head.type == Head::kMap ? 2 * count : count;
        // Each takes a byte at least.
        if (items > static_cast<uint64_t>(end - at)) return "more items than bytes that are there";
        if (depth == deepest) return "nested too deep";
        open[depth++] = {items, head.type == Head::kMap};
        break;
      }
      default:
        break;
    }
    while (depth > 0 && open[depth - 1].left == 0) --depth;
    if (depth == 0) return at == end ? nullptr : "followed by other bytes";
  }
}

}  // namespace vdb
