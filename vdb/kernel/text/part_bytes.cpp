#include "text/part_bytes.h"

#include <algorithm>

#include "blocks/crc32c.h"
#include "runtime/errors.h"

namespace vdb {

PartBytes::PartBytes(std::vector<TextPart> parts, std::optional<uint32_t> start, std::string prefix)
    : parts_(std::move(parts)),
      start_(start),
      prefix_(std::move(prefix)),
      checked_(new std::atomic<bool>[std::max<size_t>(parts_.size(), 1)]) {
  const size_t seal = start_ ? 4 : 0;
  for (size_t n = 0; n < parts_.size(); ++n) {
    checked_[n].store(false, std::memory_order_relaxed);
    const bool last = n + 1 == parts_.size();
    const size_t size = parts_[n].size;
    if (size <= seal || size - seal > kTextPartSize || (!last && size - seal != kTextPartSize))
      throw Corrupted("part " + std::to_string(n) + " of a text segment: a length of " +
                      std::to_string(size) + " bytes");
    size_ += size - seal;
  }
}

void PartBytes::beyond() { throw Corrupted("a text segment: bytes behind its end"); }

void PartBytes::check(uint64_t n) const {
  if (start_) {
    std::string key = prefix_;
    for (int shift = 24; shift >= 0; shift -= 8)
      key.push_back(static_cast<char>(n >> shift & 0xFF));
    uint32_t seal;
    std::memcpy(&seal, parts_[n].data, sizeof seal);
    const uint32_t begin = crc32c(key.data(), key.size(), *start_);
    if (crc32c(parts_[n].data + 4, parts_[n].size - 4, begin) != seal)
      throw Corrupted("part " + std::to_string(n) + " of a text segment: the checksum is wrong");
  }
  checked_[n].store(true, std::memory_order_release);
}

void PartBytes::copy(uint64_t at, size_t count, char* out) const {
  if (at > size_ || count > size_ - at) beyond();
  while (count > 0) {
    const uint64_t within = at % kTextPartSize;
    const size_t n = std::min<size_t>(count, kTextPartSize - within);
    std::memcpy(out, body(at / kTextPartSize) + within, n);
    out += n;
    at += n;
    count -= n;
  }
}

const uint8_t* PartBytes::gather(uint64_t at, size_t count, std::string* scratch) const {
  scratch->resize(std::max<size_t>(count, 1));
  copy(at, count, &(*scratch)[0]);
  return reinterpret_cast<const uint8_t*>(scratch->data());
}

}  // namespace vdb
