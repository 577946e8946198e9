#include "text/segment_writer.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <stdexcept>

#include "runtime/cancellation.h"
#include "text/bit_packing.h"
#include "text/packed_numbers.h"
#include "text/part_bytes.h"
#include "text/scorer.h"
#include "text/term_prefix.h"
#include "text/varints.h"

namespace vdb {
namespace {

template <typename T>
void put(T value, std::string* out) {
  out->append(reinterpret_cast<const char*>(&value), sizeof value);
}

uint32_t place(size_t bytes) {
  if (bytes > UINT32_MAX) throw std::length_error("a text segment: more than 4 GiB in a section");
  return static_cast<uint32_t>(bytes);
}

}  // namespace

void TextSegmentWriter::documents(std::vector<uint32_t> slots, std::vector<uint32_t> lengths) {
  slots_ = std::move(slots);
  lengths_ = std::move(lengths);
}

void TextSegmentWriter::term(std::string_view text, const std::vector<Posting>& postings) {
  check_cancelled_every<256>(occurrences_.size());
  const bool first = occurrences_.size() % kTermsInBlock == 0;
  if (first) {
    put(term_prefix(text), &index_);
    put(place(dictionary_.size()), &index_offsets_);
    put_varint(postings_.size(), &dictionary_);
    last_term_.clear();
  }
  const size_t most = std::min(text.size(), last_term_.size());
  size_t shared = 0;
  while (shared < most && text[shared] == last_term_[shared]) ++shared;
  put_varint(shared, &dictionary_);
  put_varint(text.size() - shared, &dictionary_);
  dictionary_.append(text.substr(shared));
  last_term_.assign(text);
  uint64_t occurrences = 0;
  for (const Posting& posting : postings) occurrences += posting.tf;
  put_varint(postings.size(), &dictionary_);
  if (postings.size() == 1) {
    put_varint(postings[0].ordinal, &dictionary_);
    put_varint(postings[0].tf, &dictionary_);
  } else {
    const size_t begin = postings_.size();
    put_postings(postings);
    put_varint(occurrences - postings.size(), &dictionary_);
    put_varint(postings_.size() - begin, &dictionary_);
  }
  occurrences_.push_back(occurrences);
  posting_count_ += postings.size();
}

std::vector<CompetitivePair> TextSegmentWriter::pairs_of(const Posting* postings, size_t n) const {
  std::vector<CompetitivePair> pairs;
  pairs.reserve(n);
  for (size_t i = 0; i < n; ++i)
    pairs.push_back({postings[i].tf, length_to_byte(lengths_[postings[i].ordinal])});
  keep_competitive(&pairs);
  return pairs;
}

void TextSegmentWriter::put_block(const Posting* postings, size_t n, uint32_t before,
                                  std::string* out) {
  uint32_t gaps[kPostingsInBlock], more[kPostingsInBlock], largest_gap = 0, largest_more = 0;
  for (size_t i = 0; i < n; ++i) {
    gaps[i] = postings[i].ordinal - before - 1;
    more[i] = postings[i].tf - 1;
    before = postings[i].ordinal;
    largest_gap |= gaps[i];
    largest_more |= more[i];
  }
  const uint32_t gap_width = bit_width(largest_gap), more_width = bit_width(largest_more);
  out->push_back(static_cast<char>(gap_width));
  out->push_back(static_cast<char>(more_width));
  if (n == kPostingsInBlock) {
    pack_block(gaps, gap_width, out);
    pack_block(more, more_width, out);
  } else {
    pack(gaps, n, gap_width, out);
    pack(more, n, more_width, out);
  }
}

// One block by itself; of several, the pairs of all, and of each superblock its last ordinal, its
// size and its pairs, then the superblocks: entries of their blocks and the blocks.
void TextSegmentWriter::put_postings(const std::vector<Posting>& postings) {
  if (postings.size() <= kPostingsInBlock) {
    put_block(postings.data(), postings.size(), UINT32_MAX, &postings_);
    return;
  }
  std::vector<CompetitivePair> all;
  std::string heads, bodies;
  uint32_t before = UINT32_MAX;  // last ordinal so far
  const size_t in_super = size_t{kPostingsInBlock} * kSuperBlock;
  for (size_t super = 0; super < postings.size(); super += in_super) {
    const size_t super_end = std::min(super + in_super, postings.size());
    std::vector<CompetitivePair> super_pairs;
    std::string entries, blocks;
    const uint32_t super_before = before;
    for (size_t at = super; at < super_end; at += kPostingsInBlock) {
      const size_t n = std::min<size_t>(kPostingsInBlock, super_end - at);
      const size_t begin = blocks.size();
      put_block(&postings[at], n, before, &blocks);
      const uint32_t last = postings[at + n - 1].ordinal;
      const std::vector<CompetitivePair> pairs = pairs_of(&postings[at], n);
      put_varint(uint32_t{last - before - 1}, &entries);
      put_varint(blocks.size() - begin, &entries);
      put_pairs(pairs, &entries);
      super_pairs.insert(super_pairs.end(), pairs.begin(), pairs.end());
      before = last;
    }
    keep_competitive(&super_pairs);
    const size_t begin = bodies.size();
    put_varint(entries.size(), &bodies);
    bodies += entries;
    bodies += blocks;
    put_varint(uint32_t{before - super_before - 1}, &heads);
    put_varint(bodies.size() - begin, &heads);
    put_pairs(super_pairs, &heads);
    all.insert(all.end(), super_pairs.begin(), super_pairs.end());
  }
  keep_competitive(&all);
  put_pairs(all, &postings_);
  put_varint(heads.size(), &postings_);
  postings_ += heads;
  postings_ += bodies;
}

void TextSegmentWriter::begin_rows() {
  std::vector<uint32_t> by_rank(occurrences_.size());
  std::iota(by_rank.begin(), by_rank.end(), 0);
  std::sort(by_rank.begin(), by_rank.end(), [&](uint32_t a, uint32_t b) {
    return occurrences_[a] != occurrences_[b] ? occurrences_[a] > occurrences_[b] : a < b;
  });
  ranks_.resize(by_rank.size());
  for (uint32_t rank = 0; rank < by_rank.size(); ++rank) ranks_[by_rank[rank]] = rank;
  const auto terms = static_cast<uint32_t>(by_rank.size());
  pack(by_rank.data(), terms, terms == 0 ? 0 : bit_width(terms - 1), &numbers_);
}

void TextSegmentWriter::row(const std::vector<uint32_t>& tokens) {
  if (row_count_ % kRowsInGroup == 0) row_places_.push_back(place(rows_.size()));
  check_cancelled_every<256>(row_count_);
  ++row_count_;
  std::string row;
  for (const uint32_t token : tokens)
    put_varint(token == kGapToken ? 0 : uint64_t{ranks_[token]} + 1, &row);
  put_varint(row.size(), &rows_);
  rows_ += row;
}

std::vector<std::string> TextSegmentWriter::finish() {
  std::string slots, lengths, row_places;
  pack_numbers(slots_, 1, &slots);
  pack_numbers(lengths_, 0, &lengths);
  pack_numbers(row_places_, 0, &row_places);
  index_ += index_offsets_;
  TextHeader header = {};
  header.layout = kTextLayout;
  header.flags = positions_ ? kWithPositions : 0;
  header.documents = static_cast<uint32_t>(slots_.size());
  header.terms = static_cast<uint32_t>(occurrences_.size());
  header.postings = posting_count_;
  for (const uint32_t length : lengths_) header.length_sum += length;
  const std::string* const sections[] = {&slots,     &lengths,  &index_,     &dictionary_,
                                         &postings_, &numbers_, &row_places, &rows_};
  uint64_t* const ends[] = {&header.lengths_at,  &header.index_at,   &header.dictionary_at,
                            &header.postings_at, &header.numbers_at, &header.row_places_at,
                            &header.rows_at,     &header.size};
  uint64_t at = sizeof header;
  for (size_t i = 0; i < 8; ++i) *ends[i] = at += sections[i]->size();
  std::vector<std::string> parts(1);
  const auto append = [&](const char* data, size_t size) {
    while (size > 0) {
      if (parts.back().size() == kTextPartSize) {
        check_cancelled();
        parts.emplace_back();
      }
      const size_t n = std::min(size, kTextPartSize - parts.back().size());
      parts.back().append(data, n);
      data += n;
      size -= n;
    }
  };
  append(reinterpret_cast<const char*>(&header), sizeof header);
  for (const std::string* section : sections) append(section->data(), section->size());
  return parts;
}

}  // namespace vdb
