// A segment of a text field: some documents, their words, and where each word occurs. Immutable.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/layout.h"
#include "text/packed_numbers.h"
#include "text/part_bytes.h"

namespace vdb {

// What the dictionary says of a term. Postings of several documents lie at `at`.
struct TermEntry {
  uint32_t number = 0;  // terms are numbered by their bytes
  uint32_t df = 0;
  uint64_t occurrences = 0;
  uint32_t ordinal = 0;  // of the only document, where df is 1
  uint64_t at = 0;       // in the segment
  uint64_t size = 0;
};

// Threads: any number at once. Every method throws Corrupted where bytes are damaged.
class TextSegment {
 public:
  static constexpr int64_t kGap = -1;  // a place without a word, among tokens

  // As PartBytes has it.
  TextSegment(std::vector<TextPart> parts, std::optional<uint32_t> start, std::string prefix);

  uint32_t documents() const { return header().documents; }
  uint32_t terms() const { return header().terms; }
  uint64_t postings() const { return header().postings; }
  uint64_t length_sum() const { return header().length_sum; }
  bool positions() const { return (header().flags & kWithPositions) != 0; }

  // REQUIRES ordinal < documents(), here and below.
  uint32_t slot(uint32_t ordinal) const {
    header();
    return dense_ ? first_slot_ + ordinal : slots_[ordinal];
  }
  uint32_t length(uint32_t ordinal) const { return lengths_of()[ordinal]; }  // gaps not counted
  std::optional<uint32_t> ordinal_of(uint32_t slot) const;
  // The first one whose slot is not below; documents() for none.
  uint32_t ordinal_from(uint32_t slot) const;
  // The length of each document, and its byte. Read once.
  const std::vector<uint32_t>& lengths_of() const;
  const std::vector<uint8_t>& length_bytes() const;

  std::optional<TermEntry> find(std::string_view text) const;
  // The number of the first term that is not below.
  uint32_t lower_bound(std::string_view text) const;
  // REQUIRES number < terms().
  std::string term(uint32_t number, TermEntry* entry = nullptr) const;
  // body(text, entry) for terms from a number on, until it returns false.
  template <typename Body>
  void each_term(uint32_t from, const Body& body) const {
    for (uint32_t block = from / kTermsInBlock; block * uint64_t{kTermsInBlock} < terms();
         ++block) {
      bool more = true;
      read_block(block, [&](const std::string& text, const TermEntry& entry) {
        more = entry.number < from || body(text, entry);
        return more;
      });
      if (!more) return;
    }
  }

  // REQUIRES positions(). Ranks of terms in their order, kGap; how often which term occurs decides
  // about its rank.
  void ranks_in(uint32_t ordinal, std::vector<int64_t>* ranks) const;
  uint32_t term_of_rank(uint32_t rank) const;
  // The rank of a term; nothing where the segment contradicts itself.
  std::optional<uint32_t> rank_of(const TermEntry& entry) const;
  std::vector<int64_t> tokens_of(uint32_t ordinal) const;  // numbers of terms, kGap

  const PartBytes& bytes() const { return bytes_; }
  const TextHeader& header() const {
    if (!is_open_.load(std::memory_order_acquire)) std::call_once(opened_, [this] { open(); });
    return header_;
  }

 private:
  void open() const;
  uint32_t blocks() const { return (header().terms + kTermsInBlock - 1) / kTermsInBlock; }
  uint64_t block_prefix(uint32_t block) const;
  uint64_t block_at(uint32_t block) const;
  std::string block_term(uint32_t block) const;
  // The last block whose first term is not above the text; 0 where there is none.
  uint32_t block_of(std::string_view text) const;
  // body(text, entry) for each term of a block until it returns false.
  template <typename Body>
  void read_block(uint32_t block, const Body& body) const;

  PartBytes bytes_;
  mutable std::atomic<bool> is_open_{false};
  mutable std::once_flag opened_, lengths_read_, length_bytes_read_;
  mutable TextHeader header_ = {};
  mutable PackedNumbers slots_, packed_lengths_, row_places_;
  mutable bool dense_ = false;  // slots without a gap
  mutable uint32_t first_slot_ = 0;
  mutable std::vector<uint32_t> lengths_;
  mutable std::vector<uint8_t> length_bytes_;
};

// Throws Corrupted for a term that is no UTF-8, which no reader looks at.
void check_term(std::string_view text);
// Proves a whole segment: everything that is said twice agrees, and every byte is the one that the
// writer gives for these documents. Throws Corrupted.
void verify_text_segment(const TextSegment& segment);

}  // namespace vdb

#include "text/dictionary_block.inc"
