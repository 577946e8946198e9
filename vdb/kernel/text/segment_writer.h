// The bytes of a segment, written in the order of its terms.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/competitive_pairs.h"
#include "text/layout.h"

namespace vdb {

struct Posting {
  uint32_t ordinal;
  uint32_t tf;
};

// Calls in this order: documents, each term, begin_rows, the row of each document, finish; rows
// where there are positions only. Memory: twice the result, and a few numbers a term and document.
class TextSegmentWriter {
 public:
  explicit TextSegmentWriter(bool positions) : positions_(positions) {}

  // Rising slots, and the number of tokens of each.
  void documents(std::vector<uint32_t> slots, std::vector<uint32_t> lengths);
  // Terms by rising bytes, each with its postings by rising ordinal, at least one.
  void term(std::string_view text, const std::vector<Posting>& postings);
  void begin_rows();
  // Terms by the number of the call that wrote them; kGapToken for a gap.
  void row(const std::vector<uint32_t>& tokens);
  // Bodies of the parts.
  std::vector<std::string> finish();

  static constexpr uint32_t kGapToken = UINT32_MAX;

 private:
  void put_postings(const std::vector<Posting>& postings);
  void put_block(const Posting* postings, size_t n, uint32_t before, std::string* out);
  std::vector<CompetitivePair> pairs_of(const Posting* postings, size_t n) const;

  bool positions_;
  std::vector<uint32_t> slots_, lengths_, row_places_;
  std::string index_offsets_, index_, dictionary_, postings_, numbers_, rows_;
  std::string last_term_;
  std::vector<uint64_t> occurrences_;  // of each term
  std::vector<uint32_t> ranks_;        // of each term among all by occurrences
  uint64_t posting_count_ = 0;
  uint32_t row_count_ = 0;
};

}  // namespace vdb
