// Documents become a segment.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace vdb {

inline constexpr size_t kTextPartSize = 65516;     // body of a part: a big block without its seal
inline constexpr size_t kLongestTextTerm = 32000;  // bytes of UTF-8

class TextSegmentBuilder {
 public:
  explicit TextSegmentBuilder(bool positions) : positions_(positions) {}

  // Documents by rising slot. Throws std::invalid_argument.
  void begin(uint32_t slot);
  void token(std::string_view text);
  void gap();
  // Bodies of the parts. The same documents give the same bytes.
  std::vector<std::string> finish();

 private:
  static constexpr uint32_t kGapToken = UINT32_MAX;
  struct Document {
    uint32_t slot;
    size_t begin;  // of its tokens
  };

  bool positions_;
  std::unordered_map<std::string, uint32_t> numbers_;
  std::vector<uint32_t> tokens_;
  std::vector<Document> documents_;
};

}  // namespace vdb
