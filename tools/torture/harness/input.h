// Bytes that decide what happens; zeros behind their end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace vdb::harness {

class Input {
 public:
  Input(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  bool empty() const { return at_ >= size_; }
  uint8_t byte() { return empty() ? uint8_t{0} : data_[at_++]; }
  uint32_t word() {
    uint32_t value = 0;
    for (int i = 0; i < 4; ++i) value = value << 8 | byte();
    return value;
  }
  // REQUIRES n > 0.
  uint32_t below(uint32_t n) {
    return (n <= 256 ? byte() : n <= 65536 ? uint32_t{byte()} << 8 | byte() : word()) % n;
  }
  const uint8_t* rest(size_t* size) const {
    *size = empty() ? 0 : size_ - at_;
    return data_ + (empty() ? size_ : at_);
  }

 private:
  const uint8_t* data_;
  size_t size_, at_ = 0;
};

}  // namespace vdb::harness
