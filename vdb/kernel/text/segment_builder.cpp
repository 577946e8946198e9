#include "text/segment_builder.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>

#include "runtime/cancellation.h"
#include "text/layout.h"
#include "text/segment_writer.h"

namespace vdb {
namespace {

constexpr uint32_t kGap = TextSegmentWriter::kGapToken;
constexpr uint32_t kMostSlots = 0x7FFFFFFE;

}  // namespace

void TextSegmentBuilder::begin(uint32_t slot) {
  if (slot >= kMostSlots)
    throw std::invalid_argument("slots: expected numbers below 2^31 - 2, got " +
                                std::to_string(slot));
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
  const auto known = numbers_.find(text);
  if (known != numbers_.end()) {
    tokens_.push_back(known->second);
    return;
  }
  const auto number = static_cast<uint32_t>(terms_.size());
  terms_.emplace_back(text);
  numbers_.emplace(terms_.back(), number);
  tokens_.push_back(number);
}

void TextSegmentBuilder::gap() { tokens_.push_back(kGap); }

std::vector<std::string> TextSegmentBuilder::finish() {
  const size_t terms = terms_.size();
  std::vector<uint32_t> order(terms), sorted(terms);
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return terms_[a] < terms_[b]; });
  for (uint32_t i = 0; i < terms; ++i) sorted[order[i]] = i;

  // Postings by term: how many each has, then each at its place.
  std::vector<uint64_t> ends(terms + 1);
  std::vector<uint32_t> slots, lengths, last(terms, UINT32_MAX);
  const auto each_document = [&](const auto& body) {
    for (uint32_t d = 0; d < documents_.size(); ++d) {
      check_cancelled_every<256>(d);
      body(d, documents_[d].begin,
           d + 1 < documents_.size() ? documents_[d + 1].begin : tokens_.size());
    }
  };
  each_document([&](uint32_t d, size_t begin, size_t end) {
    uint32_t length = 0;
    for (size_t i = begin; i < end; ++i) {
      if (tokens_[i] == kGap) continue;
      uint32_t& token = tokens_[i];
      token = sorted[token];
      ++length;
      if (last[token] == d) continue;
      last[token] = d;
      ++ends[token + 1];
    }
    slots.push_back(documents_[d].slot);
    lengths.push_back(length);
  });
  for (size_t i = 0; i < terms; ++i) ends[i + 1] += ends[i];
  std::vector<Posting> postings(ends[terms]);
  std::vector<uint64_t> at(ends.begin(), ends.end() - 1);
  each_document([&](uint32_t d, size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      const uint32_t token = tokens_[i];
      if (token == kGap) continue;
      if (at[token] > ends[token] && postings[at[token] - 1].ordinal == d)
        ++postings[at[token] - 1].tf;
      else
        postings[at[token]++] = {d, 1};
    }
  });

  TextSegmentWriter writer(positions_);
  writer.documents(std::move(slots), std::move(lengths));
  std::vector<Posting> list;
  for (size_t i = 0; i < terms; ++i) {
    list.assign(postings.begin() + static_cast<ptrdiff_t>(ends[i]),
                postings.begin() + static_cast<ptrdiff_t>(ends[i + 1]));
    writer.term(terms_[order[i]], list);
  }
  if (positions_) {
    writer.begin_rows();
    std::vector<uint32_t> row;
    each_document([&](uint32_t, size_t begin, size_t end) {
      row.assign(tokens_.begin() + static_cast<ptrdiff_t>(begin),
                 tokens_.begin() + static_cast<ptrdiff_t>(end));
      writer.row(row);
    });
  }
  return writer.finish();
}

}  // namespace vdb
