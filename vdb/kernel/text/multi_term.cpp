#include "text/multi_term.h"

#include <algorithm>
#include <deque>
#include <stdexcept>

#include "runtime/cancellation.h"
#include "runtime/errors.h"
#include "text/posting_cursor.h"

namespace vdb {
namespace {

constexpr int64_t kAny = -2;  // where a phrase has a gap

uint32_t count_phrase(const std::vector<int64_t>& tokens, const std::vector<int64_t>& phrase) {
  uint32_t count = 0;
  for (size_t at = 0; at + phrase.size() <= tokens.size(); ++at) {
    size_t same = 0;
    while (same < phrase.size() && (phrase[same] == kAny || phrase[same] == tokens[at + same]))
      ++same;
    count += same == phrase.size();
  }
  return count;
}

}  // namespace

std::vector<Posting> phrase_postings(const TextSegment& segment, const DeletedDocuments& deleted,
                                     const TextClause& clause) {
  if (!segment.positions())
    throw std::invalid_argument("query: a phrase needs a field with positions");
  std::vector<int64_t> phrase;
  std::deque<PostingCursor> cursors;
  std::vector<uint32_t> numbers;
  for (const std::optional<std::string>& word : clause.words) {
    if (!word) {
      phrase.push_back(kAny);
      continue;
    }
    const std::optional<TermEntry> entry = segment.find(*word);
    if (!entry) return {};
    const std::optional<uint32_t> rank = segment.rank_of(*entry);
    if (!rank) throw Corrupted("a text segment: a term without a rank");
    phrase.push_back(*rank);
    if (std::find(numbers.begin(), numbers.end(), entry->number) != numbers.end()) continue;
    numbers.push_back(entry->number);
    cursors.emplace_back(segment, *entry);
  }
  std::vector<PostingCursor*> order;
  for (PostingCursor& cursor : cursors) order.push_back(&cursor);
  std::sort(order.begin(), order.end(),
            [](const PostingCursor* a, const PostingCursor* b) { return a->df() < b->df(); });
  std::vector<Posting> postings;
  std::vector<int64_t> tokens;
  PostingCursor& lead = *order.front();
  for (uint64_t step = 0; lead.ordinal() != PostingCursor::kEnd; ++step) {
    check_cancelled_every<64>(step);
    const uint32_t ordinal = lead.ordinal();
    uint32_t next = ordinal;
    for (size_t i = 1; i < order.size() && next == ordinal; ++i) {
      order[i]->seek(ordinal);
      next = order[i]->ordinal();
    }
    if (next == PostingCursor::kEnd) break;
    if (next != ordinal) {
      lead.seek(next);
      continue;
    }
    if (!deleted.has(ordinal)) {
      segment.ranks_in(ordinal, &tokens);
      const uint32_t count = count_phrase(tokens, phrase);
      if (count > 0) postings.push_back({ordinal, count});
    }
    lead.next();
  }
  return postings;
}

std::vector<Posting> prefix_postings(const TextSegment& segment, const DeletedDocuments& deleted,
                                     const std::string& prefix) {
  std::vector<Posting> all;
  uint64_t words = 0;
  segment.each_term(segment.lower_bound(prefix),
                    [&](const std::string& text, const TermEntry& entry) {
                      if (text.compare(0, prefix.size(), prefix) != 0) return false;
                      check_cancelled_every<16>(words++);
                      for (const Posting& posting : postings_of(segment, entry))
                        if (!deleted.has(posting.ordinal)) all.push_back(posting);
                      return true;
                    });
  if (words <= 1) return all;
  std::sort(all.begin(), all.end(),
            [](const Posting& a, const Posting& b) { return a.ordinal < b.ordinal; });
  size_t count = 0;
  for (const Posting& posting : all) {
    if (count > 0 && all[count - 1].ordinal == posting.ordinal)
      all[count - 1].tf += posting.tf;
    else
      all[count++] = posting;
  }
  all.resize(count);
  return all;
}

}  // namespace vdb
