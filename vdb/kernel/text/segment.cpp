#include "text/segment.h"

#include <algorithm>
#include <iterator>

#include "blocks/utf8.h"
#include "runtime/errors.h"
#include "text/bit_packing.h"
#include "text/scorer.h"
#include "text/term_prefix.h"

namespace vdb {

TextSegment::TextSegment(std::vector<TextPart> parts, std::optional<uint32_t> start,
                         std::string prefix)
    : bytes_(std::move(parts), start, std::move(prefix)) {}

void TextSegment::open() const {
  TextHeader head;
  bytes_.copy(0, sizeof head, reinterpret_cast<char*>(&head));
  if (head.layout != kTextLayout)
    throw Corrupted("a text segment: layout: expected " + std::to_string(kTextLayout) + ", got " +
                    std::to_string(head.layout));
  if ((head.flags & ~kWithPositions) != 0 || head.reserved != 0)
    throw Corrupted("a text segment: flags that mean nothing");
  const uint64_t places[] = {sizeof head,        head.lengths_at,  head.index_at,
                             head.dictionary_at, head.postings_at, head.numbers_at,
                             head.row_places_at, head.rows_at,     head.size};
  for (size_t i = 0; i + 1 < std::size(places); ++i)
    if (places[i] > places[i + 1]) throw Corrupted("a text segment: sections out of order");
  if (head.size != bytes_.size()) throw Corrupted("a text segment: parts are missing, or too many");
  const uint64_t term_blocks = (uint64_t{head.terms} + kTermsInBlock - 1) / kTermsInBlock;
  // A term takes four bytes at least.
  if (head.dictionary_at - head.index_at != term_blocks * 12 ||
      (head.postings_at - head.dictionary_at) / 4 < head.terms)
    throw Corrupted("a text segment: terms that are not there");
  slots_ = PackedNumbers(bytes_, sizeof head, head.lengths_at - sizeof head, head.documents, 1);
  packed_lengths_ =
      PackedNumbers(bytes_, head.lengths_at, head.index_at - head.lengths_at, head.documents, 0);
  if ((head.flags & kWithPositions) != 0) {
    const uint32_t groups = (head.documents + kRowsInGroup - 1) / kRowsInGroup;
    row_places_ =
        PackedNumbers(bytes_, head.row_places_at, head.rows_at - head.row_places_at, groups, 0);
    const uint32_t width = head.terms == 0 ? 0 : bit_width(head.terms - 1);
    if (head.row_places_at - head.numbers_at != packed_size(head.terms, width))
      throw Corrupted("a text segment: numbers of terms that are not there");
  } else if (head.numbers_at != head.size) {
    throw Corrupted("a text segment: rows that nothing says are there");
  }
  if (head.documents > 0) {
    first_slot_ = slots_[0];
    dense_ = slots_[head.documents - 1] - first_slot_ == head.documents - 1;
    if (dense_ && uint64_t{first_slot_} + head.documents > 0x7FFFFFFE)
      throw Corrupted("a text segment: a slot that cannot be");
  }
  header_ = head;
  is_open_.store(true, std::memory_order_release);
}

uint32_t TextSegment::ordinal_from(uint32_t slot) const {
  uint32_t low = 0, high = documents();
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (this->slot(middle) < slot)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

std::optional<uint32_t> TextSegment::ordinal_of(uint32_t slot) const {
  const uint32_t ordinal = ordinal_from(slot);
  if (ordinal == documents() || this->slot(ordinal) != slot) return std::nullopt;
  return ordinal;
}

const std::vector<uint32_t>& TextSegment::lengths_of() const {
  header();
  std::call_once(lengths_read_, [this] { lengths_ = packed_lengths_.all(); });
  return lengths_;
}

const std::vector<uint8_t>& TextSegment::length_bytes() const {
  std::call_once(length_bytes_read_, [this] {
    const std::vector<uint32_t>& lengths = lengths_of();
    std::vector<uint8_t> bytes(lengths.size());
    for (size_t i = 0; i < lengths.size(); ++i) bytes[i] = length_to_byte(lengths[i]);
    length_bytes_ = std::move(bytes);
  });
  return length_bytes_;
}

uint64_t TextSegment::block_prefix(uint32_t block) const {
  return bytes_.load<uint64_t>(header().index_at + uint64_t{block} * 8);
}

uint64_t TextSegment::block_at(uint32_t block) const {
  const uint64_t offsets = header().index_at + uint64_t{blocks()} * 8;
  return header().dictionary_at + bytes_.load<uint32_t>(offsets + uint64_t{block} * 4);
}

std::string TextSegment::block_term(uint32_t block) const {
  std::string first;
  read_block(block, [&](const std::string& text, const TermEntry&) {
    first = text;
    return false;
  });
  return first;
}

uint32_t TextSegment::block_of(std::string_view text) const {
  const uint64_t prefix = term_prefix(text);
  uint32_t low = 0, high = blocks();  // blocks below `low` begin at or below, from `high` on above
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    const uint64_t begin = block_prefix(middle);
    const bool above = begin != prefix ? begin > prefix : block_term(middle) > text;
    if (above)
      high = middle;
    else
      low = middle + 1;
  }
  return low == 0 ? 0 : low - 1;
}

std::optional<TermEntry> TextSegment::find(std::string_view text) const {
  if (terms() == 0) return std::nullopt;
  std::optional<TermEntry> result;
  read_block(block_of(text), [&](const std::string& term, const TermEntry& entry) {
    const int order = term.compare(text);
    if (order == 0) result = entry;
    return order < 0;
  });
  return result;
}

uint32_t TextSegment::lower_bound(std::string_view text) const {
  if (terms() == 0) return 0;
  const uint32_t block = block_of(text);
  const uint32_t rest = terms() - block * kTermsInBlock;
  uint32_t number = block * kTermsInBlock + std::min(kTermsInBlock, rest);
  read_block(block, [&](const std::string& term, const TermEntry& entry) {
    if (term < text) return true;
    number = entry.number;
    return false;
  });
  return number;
}

std::string TextSegment::term(uint32_t number, TermEntry* out) const {
  std::string result;
  read_block(number / kTermsInBlock, [&](const std::string& text, const TermEntry& entry) {
    if (entry.number != number) return true;
    result = text;
    if (out != nullptr) *out = entry;
    return false;
  });
  return result;
}

void TextSegment::ranks_in(uint32_t ordinal, std::vector<int64_t>* ranks) const {
  ranks->clear();
  const uint64_t room = header().size - header().rows_at;
  uint64_t at = row_places_[ordinal / kRowsInGroup];
  std::string scratch;
  for (uint32_t skipped = 0;; ++skipped) {
    if (at >= room) throw Corrupted("a text segment: a row that is not there");
    const auto most = static_cast<size_t>(std::min<uint64_t>(10, room - at));
    const uint64_t row = header().rows_at + at;
    VarintReader head(bytes_.bytes(row, most, &scratch), most);
    const uint64_t size = head.u64(), begin = most - head.left();
    if (size > room - at - begin) throw Corrupted("a text segment: a row that is not there");
    if (skipped < ordinal % kRowsInGroup) {
      at += begin + size;
      continue;
    }
    const auto count = static_cast<size_t>(size);
    VarintReader reader(bytes_.bytes(row + begin, count, &scratch), count);
    while (!reader.at_end()) {
      const uint64_t code = reader.u64();
      if (code > terms()) throw Corrupted("a text segment: a row with a term that is not there");
      ranks->push_back(static_cast<int64_t>(code) - 1);
    }
    return;
  }
}

uint32_t TextSegment::term_of_rank(uint32_t rank) const {
  const uint32_t width = bit_width(terms() - 1);
  const uint64_t at = header().numbers_at + uint64_t{rank} * width / 8;
  const uint32_t number = packed_number(bytes_.load_bits(at), rank, width);
  if (number >= terms()) throw Corrupted("a text segment: a term that is not there");
  return number;
}

std::optional<uint32_t> TextSegment::rank_of(const TermEntry& entry) const {
  uint32_t low = 0, high = terms();
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    TermEntry other;
    term(term_of_rank(middle), &other);
    const bool before = other.occurrences != entry.occurrences
                            ? other.occurrences > entry.occurrences
                            : other.number < entry.number;
    if (before)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == terms() || term_of_rank(low) != entry.number) return std::nullopt;
  return low;
}

std::vector<int64_t> TextSegment::tokens_of(uint32_t ordinal) const {
  std::vector<int64_t> tokens;
  ranks_in(ordinal, &tokens);
  for (int64_t& token : tokens)
    if (token != kGap) token = term_of_rank(static_cast<uint32_t>(token));
  return tokens;
}

void check_term(std::string_view text) {
  if (!is_utf8(reinterpret_cast<const uint8_t*>(text.data()), text.size()))
    throw Corrupted("a text segment: a term that is no UTF-8");
}

}  // namespace vdb
