#include <algorithm>
#include <string>
#include <vector>

#include "runtime/cancellation.h"
#include "runtime/errors.h"
#include "text/posting_cursor.h"
#include "text/segment.h"
#include "text/segment_writer.h"

namespace vdb {
namespace {

[[noreturn]] void contradiction(const std::string& what) {
  throw Corrupted("a text segment: " + what);
}

// Slots, lengths, terms and postings, written again. What no reader would stumble over shows where
// the bytes are compared; what the writer relies on is checked here.
std::vector<std::vector<Posting>> rewrite(const TextSegment& segment, TextSegmentWriter* writer) {
  std::vector<uint32_t> slots, lengths = segment.lengths_of();
  for (uint32_t d = 0; d < segment.documents(); ++d) {
    slots.push_back(segment.slot(d));
    if (d > 0 && slots[d] <= slots[d - 1]) contradiction("slots that do not rise");
  }
  writer->documents(std::move(slots), lengths);
  std::vector<uint64_t> counted(lengths.size());
  std::vector<std::vector<Posting>> all;
  std::string before;
  uint64_t postings = 0;
  segment.each_term(0, [&](const std::string& text, const TermEntry& entry) {
    if (entry.number > 0 && text <= before) contradiction("terms that do not rise");
    check_term(text);
    before = text;
    std::vector<Posting> list = postings_of(segment, entry);
    uint64_t occurrences = 0;
    for (const Posting& posting : list) {
      occurrences += posting.tf;
      counted[posting.ordinal] += posting.tf;
    }
    if (list.size() != entry.df || occurrences != entry.occurrences)
      contradiction("'" + text + "' occurs otherwise than the dictionary says");
    writer->term(text, list);
    postings += list.size();
    if (segment.positions()) all.push_back(std::move(list));
    return true;
  });
  if (postings != segment.postings()) contradiction("another number of postings");
  for (size_t d = 0; d < counted.size(); ++d)
    if (counted[d] != lengths[d])
      contradiction("document " + std::to_string(d) + ": expected " + std::to_string(lengths[d]) +
                    " tokens, got " + std::to_string(counted[d]));
  return all;
}

// Rows, which must have the tokens that the postings have.
void rewrite_rows(const TextSegment& segment, const std::vector<std::vector<Posting>>& postings,
                  TextSegmentWriter* writer) {
  writer->begin_rows();
  std::vector<size_t> at(postings.size());  // the next posting of each term
  std::vector<uint32_t> row, terms;
  uint64_t left = segment.postings();
  for (uint32_t d = 0; d < segment.documents(); ++d) {
    check_cancelled_every<64>(d);
    row.clear();
    terms.clear();
    for (const int64_t token : segment.tokens_of(d)) {
      const bool gap = token == TextSegment::kGap;
      row.push_back(gap ? TextSegmentWriter::kGapToken : static_cast<uint32_t>(token));
      if (!gap) terms.push_back(static_cast<uint32_t>(token));
    }
    writer->row(row);
    std::sort(terms.begin(), terms.end());
    for (size_t i = 0; i < terms.size();) {
      const uint32_t term = terms[i];
      uint32_t tf = 0;
      for (; i < terms.size() && terms[i] == term; ++i) ++tf;
      const size_t place = at[term]++;
      if (place >= postings[term].size() || postings[term][place].ordinal != d ||
          postings[term][place].tf != tf)
        contradiction("the row of document " + std::to_string(d) + " is not what the postings say");
      --left;
    }
  }
  if (left != 0) contradiction("postings that no row has");
}

}  // namespace

void verify_text_segment(const TextSegment& segment) {
  TextSegmentWriter writer(segment.positions());
  const std::vector<std::vector<Posting>> postings = rewrite(segment, &writer);
  if (segment.positions()) rewrite_rows(segment, postings, &writer);
  uint64_t at = 0;
  for (const std::string& part : writer.finish()) {
    std::string scratch;
    if (part.size() > segment.bytes().size() - at ||
        part.compare(
            0, part.size(),
            reinterpret_cast<const char*>(segment.bytes().bytes(at, part.size(), &scratch)),
            part.size()) != 0)
      contradiction("bytes that are not those of its documents");
    at += part.size();
  }
  if (at != segment.bytes().size()) contradiction("bytes behind its end");
}

}  // namespace vdb
