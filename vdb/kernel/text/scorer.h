// The arithmetic of BM25 in the engines: their formulas, in their precision and order of steps.
//
// Every number is a double. In the families that compute in float32 it holds a float32 number, and
// each step is rounded as theirs is. docs/reference/lexical.md has sources and versions.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace vdb {

// How one engine computes. What the rows of `kScoringFamilies` say is told apart by these alone.
enum class ScoringFamily : uint8_t {
  kNative,          // vdb's own
  kLucene,          // Lucene 8 and later: OpenSearch 3
  kLuceneLegacy,    // LegacyBM25Similarity, with a boost of 1 + k1: Elasticsearch, OpenSearch 2
  kTantivy,         // tantivy
  kVespa,           // Vespa's feature bm25
  kFts5,            // SQLite FTS5's bm25(), without its minus
  kRankBm25Okapi,   // rank_bm25's classes
  kRankBm25L,       //
  kRankBm25Plus,    //
  kBm25sLucene,     // bm25s by `method`
  kBm25sRobertson,  //
  kBm25sAtire,      //
  kBm25sL,          //
  kBm25sPlus,       //
};

// What adds up scores of several clauses.
enum class ScoreSum : uint8_t {
  kDouble,           // float64
  kFloat,            // float32
  kDoubleThenFloat,  // float64, rounded to float32 once
};

// What a clause of several words counts.
enum class PhraseIdf : uint8_t {
  kSum,    // the sum of the idf of its words
  kCount,  // the idf of the number of documents with the phrase
};
enum class PrefixScore : uint8_t {
  kOccurrences,  // as of one word that occurs where any of them does
  kConstant,     // 1
};

// What a document without a word has for it, where others with it do.
enum class AbsentScore : uint8_t {
  kNone,
  kInPlace,  // the formula with tf = 0, where the clause stands in the sum
  kBase,     // the same, but added for all clauses at once behind the sum of what is above it
};

struct ScoringSpec {
  const char* name;
  ScoreSum sum;
  PhraseIdf phrase;
  PrefixScore prefix;
  AbsentScore absent;
  bool length_byte;     // the length is rounded down to one of the 256 of Lucene's norms
  bool boosts;          // a word that is repeated in the query counts once, with a larger weight
  double k1, b, delta;  // defaults
};

const ScoringSpec& spec_of(ScoringFamily family);
// Throws std::invalid_argument.
ScoringFamily scoring_family_named(const std::string& name);
std::vector<std::string> scoring_family_names();

struct ScorerParameters {
  ScoringFamily family = ScoringFamily::kNative;
  uint64_t documents = 0;   // N
  uint64_t length_sum = 0;  // sum of dl over them
  double k1 = 1.2, b = 0.75, delta = 0;
  double negative_idf = 0;  // in place of an idf below 0 (rank_bm25's Okapi)
};

// Lucene's lengths in one byte: SmallFloat.intToByte4 and byte4ToInt.
uint8_t length_to_byte(uint32_t length);
uint32_t length_of_byte(uint8_t byte);

// What a clause of a query is worth.
struct ClauseWeight {
  double weight = 0;
  double absent = 0;  // score of a document without it
};

class Scorer {
 public:
  // Throws std::invalid_argument for numbers that are not finite, k1 < 0 or b outside 0 to 1.
  explicit Scorer(const ScorerParameters& parameters);

  const ScorerParameters& parameters() const { return parameters_; }
  const ScoringSpec& spec() const { return spec_of(parameters_.family); }

  // Throws std::invalid_argument where more documents have the word than there are.
  double idf(uint64_t df) const;
  // idf of a phrase from those of its words.
  double idf_sum(const std::vector<double>& idfs) const;
  // What a clause that stands `count` times in the query is worth.
  ClauseWeight weight(double idf, uint32_t count = 1) const;

  // The length as the formula sees it, and what the formula makes of it.
  uint32_t seen_length(uint32_t length) const;
  double norm(uint32_t length) const;
  // norm() of the lengths of Lucene's 256 bytes, and of the lengths below kTableLengths.
  const double* byte_norms() const { return byte_norms_; }
  const std::vector<double>& norms() const;
  static constexpr uint32_t kTableLengths = 1024;

  // The score of a clause with this many occurrences, at least 1, by `norm`; where the family has
  // kBase, what is above the absent score. It rises with tf and falls with the length where
  // `rises`, but for errors of rounding.
  double score(const ClauseWeight& clause, uint32_t tf, double norm) const;
  // The same for an idf of 1: what the formula makes of tf and length.
  double tf_part(uint32_t tf, uint32_t length) const;
  bool rises(const ClauseWeight& clause) const { return clause.weight >= 0 && finite_average_; }
  // The sum of n clauses in their order. scores[i] is that of `score`; where present[i] is false
  // the document lacks the clause.
  double sum(const ClauseWeight* clauses, const double* scores, const bool* present,
             size_t n) const;

 private:
  double absent(double idf) const;

  ScorerParameters parameters_;
  double average_ = 0;
  bool finite_average_ = false;
  double byte_norms_[256] = {};
  mutable std::once_flag norms_made_;
  mutable std::vector<double> norms_;
};

}  // namespace vdb
