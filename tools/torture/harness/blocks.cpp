#include "blocks.h"

#include <cstring>

#include "blocks/crc32c.h"

namespace vdb::harness {
namespace {

constexpr size_t kAtChecksum = 40;  // docs/internals/format.md

}  // namespace

Buffer::Buffer(const uint8_t* from, size_t count) : bytes(new uint8_t[count]), size(count) {
  if (count > 0) std::memcpy(bytes.get(), from, count);
}

Source::Value Blocks::fetch(const std::string& key) {
  const auto found = buffers_.find(key);
  if (found == buffers_.end()) return {nullptr, 0};
  return {found->second->bytes.get(), found->second->size};
}

void Blocks::put(const std::string& key, const uint8_t* bytes, size_t size) {
  buffers_[key] = std::make_shared<Buffer>(bytes, size);
}

Buffer* Blocks::own(const std::string& key) {
  const auto found = buffers_.find(key);
  if (found == buffers_.end()) return nullptr;
  std::shared_ptr<Buffer>& buffer = found->second;
  if (buffer.use_count() > 1) buffer = std::make_shared<Buffer>(buffer->bytes.get(), buffer->size);
  return buffer.get();
}

void reseal(Buffer* block) {
  if (block->size < kHeaderSize) return;
  uint8_t* const bytes = block->bytes.get();
  std::memset(bytes + kAtChecksum, 0, 4);
  const uint32_t sum = crc32c(bytes, block->size, crc32c(kSalt, std::strlen(kSalt)));
  std::memcpy(bytes + kAtChecksum, &sum, sizeof sum);
}

}  // namespace vdb::harness
