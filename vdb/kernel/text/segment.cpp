#include "text/segment.h"

#include <algorithm>
#include <cstring>

#include "blocks/crc32c.h"
#include "runtime/errors.h"

namespace vdb {

struct TextSegment::Contents {
  std::vector<uint32_t> slots, lengths;
  std::vector<std::string> terms;
  std::vector<std::vector<Posting>> postings;
  std::vector<std::vector<int64_t>> rows;
  uint64_t posting_count = 0, length_sum = 0;
  bool positions = false;
};

TextSegment::TextSegment(std::vector<TextPart> parts, std::optional<uint32_t> start,
                         std::string prefix)
    : parts_(std::move(parts)), start_(start), prefix_(std::move(prefix)) {}

const TextSegment::Contents& TextSegment::contents() const {
  std::call_once(once_, [&] {
    std::string bytes;
    for (size_t n = 0; n < parts_.size(); ++n) {
      const uint8_t* body = parts_[n].data;
      size_t size = parts_[n].size;
      if (start_) {
        std::string key = prefix_;
        for (int shift = 24; shift >= 0; shift -= 8)
          key.push_back(static_cast<char>(n >> shift & 0xFF));
        uint32_t seal = 0;
        if (size >= 4) std::memcpy(&seal, body, 4);
        if (size < 4 || crc32c(body + 4, size - 4, crc32c(key.data(), key.size(), *start_)) != seal)
          throw Corrupted("part " + std::to_string(n) + " of a segment of words: wrong checksum");
        body += 4;
        size -= 4;
      }
      bytes.append(reinterpret_cast<const char*>(body), size);
    }
    size_t at = 0;
    const auto need = [&](size_t n) {
      if (bytes.size() - at < n) throw Corrupted("a segment of words ends early");
    };
    const auto u32 = [&] {
      need(4);
      uint32_t value;
      std::memcpy(&value, bytes.data() + at, 4);
      at += 4;
      return value;
    };
    auto all = std::make_shared<Contents>();
    const uint32_t documents = u32(), terms = u32();
    all->positions = u32() != 0;
    need(size_t{documents} * 8 + size_t{terms} * 8);
    for (uint32_t i = 0; i < documents; ++i) {
      all->slots.push_back(u32());
      all->lengths.push_back(u32());
      all->length_sum += all->lengths.back();
    }
    for (uint32_t i = 0; i < terms; ++i) {
      const uint32_t size = u32();
      need(size);
      all->terms.push_back(bytes.substr(at, size));
      at += size;
      const uint32_t df = u32();
      need(size_t{df} * 8);
      std::vector<Posting> list;
      for (uint32_t j = 0; j < df; ++j) {
        const uint32_t ordinal = u32(), tf = u32();
        if (ordinal >= documents) throw Corrupted("a document that is not there");
        list.push_back({ordinal, tf});
      }
      all->posting_count += df;
      all->postings.push_back(std::move(list));
    }
    for (uint32_t i = 0; all->positions && i < documents; ++i) {
      const uint32_t n = u32();
      need(size_t{n} * 4);
      std::vector<int64_t> row;
      for (uint32_t j = 0; j < n; ++j) {
        const uint32_t token = u32();
        if (token != UINT32_MAX && token >= terms) throw Corrupted("a term that is not there");
        row.push_back(token == UINT32_MAX ? kGap : int64_t{token});
      }
      all->rows.push_back(std::move(row));
    }
    contents_ = std::move(all);
  });
  return *contents_;
}

uint32_t TextSegment::documents() const { return static_cast<uint32_t>(contents().slots.size()); }
uint32_t TextSegment::terms() const { return static_cast<uint32_t>(contents().terms.size()); }
uint64_t TextSegment::postings() const { return contents().posting_count; }
uint64_t TextSegment::length_sum() const { return contents().length_sum; }
bool TextSegment::positions() const { return contents().positions; }
uint32_t TextSegment::slot(uint32_t ordinal) const { return contents().slots.at(ordinal); }
uint32_t TextSegment::length(uint32_t ordinal) const { return contents().lengths.at(ordinal); }

std::optional<uint32_t> TextSegment::ordinal_of(uint32_t slot) const {
  const auto& slots = contents().slots;
  const auto at = std::lower_bound(slots.begin(), slots.end(), slot);
  if (at == slots.end() || *at != slot) return std::nullopt;
  return static_cast<uint32_t>(at - slots.begin());
}

std::string TextSegment::term(uint32_t number) const { return contents().terms.at(number); }

uint32_t TextSegment::lower_bound(const std::string& text) const {
  const auto& terms = contents().terms;
  return static_cast<uint32_t>(std::lower_bound(terms.begin(), terms.end(), text) - terms.begin());
}

std::optional<uint32_t> TextSegment::find(const std::string& text) const {
  const uint32_t number = lower_bound(text);
  if (number == terms() || contents().terms[number] != text) return std::nullopt;
  return number;
}

const std::vector<Posting>& TextSegment::postings_of(uint32_t number) const {
  return contents().postings.at(number);
}

std::vector<int64_t> TextSegment::tokens_of(uint32_t ordinal) const {
  return contents().rows.at(ordinal);
}

void TextSegment::verify() const { contents(); }

}  // namespace vdb
