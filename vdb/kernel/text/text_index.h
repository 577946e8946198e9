// The words of one text field at one moment: its segments, less the documents that were deleted.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "text/deleted.h"
#include "text/query.h"
#include "text/scorer.h"
#include "text/segment.h"

namespace vdb {

// The slots that pass a filter, a bit a slot; slots behind the end do not pass.
struct SlotMask {
  const uint8_t* bits = nullptr;
  size_t size = 0;  // bytes

  bool has(uint32_t slot) const {
    return slot / 8 < size && (bits[slot / 8] >> (slot % 8) & 1) != 0;
  }
};

// Threads: any number at once.
class TextIndex {
 public:
  // A slot is in one segment at most, but for deleted documents. Throws std::invalid_argument where
  // there are not as many bitmaps as segments.
  TextIndex(std::vector<std::shared_ptr<const TextSegment>> segments,
            std::vector<DeletedDocuments> deleted);

  // Documents that are not deleted, and the sum of their lengths.
  uint64_t documents() const;
  uint64_t length_sum() const;

  // How many of them have the word.
  uint64_t document_frequency(const std::string& term) const;
  // Words that begin so and that a document has, sorted by their bytes, at most `limit`.
  std::vector<std::string> prefix(const std::string& text, size_t limit) const;
  // tf of each term, and the length; nothing where the slot has no document.
  std::optional<std::pair<std::vector<uint32_t>, uint32_t>> frequencies(
      uint32_t slot, const std::vector<std::string>& terms) const;
  // The mean of the idf of rank_bm25's Okapi over all words, added up in the order in which they
  // first occur, by slots; 0 without words.
  double mean_okapi_idf(uint64_t documents) const;

  // Best first. With `mask`, among slots that are set. Throws std::invalid_argument.
  std::vector<TextHit> search(const std::vector<TextClause>& clauses, const Scorer& scorer,
                              const TextSearchParameters& parameters, const SlotMask* mask) const;

 private:
  std::vector<std::shared_ptr<const TextSegment>> segments_;
  std::vector<DeletedDocuments> deleted_;
};

}  // namespace vdb
