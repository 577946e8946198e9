// Stored blocks in memory, each in a buffer of exactly its size: a read of one byte too many is
// outside of it, where a sanitizer sees it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "blocks/block_table.h"

namespace vdb::harness {

struct Buffer {
  Buffer(const uint8_t* from, size_t count);
  std::unique_ptr<uint8_t[]> bytes;
  size_t size;
};

// Duplicates share their buffers until one of them changes a block. Threads: fetch() is free for
// all.
class Blocks final : public Source {
 public:
  Value fetch(const std::string& key) override;

  void put(const std::string& key, const uint8_t* bytes, size_t size);
  void erase(const std::string& key) { buffers_.erase(key); }
  const std::map<std::string, std::shared_ptr<Buffer>>& all() const { return buffers_; }

  // A buffer of its own, to be changed; nullptr where there is no such block.
  Buffer* own(const std::string& key);

 private:
  std::map<std::string, std::shared_ptr<Buffer>> buffers_;
};

// Writes the checksum that a block of these bytes has.
void reseal(Buffer* block);

inline constexpr const char* kSalt = "0123456789abcdef";

}  // namespace vdb::harness
