// Documents become a segment.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace vdb {

class TextSegmentBuilder {
 public:
  explicit TextSegmentBuilder(bool positions) : positions_(positions) {}

  // Documents by rising slot, each followed by its tokens. Throws std::invalid_argument.
  void begin(uint32_t slot);
  void token(std::string_view text);
  void gap();
  // Bodies of the parts. The same documents give the same bytes.
  std::vector<std::string> finish();

 private:
  struct Document {
    uint32_t slot;
    size_t begin;  // of its tokens
  };

  bool positions_;
  std::deque<std::string> terms_;  // in the order of their first occurrence
  std::unordered_map<std::string_view, uint32_t> numbers_;
  std::vector<uint32_t> tokens_;
  std::vector<Document> documents_;
};

}  // namespace vdb
