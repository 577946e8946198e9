// Values in msgpack, each in its shortest form: byte for byte what Python's msgpack makes of the
// same values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

namespace vdb {

class MsgpackWriter {
 public:
  void clear() { out_.clear(); }
  const std::string& bytes() const { return out_; }

  void nil() { byte(0xC0); }
  void boolean(bool value) { byte(value ? 0xC3 : 0xC2); }
  void integer(int64_t value) {
    if (value >= 0) return natural(static_cast<uint64_t>(value));
    if (value >= -32)
      byte(static_cast<uint8_t>(value));
    else if (value >= INT8_MIN)
      number(0xD0, static_cast<uint64_t>(value), 1);
    else if (value >= INT16_MIN)
      number(0xD1, static_cast<uint64_t>(value), 2);
    else if (value >= INT32_MIN)
      number(0xD2, static_cast<uint64_t>(value), 4);
    else
      number(0xD3, static_cast<uint64_t>(value), 8);
  }
  void natural(uint64_t value) {
    if (value < 0x80)
      byte(static_cast<uint8_t>(value));
    else if (value <= UINT8_MAX)
      number(0xCC, value, 1);
    else if (value <= UINT16_MAX)
      number(0xCD, value, 2);
    else if (value <= UINT32_MAX)
      number(0xCE, value, 4);
    else
      number(0xCF, value, 8);
  }
  void real(double value) {
    uint64_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    number(0xCB, bits, 8);
  }
  // `length` at most 2^32 - 1, here and below.
  void text(const void* data, size_t length) {
    if (length < 32)
      byte(static_cast<uint8_t>(0xA0 | length));
    else if (length <= UINT8_MAX)
      number(0xD9, length, 1);
    else
      count(0xDA, length);
    out_.append(static_cast<const char*>(data), length);
  }
  void array(size_t length) {
    if (length < 16)
      byte(static_cast<uint8_t>(0x90 | length));
    else
      count(0xDC, length);
  }
  void map(size_t length) {
    if (length < 16)
      byte(static_cast<uint8_t>(0x80 | length));
    else
      count(0xDE, length);
  }
  // A value that is in msgpack already.
  void raw(const std::string& encoded) { out_ += encoded; }

 private:
  void byte(uint8_t value) { out_.push_back(static_cast<char>(value)); }
  // The lowest `width` bytes, the highest of them first.
  void number(uint8_t head, uint64_t value, int width) {
    byte(head);
    for (int i = width - 1; i >= 0; --i) byte(static_cast<uint8_t>(value >> (8 * i)));
  }
  void count(uint8_t head, size_t length) {
    if (length <= UINT16_MAX)
      number(head, length, 2);
    else
      number(static_cast<uint8_t>(head + 1), length, 4);
  }

  std::string out_;
};

}  // namespace vdb
