#include "columns/json_text.h"

#include <algorithm>

#include "blocks/msgpack_head.h"
#include "blocks/utf8.h"
#include "simd/loops.h"

namespace vdb {
namespace {

constexpr size_t kPiece = 512;  // bytes of a text that are escaped together

class Writer {
 public:
  Writer(const uint8_t* at, FloatText float_text, Buffer& out)
      : at_(at), float_text_(float_text), out_(out) {}

  // The value that begins here; the place is behind it then. Payloads are nested 64 deep at most.
  bool value() {
    const uint8_t first = *at_++;
    const MsgpackHead head = msgpack_head(first);
    const uint8_t* const number = at_;
    at_ += head.width;
    const uint64_t length = head.width > 0 ? big_endian(number, head.width) : head.length;
    switch (head.type) {
      case MsgpackHead::kText:
        return text(length);
      case MsgpackHead::kArray:
        return items(length, false);
      case MsgpackHead::kMap:
        return items(length, true);
      case MsgpackHead::kFloat:
        float_text_(msgpack_float(number, head.width), out_);
        return true;
      default:
        scalar(first, head.width, length);
        return true;
    }
  }

 private:
  bool items(uint64_t count, bool map) {
    out_.push(map ? '{' : '[');
    for (uint64_t i = 0; i < count; ++i) {
      if (i > 0) out_.append(", ", 2);
      if (map) {
        if (!value()) return false;
        out_.append(": ", 2);
      }
      if (!value()) return false;
    }
    out_.push(map ? '}' : ']');
    return true;
  }

  void scalar(uint8_t first, size_t width, uint64_t number) {
    if (first == 0xC0) return out_.append("null", 4);
    if (first == 0xC2) return out_.append("false", 5);
    if (first == 0xC3) return out_.append("true", 4);
    const bool negative = msgpack_is_negative(first, width, number);
    number = static_cast<uint64_t>(msgpack_int(first, width, number));
    if (negative) number = 0 - number;
    char digits[20];
    size_t begin = sizeof digits;
    do {
      digits[--begin] = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number != 0);
    if (negative) out_.push('-');
    out_.append(digits + begin, sizeof digits - begin);
  }

  bool text(uint64_t length) {
    const uint8_t* const bytes = at_;
    const uint8_t* const end = at_ + length;
    at_ = end;
    if (!is_utf8(bytes, length)) return false;
    out_.push('"');
    for (const uint8_t* piece = bytes; piece != end;) {
      const size_t size = std::min(kPiece, static_cast<size_t>(end - piece));
      out_.end_at(loops_.escape(piece, size, out_.room(6 * size + kEscapeRoom)));
      piece += size;
    }
    out_.push('"');
    return true;
  }

  const TextLoops& loops_ = loops().texts;
  const uint8_t* at_;
  FloatText float_text_;
  Buffer& out_;
};

}  // namespace

bool append_json(const uint8_t* at, FloatText float_text, Buffer& out) {
  return Writer(at, float_text, out).value();
}

}  // namespace vdb
