// The bytes of a segment, which lie in stored parts. A part is checked when it is first touched.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vdb {

inline constexpr size_t kTextPartSize = 65516;  // body of a part: a big block without its seal

// The bytes of one stored part. They outlive what reads them.
struct TextPart {
  const uint8_t* data;
  size_t size;
};

// Threads: any number at once.
class PartBytes {
 public:
  // Parts as they are stored, each with its seal; `start` is the checksum of the salt, and the key
  // of part n is `prefix` + n as big-endian u32. Without `start`: bodies without a seal.
  PartBytes(std::vector<TextPart> parts, std::optional<uint32_t> start, std::string prefix);

  uint64_t size() const { return size_; }

  // The address of `count` bytes from `at` on; those of two parts are put together in `scratch`.
  // Throws Corrupted where they are not there, or where a part is damaged.
  const uint8_t* bytes(uint64_t at, size_t count, std::string* scratch) const {
    const uint64_t part = at / kTextPartSize, within = at % kTextPartSize;
    if (at > size_ || count > size_ - at) beyond();
    if (within + count > kTextPartSize || count == 0) return gather(at, count, scratch);
    return body(part) + within;
  }
  // A number at any address, little-endian.
  template <typename T>
  T load(uint64_t at) const {
    T value;
    char buffer[sizeof value];
    const uint64_t within = at % kTextPartSize;
    if (at > size_ || sizeof value > size_ - at) beyond();
    if (within + sizeof value <= kTextPartSize) {
      std::memcpy(&value, body(at / kTextPartSize) + within, sizeof value);
      return value;
    }
    copy(at, sizeof value, buffer);
    std::memcpy(&value, buffer, sizeof value);
    return value;
  }
  // The 8 bytes from `at` on, zeros behind the last one.
  uint64_t load_bits(uint64_t at) const {
    if (at <= size_ && size_ - at >= 8) return load<uint64_t>(at);
    uint64_t value = 0;
    if (at < size_) copy(at, static_cast<size_t>(size_ - at), reinterpret_cast<char*>(&value));
    return value;
  }
  void copy(uint64_t at, size_t count, char* out) const;

 private:
  const uint8_t* body(uint64_t part) const {
    if (!checked_[part].load(std::memory_order_acquire)) check(part);
    return parts_[part].data + (start_ ? 4 : 0);
  }
  const uint8_t* gather(uint64_t at, size_t count, std::string* scratch) const;
  void check(uint64_t part) const;
  [[noreturn]] static void beyond();

  std::vector<TextPart> parts_;
  std::optional<uint32_t> start_;
  std::string prefix_;
  uint64_t size_ = 0;
  std::unique_ptr<std::atomic<bool>[]> checked_;
};

}  // namespace vdb
