// Bytes that grow, aligned as Arrow recommends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>

#include "memory/huge_pages.h"

namespace vdb {

class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }
  ~Buffer() { ::operator delete(data_, kAlignment); }

  // Null before the first call of `reserve` or `extend`.
  const uint8_t* data() const { return data_; }
  uint8_t* data() { return data_; }
  size_t size() const { return size_; }

  void reserve(size_t capacity) {
    if (data_ != nullptr && capacity <= capacity_) return;
    const size_t rounded = (capacity < 64 ? 64 : capacity + 63) & ~size_t{63};
    auto* const grown = static_cast<uint8_t*>(::operator new(rounded, kAlignment));
    prefer_huge_pages(grown, rounded);
    if (size_ > 0) std::memcpy(grown, data_, size_);
    ::operator delete(data_, kAlignment);
    data_ = grown;
    capacity_ = rounded;
  }

  // So many bytes more, which are not set; where the first of them lies.
  uint8_t* extend(size_t bytes) {
    uint8_t* const end = room(bytes);
    size_ += bytes;
    return end;
  }

  // Room for so many bytes more, which are no part of it yet; where the first of them would lie.
  uint8_t* room(size_t bytes) {
    if (size_ + bytes > capacity_ || data_ == nullptr) {
      reserve(size_ + bytes < 2 * capacity_ ? 2 * capacity_ : size_ + bytes);
    }
    return data_ + size_;
  }
  // The bytes up to a place in that room become a part of it.
  void end_at(const uint8_t* end) { size_ = static_cast<size_t>(end - data_); }

  void append(const void* bytes, size_t count) {
    if (count > 0) std::memcpy(extend(count), bytes, count);
  }
  void push(char byte) { *extend(1) = static_cast<uint8_t>(byte); }

  template <typename T>
  void push_number(T number) {
    std::memcpy(extend(sizeof number), &number, sizeof number);
  }

 private:
  static constexpr std::align_val_t kAlignment{64};

  uint8_t* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace vdb
