#include "text/segment_merger.h"

#include <algorithm>
#include <stdexcept>

#include "runtime/cancellation.h"
#include "runtime/errors.h"
#include "text/layout.h"
#include "text/posting_cursor.h"
#include "text/segment_writer.h"

namespace vdb {
namespace {

constexpr uint32_t kDeleted = UINT32_MAX;

// Terms of one segment in their order, a block of the dictionary at a time.
class TermStream {
 public:
  explicit TermStream(const TextSegment& segment) : segment_(&segment) { fill(); }
  bool at_end() const { return at_ == terms_.size(); }
  const std::string& text() const { return terms_[at_].first; }
  const TermEntry& entry() const { return terms_[at_].second; }
  void next() {
    if (++at_ == terms_.size()) fill();
  }

 private:
  void fill() {
    terms_.clear();
    at_ = 0;
    if (number_ >= segment_->terms()) return;
    const uint32_t end = number_ + kTermsInBlock;
    segment_->each_term(number_, [&](const std::string& text, const TermEntry& entry) {
      if (entry.number >= end) return false;
      terms_.emplace_back(text, entry);
      return true;
    });
    number_ = end;
  }

  const TextSegment* segment_;
  uint32_t number_ = 0;
  std::vector<std::pair<std::string, TermEntry>> terms_;
  size_t at_ = 0;
};

}  // namespace

std::vector<std::string> merge_text_segments(const std::vector<MergedSegment>& segments) {
  struct Document {
    uint32_t slot;
    uint32_t segment;
    uint32_t ordinal;
  };
  bool positions = true;
  std::vector<Document> documents;
  std::vector<std::vector<uint32_t>> ordinals(segments.size());  // in the result, by segment
  for (uint32_t s = 0; s < segments.size(); ++s) {
    const TextSegment& segment = *segments[s].segment;
    positions = positions && segment.positions();
    ordinals[s].assign(segment.documents(), kDeleted);
    for (uint32_t d = 0; d < segment.documents(); ++d)
      if (!segments[s].deleted.has(d)) documents.push_back({segment.slot(d), s, d});
  }
  std::sort(documents.begin(), documents.end(),
            [](const Document& a, const Document& b) { return a.slot < b.slot; });
  std::vector<uint32_t> slots, lengths;
  for (uint32_t i = 0; i < documents.size(); ++i) {
    const Document& document = documents[i];
    if (document.slot >= 0x7FFFFFFE) throw Corrupted("a text segment: a slot that cannot be");
    if (i > 0 && document.slot == slots.back()) {
      if (document.segment == documents[i - 1].segment)
        throw Corrupted("a text segment: slots that do not rise");
      throw std::invalid_argument("segments: slot " + std::to_string(document.slot) +
                                  " is in two of them");
    }
    ordinals[document.segment][document.ordinal] = i;
    slots.push_back(document.slot);
    lengths.push_back(segments[document.segment].segment->length(document.ordinal));
  }
  TextSegmentWriter writer(positions);
  writer.documents(std::move(slots), std::move(lengths));

  std::vector<TermStream> streams;
  for (const MergedSegment& source : segments) streams.emplace_back(*source.segment);
  std::vector<std::vector<uint32_t>> numbers(segments.size());  // of terms in the result
  std::vector<Posting> postings;
  std::vector<uint32_t> with;  // segments that have the term
  for (uint32_t number = 0;;) {
    const std::string* least = nullptr;
    for (const TermStream& stream : streams)
      if (!stream.at_end() && (least == nullptr || stream.text() < *least)) least = &stream.text();
    if (least == nullptr) break;
    const std::string text = *least;
    postings.clear();
    with.clear();
    bool sorted = true;
    for (uint32_t s = 0; s < segments.size(); ++s) {
      if (streams[s].at_end() || streams[s].text() != text) continue;
      for (const Posting& posting : postings_of(*segments[s].segment, streams[s].entry())) {
        const uint32_t ordinal = ordinals[s][posting.ordinal];
        if (ordinal == kDeleted) continue;
        sorted = sorted && (postings.empty() || postings.back().ordinal < ordinal);
        postings.push_back({ordinal, posting.tf});
      }
      streams[s].next();
      numbers[s].push_back(number);
      with.push_back(s);
    }
    if (postings.empty()) {
      for (const uint32_t s : with) numbers[s].back() = kDeleted;
      continue;
    }
    if (!sorted)
      std::sort(postings.begin(), postings.end(),
                [](const Posting& a, const Posting& b) { return a.ordinal < b.ordinal; });
    writer.term(text, postings);
    ++number;
  }

  if (positions) {
    writer.begin_rows();
    std::vector<uint32_t> row;
    for (const Document& document : documents) {
      row.clear();
      for (const int64_t token : segments[document.segment].segment->tokens_of(document.ordinal)) {
        row.push_back(token == TextSegment::kGap
                          ? TextSegmentWriter::kGapToken
                          : numbers[document.segment][static_cast<size_t>(token)]);
        if (token != TextSegment::kGap && row.back() == kDeleted)
          throw Corrupted("a text segment: a row with a term that no posting has");
      }
      writer.row(row);
    }
  }
  return writer.finish();
}

}  // namespace vdb
