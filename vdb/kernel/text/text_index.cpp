#include "text/text_index.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <stdexcept>

#include "runtime/cancellation.h"

namespace vdb {
namespace {

// The words a clause stands for, with the postings of all that are alike under it.
using Matches = std::map<uint32_t, uint32_t>;  // ordinal: tf

Matches phrase_matches(const TextSegment& segment, const TextClause& clause) {
  std::vector<std::optional<uint32_t>> numbers;
  for (const auto& word : clause.words) {
    if (!word) {
      numbers.emplace_back();
      continue;
    }
    const auto number = segment.find(*word);
    if (!number) return {};
    numbers.push_back(number);
  }
  if (!segment.positions())
    throw std::invalid_argument("query: a phrase needs a field with positions");
  Matches matches;
  for (uint32_t d = 0; d < segment.documents(); ++d) {
    check_cancelled_every<64>(d);
    const std::vector<int64_t> tokens = segment.tokens_of(d);
    uint32_t count = 0;
    for (size_t at = 0; at + numbers.size() <= tokens.size(); ++at) {
      bool same = true;
      for (size_t i = 0; same && i < numbers.size(); ++i)
        same = !numbers[i] || tokens[at + i] == int64_t{*numbers[i]};
      count += same;
    }
    if (count > 0) matches[d] = count;
  }
  return matches;
}

Matches matches_of(const TextSegment& segment, const TextClause& clause) {
  Matches matches;
  if (clause.kind == TextClause::Kind::kPhrase) return phrase_matches(segment, clause);
  const std::string& word = *clause.words.front();
  if (clause.kind == TextClause::Kind::kTerm) {
    if (const auto number = segment.find(word))
      for (const Posting& posting : segment.postings_of(*number))
        matches[posting.ordinal] = posting.tf;
    return matches;
  }
  for (uint32_t n = segment.lower_bound(word); n < segment.terms(); ++n) {
    if (segment.term(n).compare(0, word.size(), word) != 0) break;
    for (const Posting& posting : segment.postings_of(n)) matches[posting.ordinal] += posting.tf;
  }
  return matches;
}

// As the engines read them: a phrase begins and ends with a word, and one of one word is a term.
TextClause plain(TextClause clause) {
  if (clause.kind != TextClause::Kind::kPhrase) {
    if (clause.words.size() != 1 || !clause.words.front() || clause.words.front()->empty())
      throw std::invalid_argument("query: expected one word in a term or a prefix");
    return clause;
  }
  while (!clause.words.empty() && !clause.words.back()) clause.words.pop_back();
  while (!clause.words.empty() && !clause.words.front()) clause.words.erase(clause.words.begin());
  if (clause.words.empty()) throw std::invalid_argument("query: expected a word in a phrase");
  if (clause.words.size() == 1) clause.kind = TextClause::Kind::kTerm;
  return clause;
}

}  // namespace

TextIndex::TextIndex(std::vector<std::shared_ptr<const TextSegment>> segments,
                     std::vector<DeletedDocuments> deleted)
    : segments_(std::move(segments)), deleted_(std::move(deleted)) {
  if (segments_.size() != deleted_.size())
    throw std::invalid_argument("deleted: expected one for each segment");
}

uint64_t TextIndex::documents() const {
  uint64_t count = 0;
  for (size_t s = 0; s < segments_.size(); ++s)
    for (uint32_t d = 0; d < segments_[s]->documents(); ++d) count += !deleted_[s].has(d);
  return count;
}

uint64_t TextIndex::length_sum() const {
  uint64_t sum = 0;
  for (size_t s = 0; s < segments_.size(); ++s)
    for (uint32_t d = 0; d < segments_[s]->documents(); ++d)
      if (!deleted_[s].has(d)) sum += segments_[s]->length(d);
  return sum;
}

uint64_t TextIndex::document_frequency(const std::string& term) const {
  uint64_t df = 0;
  for (size_t s = 0; s < segments_.size(); ++s)
    if (const auto number = segments_[s]->find(term))
      for (const Posting& posting : segments_[s]->postings_of(*number))
        df += !deleted_[s].has(posting.ordinal);
  return df;
}

std::vector<std::string> TextIndex::prefix(const std::string& text, size_t limit) const {
  std::set<std::string> words;
  for (const auto& segment : segments_)
    for (uint32_t n = segment->lower_bound(text); n < segment->terms(); ++n) {
      std::string word = segment->term(n);
      if (word.compare(0, text.size(), text) != 0) break;
      if (document_frequency(word) > 0) words.insert(std::move(word));
    }
  std::vector<std::string> sorted(words.begin(), words.end());
  if (sorted.size() > limit) sorted.resize(limit);
  return sorted;
}

std::optional<std::pair<std::vector<uint32_t>, uint32_t>> TextIndex::frequencies(
    uint32_t slot, const std::vector<std::string>& terms) const {
  for (size_t s = 0; s < segments_.size(); ++s) {
    const auto ordinal = segments_[s]->ordinal_of(slot);
    if (!ordinal || deleted_[s].has(*ordinal)) continue;
    std::vector<uint32_t> counts;
    for (const std::string& term : terms) {
      uint32_t tf = 0;
      if (const auto number = segments_[s]->find(term))
        for (const Posting& posting : segments_[s]->postings_of(*number))
          if (posting.ordinal == *ordinal) tf = posting.tf;
      counts.push_back(tf);
    }
    return std::make_pair(counts, segments_[s]->length(*ordinal));
  }
  return std::nullopt;
}

double TextIndex::mean_okapi_idf(uint64_t documents) const {
  std::vector<std::pair<uint32_t, std::pair<size_t, uint32_t>>> order;  // slot, place
  for (size_t s = 0; s < segments_.size(); ++s)
    for (uint32_t d = 0; d < segments_[s]->documents(); ++d)
      if (!deleted_[s].has(d)) order.push_back({segments_[s]->slot(d), {s, d}});
  std::sort(order.begin(), order.end());
  std::set<std::string> seen;
  double sum = 0;
  const double N = static_cast<double>(documents);
  for (const auto& [slot, place] : order) {
    const TextSegment& segment = *segments_[place.first];
    for (const int64_t token : segment.tokens_of(place.second)) {
      if (token == TextSegment::kGap) continue;
      const std::string word = segment.term(static_cast<uint32_t>(token));
      if (!seen.insert(word).second) continue;
      const double n = static_cast<double>(document_frequency(word));
      sum += std::log(N - n + 0.5) - std::log(n + 0.5);
    }
  }
  return seen.empty() ? 0 : sum / static_cast<double>(seen.size());
}

std::vector<TextHit> TextIndex::search(const std::vector<TextClause>& query, const Scorer& scorer,
                                       const TextSearchParameters& parameters,
                                       const SlotMask* mask) const {
  std::vector<TextClause> clauses;
  std::vector<uint32_t> counts;
  for (const TextClause& clause : query) {
    TextClause read = plain(clause);
    bool repeated = false;
    for (size_t i = 0; scorer.spec().boosts && i < clauses.size(); ++i)
      if (clauses[i].kind == read.kind && clauses[i].words == read.words) {
        ++counts[i];
        repeated = true;
      }
    if (repeated) continue;
    clauses.push_back(std::move(read));
    counts.push_back(1);
  }
  std::vector<std::vector<Matches>> matches(clauses.size());
  std::vector<ClauseWeight> weights;
  std::vector<bool> constant;
  for (size_t c = 0; c < clauses.size(); ++c) {
    uint64_t df = 0;
    for (size_t s = 0; s < segments_.size(); ++s) {
      Matches all = matches_of(*segments_[s], clauses[c]);
      for (auto it = all.begin(); it != all.end();)
        it = deleted_[s].has(it->first) ? all.erase(it) : std::next(it);
      df += all.size();
      matches[c].push_back(std::move(all));
    }
    constant.push_back(clauses[c].kind == TextClause::Kind::kPrefix &&
                       scorer.spec().prefix == PrefixScore::kConstant);
    if (df == 0) {
      weights.emplace_back();
    } else if (clauses[c].kind == TextClause::Kind::kPhrase &&
               scorer.spec().phrase == PhraseIdf::kSum) {
      std::vector<double> idfs;
      for (const auto& word : clauses[c].words)
        if (word) idfs.push_back(scorer.idf(document_frequency(*word)));
      weights.push_back(scorer.weight(scorer.idf_sum(idfs), counts[c]));
    } else {
      weights.push_back(scorer.weight(scorer.idf(df), counts[c]));
    }
  }
  std::vector<TextHit> hits;
  const size_t n = clauses.size();
  std::vector<double> scores(n);
  const std::unique_ptr<bool[]> present(new bool[n + 1]);
  for (size_t s = 0; s < segments_.size(); ++s)
    for (uint32_t d = 0; d < segments_[s]->documents(); ++d) {
      check_cancelled_every<256>(d);
      if (deleted_[s].has(d)) continue;
      const uint32_t slot = segments_[s]->slot(d);
      if (mask != nullptr && !mask->has(slot)) continue;
      const double norm = scorer.norm(segments_[s]->length(d));
      size_t found = 0;
      for (size_t c = 0; c < n; ++c) {
        const auto at = matches[c][s].find(d);
        present[c] = at != matches[c][s].end();
        found += present[c];
        if (present[c])
          scores[c] = constant[c] ? counts[c] : scorer.score(weights[c], at->second, norm);
      }
      const bool all = scorer.spec().absent != AbsentScore::kNone && n > 0;
      if (parameters.all == TextOperator::kAnd ? found < n || n == 0 : found == 0 && !all) continue;
      hits.push_back({scorer.sum(weights.data(), scores.data(), present.get(), n), slot});
    }
  std::sort(hits.begin(), hits.end(), [](const TextHit& a, const TextHit& b) {
    return a.score != b.score ? a.score > b.score : a.slot < b.slot;
  });
  uint64_t end = std::min<uint64_t>(parameters.k, hits.size());
  while (parameters.ties && end > 0 && end < hits.size() && hits[end].score == hits[end - 1].score)
    ++end;
  hits.resize(end);
  return hits;
}

}  // namespace vdb
