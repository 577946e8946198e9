// A segment of a text field: some documents, their words, and where each word occurs. Immutable.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace vdb {

// The bytes of one stored part. They outlive the segment.
struct TextPart {
  const uint8_t* data;
  size_t size;
};

struct Posting {
  uint32_t ordinal;
  uint32_t tf;
};

class TextSegment {
 public:
  static constexpr int64_t kGap = -1;  // a place without a word, among tokens

  // Parts as they are stored, each with its seal; `start` is the checksum of the salt, and the key
  // of part n is `prefix` + n as big-endian u32. Without `start`: bodies without a seal.
  TextSegment(std::vector<TextPart> parts, std::optional<uint32_t> start, std::string prefix);

  uint32_t documents() const;
  uint32_t terms() const;
  uint64_t postings() const;
  uint64_t length_sum() const;
  bool positions() const;

  uint32_t slot(uint32_t ordinal) const;
  uint32_t length(uint32_t ordinal) const;  // tokens, gaps not counted
  std::optional<uint32_t> ordinal_of(uint32_t slot) const;

  // Terms are numbered by their bytes.
  std::string term(uint32_t number) const;
  // The number of the first one that is not below.
  uint32_t lower_bound(const std::string& text) const;
  std::optional<uint32_t> find(const std::string& text) const;
  const std::vector<Posting>& postings_of(uint32_t number) const;
  std::vector<int64_t> tokens_of(uint32_t ordinal) const;  // numbers of terms, kGap
  void verify() const;

 private:
  struct Contents;
  const Contents& contents() const;

  std::vector<TextPart> parts_;
  std::optional<uint32_t> start_;
  std::string prefix_;
  mutable std::once_flag once_;
  mutable std::shared_ptr<const Contents> contents_;
};

}  // namespace vdb
