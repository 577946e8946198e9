#include "columns/json_text.h"

#include <cstring>

#include "blocks/msgpack_head.h"
#include "blocks/utf8.h"

namespace vdb {
namespace {

constexpr char kHex[] = "0123456789abcdef";

// Whether JSON has another spelling for a character.
bool is_special(uint8_t byte) { return byte < 0x20 || byte == '"' || byte == '\\'; }

// The first such byte, or the first beyond ASCII where `ascii` stops there, or the end. Eight are
// looked at together: a byte of `stops` is below zero where the byte is one of these, and maybe
// behind one that is.
template <bool ascii>
const uint8_t* first_stop(const uint8_t* at, const uint8_t* end) {
  constexpr uint64_t kOnes = 0x0101010101010101u, kHighs = 0x8080808080808080u;
  for (; end - at >= 8; at += 8) {
    uint64_t eight;
    std::memcpy(&eight, at, sizeof eight);
    const uint64_t quote = eight ^ kOnes * '"', backslash = eight ^ kOnes * '\\';
    const uint64_t special = (eight - kOnes * 0x20) | (quote - kOnes) | (backslash - kOnes);
    const uint64_t stops = ascii ? (special & ~eight) | eight : special & ~eight;
    if ((stops & kHighs) != 0) break;
  }
  while (at != end && !is_special(*at) && !(ascii && *at >= 0x80)) ++at;
  return at;
}

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
    out_.push('"');
    bool ascii = true;  // as far as was looked
    for (const uint8_t* begin = bytes; begin != end;) {
      const uint8_t* stop = ascii ? first_stop<true>(begin, end) : first_stop<false>(begin, end);
      if (stop != end && *stop >= 0x80) {
        if (!is_utf8(stop, static_cast<size_t>(end - stop))) return false;
        ascii = false;
        stop = first_stop<false>(stop, end);
      }
      out_.append(begin, static_cast<size_t>(stop - begin));
      for (; stop != end && is_special(*stop); ++stop) escaped(*stop);
      begin = stop;
    }
    out_.push('"');
    return true;
  }

  void escaped(uint8_t byte) {
    char letter;
    switch (byte) {
      case '"':
      case '\\':
        letter = static_cast<char>(byte);
        break;
      case '\b':
        letter = 'b';
        break;
      case '\f':
        letter = 'f';
        break;
      case '\n':
        letter = 'n';
        break;
      case '\r':
        letter = 'r';
        break;
      case '\t':
        letter = 't';
        break;
      default: {
        const char code[6] = {'\\', 'u', '0', '0', kHex[byte >> 4], kHex[byte & 15]};
        return out_.append(code, sizeof code);
      }
    }
    const char pair[2] = {'\\', letter};
    out_.append(pair, sizeof pair);
  }

  const uint8_t* at_;
  FloatText float_text_;
  Buffer& out_;
};

}  // namespace

bool append_json(const uint8_t* at, FloatText float_text, Buffer& out) {
  return Writer(at, float_text, out).value();
}

}  // namespace vdb
