#include "text/segment_builder.h"

#include <algorithm>
#include <map>
#include <stdexcept>

namespace vdb {

void TextSegmentBuilder::begin(uint32_t slot) {
  if (!documents_.empty() && slot <= documents_.back().slot)
    throw std::invalid_argument("slots: expected rising numbers, got " + std::to_string(slot) +
                                " behind " + std::to_string(documents_.back().slot));
  documents_.push_back({slot, tokens_.size()});
}

void TextSegmentBuilder::token(std::string_view text) {
  if (text.empty()) throw std::invalid_argument("documents: expected tokens that are not empty");
  if (text.size() > kLongestTextTerm)
    throw std::invalid_argument("documents: expected tokens of at most " +
                                std::to_string(kLongestTextTerm) + " bytes, got one of " +
                                std::to_string(text.size()));
  tokens_.push_back(
      numbers_.emplace(std::string(text), static_cast<uint32_t>(numbers_.size())).first->second);
}

void TextSegmentBuilder::gap() { tokens_.push_back(kGapToken); }

namespace {
void u32(std::string* out, uint64_t value) {
  for (int i = 0; i < 4; ++i) out->push_back(static_cast<char>(value >> (8 * i)));
}
}  // namespace

std::vector<std::string> TextSegmentBuilder::finish() {
  std::vector<const std::pair<const std::string, uint32_t>*> terms;
  for (const auto& entry : numbers_) terms.push_back(&entry);
  std::sort(terms.begin(), terms.end(), [](auto* a, auto* b) { return a->first < b->first; });
  std::vector<uint32_t> sorted(terms.size());
  for (size_t i = 0; i < terms.size(); ++i) sorted[terms[i]->second] = static_cast<uint32_t>(i);
  std::vector<std::vector<std::pair<uint32_t, uint32_t>>> postings(terms.size());
  std::string out;
  u32(&out, documents_.size());
  u32(&out, terms.size());
  u32(&out, positions_);
  std::string rows;
  for (size_t d = 0; d < documents_.size(); ++d) {
    const size_t end = d + 1 < documents_.size() ? documents_[d + 1].begin : tokens_.size();
    std::map<uint32_t, uint32_t> counts;
    uint32_t length = 0;
    u32(&rows, end - documents_[d].begin);
    for (size_t i = documents_[d].begin; i < end; ++i) {
      u32(&rows, tokens_[i] == kGapToken ? kGapToken : sorted[tokens_[i]]);
      if (tokens_[i] == kGapToken) continue;
      ++counts[sorted[tokens_[i]]];
      ++length;
    }
    for (const auto& [term, tf] : counts) postings[term].emplace_back(d, tf);
    u32(&out, documents_[d].slot);
    u32(&out, length);
  }
  for (size_t i = 0; i < terms.size(); ++i) {
    u32(&out, terms[i]->first.size());
    out += terms[i]->first;
    u32(&out, postings[i].size());
    for (const auto& [ordinal, tf] : postings[i]) {
      u32(&out, ordinal);
      u32(&out, tf);
    }
  }
  if (positions_) out += rows;
  std::vector<std::string> parts;
  for (size_t at = 0; at < out.size(); at += kTextPartSize)
    parts.push_back(out.substr(at, kTextPartSize));
  return parts;
}

}  // namespace vdb
