// A query of words, as it was analyzed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vdb {

struct TextClause {
  enum class Kind : uint8_t {
    kTerm,    // one word
    kPhrase,  // words behind each other; nothing stands for a gap, where any word may be
    kPrefix,  // any word that begins so
  };
  Kind kind = Kind::kTerm;
  std::vector<std::optional<std::string>> words;  // one, but for a phrase
};

enum class TextOperator : uint8_t { kOr, kAnd };

// The best documents by score, equal ones by slot. With `ties`, also those behind the k-th whose
// score is equal to its.
struct TextSearchParameters {
  uint64_t k = 10;
  TextOperator all = TextOperator::kOr;
  bool ties = true;
  bool prune = true;  // false: every document that matches is scored; for tests
};

struct TextHit {
  double score;
  uint32_t slot;
};

}  // namespace vdb
