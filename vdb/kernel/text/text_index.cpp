#include "text/text_index.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>

#include "runtime/cancellation.h"
#include "text/multi_term.h"
#include "text/posting_cursor.h"

namespace vdb {
namespace {

// As the engines read them: a phrase begins and ends with a word, and one of one word is a term.
TextClause plain(TextClause clause) {
  for (const auto& word : clause.words)
    if (word && word->empty()) throw std::invalid_argument("query: expected words, got ''");
  if (clause.kind != TextClause::Kind::kPhrase) {
    if (clause.words.size() != 1 || !clause.words.front())
      throw std::invalid_argument("query: expected one word in a term or a prefix");
    return clause;
  }
  while (!clause.words.empty() && !clause.words.back()) clause.words.pop_back();
  while (!clause.words.empty() && !clause.words.front()) clause.words.erase(clause.words.begin());
  if (clause.words.empty()) throw std::invalid_argument("query: expected a word in a phrase");
  if (clause.words.size() == 1) clause.kind = TextClause::Kind::kTerm;
  return clause;
}

uint64_t bits_set(const SlotMask& mask) {
  uint64_t count = 0;
  for (size_t i = 0; i < mask.size; ++i)
    for (uint8_t byte = mask.bits[i]; byte != 0; byte &= static_cast<uint8_t>(byte - 1)) ++count;
  return count;
}

}  // namespace

// Where a clause matches, by segment.
struct TextIndex::Matches {
  std::vector<std::optional<TermEntry>> entries;  // of a term
  std::vector<std::vector<Posting>> lists;        // of a phrase or prefix, without deleted ones
  uint64_t df = 0;                                // of documents that are not deleted
};

TextIndex::TextIndex(std::vector<std::shared_ptr<const TextSegment>> segments,
                     std::vector<DeletedDocuments> deleted)
    : segments_(std::move(segments)), deleted_(std::move(deleted)) {
  if (segments_.size() != deleted_.size())
    throw std::invalid_argument("deleted: expected one for each segment");
}

const TextIndex::Counts& TextIndex::counts() const {
  std::call_once(counted_, [this] {
    Counts counts;
    for (size_t s = 0; s < segments_.size(); ++s) {
      const TextSegment& segment = *segments_[s];
      counts.documents += segment.documents();
      counts.length_sum += segment.length_sum();
      counts.deleted.emplace_back();
      for (uint64_t byte = 0; byte < deleted_[s].size; ++byte) {
        if (deleted_[s].bits[byte] == 0) continue;
        for (uint64_t ordinal = 8 * byte; ordinal < 8 * byte + 8; ++ordinal) {
          if (ordinal >= segment.documents() || !deleted_[s].has(static_cast<uint32_t>(ordinal)))
            continue;
          counts.deleted.back().push_back(static_cast<uint32_t>(ordinal));
          --counts.documents;
          counts.length_sum -= segment.length(static_cast<uint32_t>(ordinal));
        }
      }
    }
    counts_ = std::move(counts);
  });
  return counts_;
}

uint64_t TextIndex::deleted_with(size_t s, const TermEntry& entry) const {
  const std::vector<uint32_t>& deleted = counts().deleted[s];
  uint64_t count = 0;
  PostingCursor cursor(*segments_[s], entry);
  for (const uint32_t ordinal : deleted) {
    cursor.seek(ordinal);
    if (cursor.ordinal() == PostingCursor::kEnd) break;
    count += cursor.ordinal() == ordinal;
  }
  return count;
}

uint64_t TextIndex::document_frequency(const std::string& term,
                                       const std::vector<std::optional<TermEntry>>& entries) const {
  bool any_deleted = false;
  uint64_t df = 0;
  for (size_t s = 0; s < segments_.size(); ++s) {
    any_deleted = any_deleted || (entries[s] && !counts().deleted[s].empty());
    if (entries[s]) df += entries[s]->df;
  }
  if (!any_deleted) return df;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto known = frequencies_.find(term);
    if (known != frequencies_.end()) return known->second;
  }
  for (size_t s = 0; s < segments_.size(); ++s)
    if (entries[s] && !counts().deleted[s].empty()) df -= deleted_with(s, *entries[s]);
  const std::lock_guard<std::mutex> lock(mutex_);
  if (frequencies_.size() >= 10'000) frequencies_.clear();
  frequencies_[term] = df;
  return df;
}

uint64_t TextIndex::document_frequency(const std::string& term) const {
  std::vector<std::optional<TermEntry>> entries;
  for (const auto& segment : segments_) entries.push_back(segment->find(term));
  return document_frequency(term, entries);
}

std::vector<std::string> TextIndex::prefix(const std::string& text, size_t limit) const {
  std::set<std::string> words;
  for (size_t s = 0; s < segments_.size(); ++s) {
    size_t count = 0;
    segments_[s]->each_term(
        segments_[s]->lower_bound(text), [&](const std::string& word, const TermEntry& entry) {
          if (count >= limit || word.compare(0, text.size(), text) != 0) return false;
          check_cancelled();
          if (!counts().deleted[s].empty() && deleted_with(s, entry) >= entry.df) return true;
          ++count;
          check_term(word);
          words.insert(word);
          return true;
        });
  }
  std::vector<std::string> sorted(words.begin(), words.end());
  if (sorted.size() > limit) sorted.resize(limit);
  return sorted;
}

std::optional<std::pair<std::vector<uint32_t>, uint32_t>> TextIndex::frequencies(
    uint32_t slot, const std::vector<std::string>& terms) const {
  for (size_t s = 0; s < segments_.size(); ++s) {
    const TextSegment& segment = *segments_[s];
    const std::optional<uint32_t> ordinal = segment.ordinal_of(slot);
    if (!ordinal || deleted_[s].has(*ordinal)) continue;
    std::vector<uint32_t> counts;
    for (const std::string& term : terms) {
      counts.push_back(0);
      const std::optional<TermEntry> entry = segment.find(term);
      if (!entry) continue;
      PostingCursor cursor(segment, *entry);
      cursor.seek(*ordinal);
      if (cursor.ordinal() == *ordinal) counts.back() = cursor.tf();
    }
    return std::make_pair(counts, segment.length(*ordinal));
  }
  return std::nullopt;
}

double TextIndex::mean_okapi_idf(uint64_t documents) const {
  // Words of all segments by number, and how many documents have them.
  std::unordered_map<std::string, uint32_t> numbers;
  std::vector<std::vector<uint32_t>> number_of(segments_.size());  // by segment and term
  std::vector<uint64_t> df;
  bool positions = true;
  for (size_t s = 0; s < segments_.size(); ++s) {
    positions = positions && segments_[s]->positions();
    segments_[s]->each_term(0, [&](const std::string& text, const TermEntry& entry) {
      check_cancelled_every<256>(entry.number);
      const auto at = numbers.emplace(text, static_cast<uint32_t>(df.size()));
      if (at.second) df.push_back(0);
      number_of[s].push_back(at.first->second);
      df[at.first->second] += entry.df - (counts().deleted[s].empty() ? 0 : deleted_with(s, entry));
      return true;
    });
  }
  std::vector<uint32_t> order;
  if (positions) {
    std::vector<std::pair<uint32_t, std::pair<size_t, uint32_t>>> by_slot;
    for (size_t s = 0; s < segments_.size(); ++s)
      for (uint32_t d = 0; d < segments_[s]->documents(); ++d)
        if (!deleted_[s].has(d)) by_slot.push_back({segments_[s]->slot(d), {s, d}});
    std::sort(by_slot.begin(), by_slot.end());
    std::vector<bool> seen(df.size());
    std::vector<int64_t> ranks;
    for (size_t i = 0; i < by_slot.size() && order.size() < df.size(); ++i) {
      check_cancelled_every<64>(i);
      const auto [s, d] = by_slot[i].second;
      segments_[s]->ranks_in(d, &ranks);
      for (const int64_t rank : ranks) {
        if (rank == TextSegment::kGap) continue;
        const uint32_t number =
            number_of[s][segments_[s]->term_of_rank(static_cast<uint32_t>(rank))];
        if (!seen[number]) order.push_back(number);
        seen[number] = true;
      }
    }
  } else {
    std::vector<std::pair<std::string, uint32_t>> sorted(numbers.begin(), numbers.end());
    std::sort(sorted.begin(), sorted.end());
    for (const auto& [text, number] : sorted)
      if (df[number] > 0) order.push_back(number);
  }
  double sum = 0;
  const double N = static_cast<double>(documents);
  for (const uint32_t number : order) {
    const double n = static_cast<double>(df[number]);
    sum += std::log(N - n + 0.5) - std::log(n + 0.5);
  }
  return order.empty() ? 0 : sum / static_cast<double>(order.size());
}

TextIndex::Matches TextIndex::matches_of(const TextClause& clause) const {
  Matches matches;
  for (size_t s = 0; s < segments_.size(); ++s) {
    const TextSegment& segment = *segments_[s];
    if (clause.kind == TextClause::Kind::kTerm) {
      matches.entries.push_back(segment.find(*clause.words.front()));
    } else {
      matches.lists.push_back(clause.kind == TextClause::Kind::kPhrase
                                  ? phrase_postings(segment, deleted_[s], clause)
                                  : prefix_postings(segment, deleted_[s], *clause.words.front()));
      matches.df += matches.lists.back().size();
    }
  }
  if (clause.kind == TextClause::Kind::kTerm)
    matches.df = document_frequency(*clause.words.front(), matches.entries);
  return matches;
}

double TextIndex::idf_of(const TextClause& clause, const Matches& matches,
                         const Scorer& scorer) const {
  if (clause.kind != TextClause::Kind::kPhrase || scorer.spec().phrase == PhraseIdf::kCount)
    return scorer.idf(matches.df);
  std::vector<double> idfs;
  for (const auto& word : clause.words)
    if (word) idfs.push_back(scorer.idf(document_frequency(*word)));
  return scorer.idf_sum(idfs);
}

std::vector<TextHit> TextIndex::search(const std::vector<TextClause>& query, const Scorer& scorer,
                                       const TextSearchParameters& parameters,
                                       const SlotMask* mask) const {
  std::vector<TextClause> clauses;  // different ones
  std::vector<uint32_t> counts, order;
  for (const TextClause& clause : query) {
    TextClause read = plain(clause);
    size_t number = 0;
    while (number < clauses.size() &&
           (clauses[number].kind != read.kind || clauses[number].words != read.words))
      ++number;
    if (number == clauses.size()) {
      clauses.push_back(std::move(read));
      counts.push_back(0);
    }
    if (counts[number]++ == 0 || !scorer.spec().boosts)
      order.push_back(static_cast<uint32_t>(number));
  }
  if (parameters.k == 0) return {};
  std::vector<Matches> matches;
  std::vector<WeightedClause> weighted;
  for (size_t i = 0; i < clauses.size(); ++i) {
    const uint32_t count = scorer.spec().boosts ? counts[i] : 1;
    matches.push_back(matches_of(clauses[i]));
    WeightedClause clause;
    clause.constant = clauses[i].kind == TextClause::Kind::kPrefix &&
                      scorer.spec().prefix == PrefixScore::kConstant;
    if (clause.constant)
      clause.weight.weight = count;
    else if (matches.back().df > 0)
      clause.weight = scorer.weight(idf_of(clauses[i], matches.back(), scorer), count);
    weighted.push_back(clause);
  }
  // The largest first: its hits bound those of the others.
  std::vector<size_t> by_size;
  for (size_t s = 0; s < segments_.size(); ++s) by_size.push_back(s);
  std::stable_sort(by_size.begin(), by_size.end(), [&](size_t a, size_t b) {
    return segments_[a]->documents() > segments_[b]->documents();
  });
  TopHits hits(parameters.k, parameters.ties);
  const uint64_t passing = mask == nullptr ? 0 : bits_set(*mask);
  for (const size_t s : by_size) {
    SegmentQuery part;
    part.segment = segments_[s].get();
    part.deleted = deleted_[s];
    part.scorer = &scorer;
    part.clauses = &weighted;
    part.order = &order;
    part.all = parameters.all;
    part.prune = parameters.prune;
    part.mask = mask;
    part.passing = passing;
    for (Matches& match : matches) {
      part.cursors.emplace_back();
      if (!match.entries.empty()) {
        if (match.entries[s] && match.df > 0)
          part.cursors.back() = std::make_unique<PostingCursor>(*segments_[s], *match.entries[s]);
      } else if (!match.lists.empty() && !match.lists[s].empty()) {
        part.cursors.back() =
            std::make_unique<PostingCursor>(*segments_[s], std::move(match.lists[s]));
      }
    }
    search_segment(part, &hits);
  }
  return hits.take();
}

}  // namespace vdb
