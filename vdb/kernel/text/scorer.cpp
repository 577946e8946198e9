#include "text/scorer.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <stdexcept>

#include "text/formulas.h"

namespace vdb {
namespace {

using Family = ScoringFamily;

// In the order of the enumeration.
// clang-format off
constexpr ScoringSpec kScoringFamilies[] = {
    // name, sum, phrase, prefix, absent, length_byte, boosts, k1, b, delta
    {"native",          ScoreSum::kDouble,           PhraseIdf::kSum,    PrefixScore::kOccurrences,  AbsentScore::kNone,     false, false, 1.2, 0.75, 0},
    {"lucene",          ScoreSum::kDoubleThenFloat,  PhraseIdf::kSum,    PrefixScore::kConstant,     AbsentScore::kNone,     true,  true,  1.2, 0.75, 0},
    {"lucene-legacy",   ScoreSum::kDoubleThenFloat,  PhraseIdf::kSum,    PrefixScore::kConstant,     AbsentScore::kNone,     true,  true,  1.2, 0.75, 0},
    {"tantivy",         ScoreSum::kFloat,            PhraseIdf::kSum,    PrefixScore::kConstant,     AbsentScore::kNone,     true,  false, 1.2, 0.75, 0},
    {"vespa",           ScoreSum::kDouble,           PhraseIdf::kCount,  PrefixScore::kOccurrences,  AbsentScore::kNone,     false, false, 1.2, 0.75, 0},
    {"fts5",            ScoreSum::kDouble,           PhraseIdf::kCount,  PrefixScore::kOccurrences,  AbsentScore::kNone,     false, false, 1.2, 0.75, 0},
    {"rank-bm25-okapi", ScoreSum::kDouble,           PhraseIdf::kSum,    PrefixScore::kOccurrences,  AbsentScore::kNone,     false, false, 1.5, 0.75, 0},
    {"rank-bm25-l",     ScoreSum::kDouble,           PhraseIdf::kSum,    PrefixScore::kOccurrences,  AbsentScore::kNone,     false, false, 1.5, 0.75, 0.5},
    {"rank-bm25-plus",  ScoreSum::kDouble,           PhraseIdf::kSum,    PrefixScore::kOccurrences,  AbsentScore::kInPlace,  false, false, 1.5, 0.75, 1},
    {"bm25s-lucene",    ScoreSum::kFloat,            PhraseIdf::kSum,    PrefixScore::kOccurrences,  AbsentScore::kNone,     false, false, 1.5, 0.75, 0.5},
    {"bm25s-robertson", ScoreSum::kFloat,            PhraseIdf::kSum,    PrefixScore::kOccurrences,  AbsentScore::kNone,     false, false, 1.5, 0.75, 0.5},
    {"bm25s-atire",     ScoreSum::kFloat,            PhraseIdf::kSum,    PrefixScore::kOccurrences,  AbsentScore::kNone,     false, false, 1.5, 0.75, 0.5},
    {"bm25s-bm25l",     ScoreSum::kFloat,            PhraseIdf::kSum,    PrefixScore::kOccurrences,  AbsentScore::kBase,     false, false, 1.5, 0.75, 0.5},
    {"bm25s-bm25+",     ScoreSum::kFloat,            PhraseIdf::kSum,    PrefixScore::kOccurrences,  AbsentScore::kBase,     false, false, 1.5, 0.75, 0.5},
};
// clang-format on

constexpr uint32_t kFreeLengths = 24;  // lengths below have a byte each
constexpr uint32_t kLongestVespa = 65535;

float single(double value) { return static_cast<float>(value); }

// log(1 + (N - n + 0.5) / (n + 0.5))
double lucene_idf(double N, double n) { return std::log(1 + (N - n + 0.5) / (n + 0.5)); }

float tantivy_idf(uint64_t N, uint64_t n) {
  const float x = (static_cast<float>(N - n) + 0.5f) / (static_cast<float>(n) + 0.5f);
  return std::log(1.0f + x);
}

}  // namespace

const ScoringSpec& spec_of(ScoringFamily family) {
  return kScoringFamilies[static_cast<size_t>(family)];
}

ScoringFamily scoring_family_named(const std::string& name) {
  for (size_t i = 0; i < std::size(kScoringFamilies); ++i)
    if (name == kScoringFamilies[i].name) return static_cast<Family>(i);
  std::string names;
  for (const ScoringSpec& spec : kScoringFamilies)
    names += (names.empty() ? "" : ", ") + std::string(spec.name);
  throw std::invalid_argument("family: expected one of " + names + ", got '" + name + "'");
}

std::vector<std::string> scoring_family_names() {
  std::vector<std::string> names;
  for (const ScoringSpec& spec : kScoringFamilies) names.emplace_back(spec.name);
  return names;
}

uint8_t length_to_byte(uint32_t length) {
  if (length < kFreeLengths) return static_cast<uint8_t>(length);
  const uint32_t rest = length - kFreeLengths;
  if (rest < 16) return static_cast<uint8_t>(length);
  uint32_t shift = 0;
  while (rest >> shift >= 16) ++shift;
  return static_cast<uint8_t>(kFreeLengths + ((rest >> shift & 7) | (shift + 1) << 3));
}

uint32_t length_of_byte(uint8_t byte) {
  if (byte < kFreeLengths) return byte;
  const uint32_t code = byte - kFreeLengths, bits = code & 7, exponent = code >> 3;
  return kFreeLengths + (exponent == 0 ? bits : (bits | 8) << (exponent - 1));
}

Scorer::Scorer(const ScorerParameters& parameters) : parameters_(parameters) {
  const ScorerParameters& p = parameters_;
  if (!(p.k1 >= 0) || !std::isfinite(p.k1))
    throw std::invalid_argument("k1: expected a number of at least 0, got " + std::to_string(p.k1));
  if (!(p.b >= 0 && p.b <= 1))
    throw std::invalid_argument("b: expected a number from 0 to 1, got " + std::to_string(p.b));
  if (!std::isfinite(p.delta) || !(p.delta >= 0))
    throw std::invalid_argument("delta: expected a number of at least 0, got " +
                                std::to_string(p.delta));
  if (!std::isfinite(p.negative_idf))
    throw std::invalid_argument("negative_idf: expected a finite number, got " +
                                std::to_string(p.negative_idf));
  if (p.documents > 0) {
    const double documents = static_cast<double>(p.documents),
                 sum = static_cast<double>(p.length_sum);
    if (p.family == Family::kLucene || p.family == Family::kLuceneLegacy)
      average_ = single(sum / documents);
    else if (p.family == Family::kTantivy)
      average_ = static_cast<float>(p.length_sum) / static_cast<float>(p.documents);
    else
      average_ = sum / documents;
  }
  finite_average_ = average_ > 0 && std::isfinite(average_);
  for (uint32_t byte = 0; byte < 256; ++byte)
    byte_norms_[byte] = norm(length_of_byte(static_cast<uint8_t>(byte)));
}

const std::vector<double>& Scorer::norms() const {
  std::call_once(norms_made_, [this] {
    std::vector<double> norms(kTableLengths);
    for (uint32_t length = 0; length < kTableLengths; ++length) norms[length] = norm(length);
    norms_ = std::move(norms);
  });
  return norms_;
}

double Scorer::idf(uint64_t df) const {
  if (df > parameters_.documents)
    throw std::invalid_argument("documents: expected at least the " + std::to_string(df) +
                                " that have a word, got " + std::to_string(parameters_.documents));
  const double N = static_cast<double>(parameters_.documents), n = static_cast<double>(df);
  switch (parameters_.family) {
    case Family::kNative:
      return lucene_idf(N, n);
    case Family::kLucene:
    case Family::kLuceneLegacy:
      return single(lucene_idf(N, n));
    case Family::kTantivy:
      return tantivy_idf(parameters_.documents, df);
    case Family::kVespa:
      return lucene_idf(N, std::max(n, 1.0));
    case Family::kFts5: {
      const double idf = std::log((N - n + 0.5) / (n + 0.5));
      return idf <= 0 ? 1e-6 : idf;
    }
    case Family::kRankBm25Okapi: {
      const double idf = std::log(N - n + 0.5) - std::log(n + 0.5);
      return idf < 0 ? parameters_.negative_idf : idf;
    }
    case Family::kRankBm25L:
      return std::log(N + 1) - std::log(n + 0.5);
    case Family::kRankBm25Plus:
      return df == 0 ? 0 : std::log((N + 1) / n);
    case Family::kBm25sLucene:
      return single(lucene_idf(N, n));
    case Family::kBm25sRobertson:
      return single(std::log(std::max(1.0, (N - n + 0.5) / (n + 0.5))));
    case Family::kBm25sAtire:
      return df == 0 ? 0 : single(std::log(N / n));
    case Family::kBm25sL:
      return std::log((N + 1) / (n + 0.5));
    case Family::kBm25sPlus:
      return df == 0 ? 0 : std::log((N + 1) / n);
  }
  return 0;
}

double Scorer::idf_sum(const std::vector<double>& idfs) const {
  if (spec().sum == ScoreSum::kFloat) {
    float sum = 0;
    for (const double idf : idfs) sum += single(idf);
    return sum;
  }
  double sum = 0;
  for (const double idf : idfs) sum += idf;
  return spec().sum == ScoreSum::kDoubleThenFloat ? single(sum) : sum;
}

ClauseWeight Scorer::weight(double idf, uint32_t count) const {
  switch (parameters_.family) {
    case Family::kLucene:
      return {static_cast<float>(count) * single(idf), 0};
    case Family::kLuceneLegacy:
      return {static_cast<float>(count) * (1.0f + single(parameters_.k1)) * single(idf), 0};
    case Family::kTantivy:
      return {single(idf) * (1.0f + single(parameters_.k1)), 0};
    case Family::kVespa:
      return {idf * (parameters_.k1 + 1), 0};
    case Family::kBm25sL:
    case Family::kBm25sPlus:
      return {single(idf), absent(idf)};
    default:
      return {idf, absent(idf)};
  }
}

uint32_t Scorer::seen_length(uint32_t length) const {
  if (spec().length_byte) return length_of_byte(length_to_byte(length));
  return parameters_.family == Family::kVespa ? std::min(length, kLongestVespa) : length;
}

double Scorer::norm(uint32_t length) const {
  const double k1 = parameters_.k1, b = parameters_.b, dl = seen_length(length);
  switch (parameters_.family) {
    case Family::kLucene:
    case Family::kLuceneLegacy: {
      const float fk1 = single(k1), fb = single(b);
      return 1.0f / (fk1 * ((1.0f - fb) + fb * single(dl) / single(average_)));
    }
    case Family::kTantivy: {
      const float fk1 = single(k1), fb = single(b);
      return fk1 * (1.0f - fb + fb * single(dl) / single(average_));
    }
    case Family::kVespa:
      return k1 * (1.0 - b) + k1 * b * (dl / average_);
    case Family::kRankBm25L:
    case Family::kBm25sL:
      return 1 - b + b * dl / average_;
    default:
      return k1 * (1 - b + b * dl / average_);
  }
}

double Scorer::score(const ClauseWeight& clause, uint32_t tf, double norm) const {
  return with_family(parameters_.family, [&](auto family) {
    return formula_score<decltype(family)::value>(parameters_, clause, tf, norm);
  });
}

double Scorer::tf_part(uint32_t tf, uint32_t length) const {
  return score(weight(1), tf, norm(length));
}

double Scorer::absent(double idf) const {
  const double k1 = parameters_.k1, delta = parameters_.delta;
  switch (parameters_.family) {
    case Family::kRankBm25Plus:
      return idf * delta;
    case Family::kBm25sL:
      return single(idf * ((k1 + 1) * delta / (k1 + delta)));
    case Family::kBm25sPlus:
      return single(idf * delta);
    default:
      return 0;
  }
}

double Scorer::sum(const ClauseWeight* clauses, const double* scores, const bool* present,
                   size_t n) const {
  const AbsentScore rule = spec().absent;
  if (spec().sum == ScoreSum::kFloat) {
    float sum = 0, base = 0;
    for (size_t i = 0; i < n; ++i) {
      if (present[i]) sum += single(scores[i]);
      base += single(clauses[i].absent);
    }
    return rule == AbsentScore::kBase ? sum + base : sum;
  }
  double sum = 0;
  for (size_t i = 0; i < n; ++i) {
    if (present[i])
      sum += scores[i];
    else if (rule == AbsentScore::kInPlace)
      sum += clauses[i].absent;
  }
  return spec().sum == ScoreSum::kDoubleThenFloat ? single(sum) : sum;
}

}  // namespace vdb
