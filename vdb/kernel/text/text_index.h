// The words of one text field at one moment: its segments, less the documents that were deleted.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "text/deleted.h"
#include "text/query.h"
#include "text/scorer.h"
#include "text/segment.h"
#include "text/segment_search.h"

namespace vdb {

// Threads: any number at once.
class TextIndex {
 public:
  // A slot is in one segment at most, but for deleted documents. Throws std::invalid_argument where
  // there are not as many bitmaps as segments.
  TextIndex(std::vector<std::shared_ptr<const TextSegment>> segments,
            std::vector<DeletedDocuments> deleted);

  // Documents that are not deleted, and the sum of their lengths.
  uint64_t documents() const { return counts().documents; }
  uint64_t length_sum() const { return counts().length_sum; }

  // How many of them have the word.
  uint64_t document_frequency(const std::string& term) const;
  // Words that begin so and that a document has, sorted by their bytes, at most `limit`.
  std::vector<std::string> prefix(const std::string& text, size_t limit) const;
  // tf of each term, and the length; nothing where the slot has no document.
  std::optional<std::pair<std::vector<uint32_t>, uint32_t>> frequencies(
      uint32_t slot, const std::vector<std::string>& terms) const;
  // The mean of the idf of rank_bm25's Okapi over all words, added up in the order in which they
  // first occur, by slots (without positions: sorted by their bytes); 0 without words.
  double mean_okapi_idf(uint64_t documents) const;

  // Best first. With `mask`, among slots that are set. Throws std::invalid_argument.
  std::vector<TextHit> search(const std::vector<TextClause>& query, const Scorer& scorer,
                              const TextSearchParameters& parameters, const SlotMask* mask) const;

 private:
  struct Counts {
    uint64_t documents = 0, length_sum = 0;
    std::vector<std::vector<uint32_t>> deleted;  // ordinals by segment, rising
  };
  struct Matches;

  const Counts& counts() const;
  uint64_t deleted_with(size_t segment, const TermEntry& entry) const;
  uint64_t document_frequency(const std::string& term,
                              const std::vector<std::optional<TermEntry>>& entries) const;
  Matches matches_of(const TextClause& clause) const;
  double idf_of(const TextClause& clause, const Matches& matches, const Scorer& scorer) const;

  std::vector<std::shared_ptr<const TextSegment>> segments_;
  std::vector<DeletedDocuments> deleted_;
  mutable std::once_flag counted_;
  mutable Counts counts_;
  mutable std::mutex mutex_;
  mutable std::unordered_map<std::string, uint64_t> frequencies_;  // where documents were deleted
};

}  // namespace vdb
