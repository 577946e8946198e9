#include "blocks/records.h"

#include <cstring>

namespace vdb {
namespace {

uint64_t big_endian(const uint8_t* bytes, size_t count) {
  uint64_t value = 0;
  for (size_t i = 0; i < count; ++i) value = value << 8 | bytes[i];
  return value;
}

bool read_text(const uint8_t* body, size_t size, size_t start, size_t length, RecordId* id) {
  if (length == 0 || length > kLongestId || start > size || length > size - start) return false;
  if (std::memchr(body + start, 0, length) != nullptr) return false;
  *id = {true, 0, reinterpret_cast<const char*>(body) + start, length, start + length};
  return true;
}

bool read_number(const uint8_t* body, size_t size, size_t width, bool sign, RecordId* id) {
  if (width >= size) return false;
  uint64_t value = big_endian(body + 1, width);
  const uint64_t top = uint64_t{1} << (8 * width - 1);
  if (sign && (value & top)) value |= ~((top << 1) - 1);
  if (!sign && width == 8 && (value & top)) return false;  // more than an id can be
  *id = {false, static_cast<int64_t>(value), nullptr, 0, 1 + width};
  return true;
}

}  // namespace

bool read_id(const uint8_t* body, size_t size, RecordId* id) {
  if (size == 0) return false;
  const uint8_t first = body[0];
  if (first <= 0x7F || first >= 0xE0) {
    *id = {false, static_cast<int8_t>(first), nullptr, 0, 1};
    return true;
  }
  if (first >= 0xA0 && first <= 0xBF) return read_text(body, size, 1, first - 0xA0, id);
  if (first == 0xD9 && size > 1) return read_text(body, size, 2, body[1], id);
  if (first == 0xDA && size > 2) return read_text(body, size, 3, big_endian(body + 1, 2), id);
  if (first >= 0xCC && first <= 0xCF)
    return read_number(body, size, size_t{1} << (first - 0xCC), false, id);
  if (first >= 0xD0 && first <= 0xD3)
    return read_number(body, size, size_t{1} << (first - 0xD0), true, id);
  return false;
}

}  // namespace vdb
