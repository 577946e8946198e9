#include "blocks/msgpack.h"

#include "blocks/msgpack_head.h"

namespace vdb {
namespace {

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
    const MsgpackHead head = msgpack_head(*at++);
    if (head.type == MsgpackHead::kOther) return "a type that is not used here";
    if (static_cast<size_t>(end - at) < head.width) return "cut short";
    const uint8_t* const number = at;
    at += head.width;
    if (depth > 0) {
      Open& inside = open[depth - 1];
      if (inside.map && inside.left % 2 == 0 && payload && head.type != MsgpackHead::kText)
        return "a key that is no text";
      --inside.left;
    }
    switch (head.type) {
      case MsgpackHead::kFloat:
        if (payload && !is_finite(number, head.width)) return "a number that is not finite";
        break;
      case MsgpackHead::kBinary:
        if (payload) return "bytes, which no payload has";
        [[fallthrough]];
      case MsgpackHead::kText: {
        const uint64_t length = head.width > 0 ? big_endian(number, head.width) : head.length;
        if (length > static_cast<uint64_t>(end - at)) return "a text longer than what is there";
        at += length;
        break;
      }
      case MsgpackHead::kArray:
      case MsgpackHead::kMap: {
        const uint64_t count = head.width > 0 ? big_endian(number, head.width) : head.length;
        const uint64_t items = head.type == MsgpackHead::kMap ? 2 * count : count;
        // Each takes a byte at least.
        if (items > static_cast<uint64_t>(end - at)) return "more items than bytes that are there";
        if (depth == deepest) return "nested too deep";
        open[depth++] = {items, head.type == MsgpackHead::kMap};
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
