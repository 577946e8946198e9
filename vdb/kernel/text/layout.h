// Where what lies in a segment; docs/internals/format.md has every byte.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vdb {

inline constexpr uint16_t kTextLayout = 1;
inline constexpr uint16_t kWithPositions = 1;      // a flag
inline constexpr size_t kLongestTextTerm = 32000;  // bytes of UTF-8
inline constexpr uint32_t kTermsInBlock = 16;      // of the dictionary
inline constexpr uint32_t kRowsInGroup = 16;       // documents whose rows have one place
inline constexpr uint32_t kSuperBlock = 32;        // blocks of postings with one entry
inline constexpr uint32_t kPostingsInBlock = 128;

// At the start of a segment. Sections lie behind each other; each begins where its field says and
// ends where the next one begins.
struct TextHeader {
  uint16_t layout;
  uint16_t flags;
  uint32_t documents;
  uint32_t terms;
  uint32_t reserved;  // 0
  uint64_t postings;
  uint64_t length_sum;
  uint64_t lengths_at;  // slots begin behind the header
  uint64_t index_at;
  uint64_t dictionary_at;
  uint64_t postings_at;
  uint64_t numbers_at;  // of terms by how often they occur
  uint64_t row_places_at;
  uint64_t rows_at;
  uint64_t size;  // of the segment
};
static_assert(sizeof(TextHeader) == 96, "as the format has it");

}  // namespace vdb
