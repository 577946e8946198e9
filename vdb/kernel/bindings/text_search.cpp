#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "bindings/arrays.h"
#include "bindings/bind.h"
#include "bindings/python_source.h"
#include "bindings/text_segments.h"
#include "text/scorer.h"
#include "text/text_index.h"

namespace vdb::bindings {

using namespace nb::literals;

namespace {

using Clause = std::tuple<std::string, std::vector<std::optional<std::string>>>;

std::vector<TextClause> clauses_of(const std::vector<Clause>& query) {
  std::vector<TextClause> clauses;
  for (const auto& [kind, words] : query) {
    TextClause clause;
    if (kind == "term")
      clause.kind = TextClause::Kind::kTerm;
    else if (kind == "phrase")
      clause.kind = TextClause::Kind::kPhrase;
    else if (kind == "prefix")
      clause.kind = TextClause::Kind::kPrefix;
    else
      throw std::invalid_argument("query: expected term, phrase or prefix, got '" + kind + "'");
    clause.words = words;
    clauses.push_back(std::move(clause));
  }
  return clauses;
}

TextOperator operator_named(const std::string& name) {
  if (name == "or") return TextOperator::kOr;
  if (name == "and") return TextOperator::kAnd;
  throw std::invalid_argument("operator: expected 'or' or 'and', got '" + name + "'");
}

// An index, and the memory of its segments and bitmaps.
struct PythonTextIndex {
  PythonTextIndex() = default;
  PythonTextIndex(const PythonTextIndex&) = delete;
  PythonTextIndex& operator=(const PythonTextIndex&) = delete;

  std::vector<std::shared_ptr<PythonTextSegment>> segments;
  std::vector<BufferView> views;
  std::unique_ptr<TextIndex> index;
};

void make_index(PythonTextIndex* self,
                const std::vector<std::shared_ptr<PythonTextSegment>>& segments,
                const Bitmaps& deleted) {
  if (nb::len(deleted) != segments.size())
    throw std::invalid_argument("deleted: expected one for each segment");
  std::vector<BufferView> views;
  std::vector<std::shared_ptr<const TextSegment>> bare;
  std::vector<DeletedDocuments> bitmaps;
  for (size_t i = 0; i < segments.size(); ++i) {
    if (segments[i] == nullptr) throw nb::type_error("segments: expected TextSegment, got None");
    bare.push_back(segments[i]->segment);
    const nb::object bits = deleted[i];
    bitmaps.emplace_back();
    if (bits.is_none()) continue;
    views.emplace_back(bits);
    bitmaps.back() = {views.back().data(), views.back().size()};
  }
  new (self) PythonTextIndex();
  self->segments = segments;
  self->views = std::move(views);
  self->index = std::make_unique<TextIndex>(std::move(bare), std::move(bitmaps));
}

std::tuple<Output<uint32_t, 1>, Output<double, 1>> search(
    const PythonTextIndex& self, const std::vector<Clause>& query, const Scorer& scorer, uint64_t k,
    const std::string& all, const std::optional<Bits>& bits, bool ties, bool prune) {
  const std::vector<TextClause> clauses = clauses_of(query);
  const TextSearchParameters parameters{k, operator_named(all), ties, prune};
  SlotMask mask;
  if (bits) mask = {bits->data(), bits->shape(0)};
  PythonSource source{nb::handle()};
  const std::vector<TextHit> hits = source.run(
      [&] { return self.index->search(clauses, scorer, parameters, bits ? &mask : nullptr); });
  uint32_t* slots;
  double* scores;
  auto slot_out = make_array<uint32_t, 1>({hits.size()}, &slots);
  auto score_out = make_array<double, 1>({hits.size()}, &scores);
  for (size_t i = 0; i < hits.size(); ++i) {
    slots[i] = hits[i].slot;
    scores[i] = hits[i].score;
  }
  return {slot_out, score_out};
}

Output<uint32_t, 1> statistics(const PythonTextIndex& self, const std::vector<std::string>& terms) {
  PythonSource source{nb::handle()};
  return slot_array(source.run([&] {
    std::vector<uint32_t> counts;
    for (const std::string& term : terms)
      counts.push_back(static_cast<uint32_t>(self.index->document_frequency(term)));
    return counts;
  }));
}

}  // namespace

void bind_text_search(nb::module_& m) {
  nb::class_<Scorer> scorer(
      m, "TextScorer",
      "The arithmetic of one engine's BM25, in its precision and order of steps, "
      "over the statistics of a field. Immutable.");
  scorer
      .def(
          "__init__",
          [](Scorer* self, const std::string& family, uint64_t documents, uint64_t length_sum,
             std::optional<double> k1, std::optional<double> b, std::optional<double> delta,
             double negative_idf) {
            ScorerParameters parameters;
            parameters.family = scoring_family_named(family);
            const ScoringSpec& spec = spec_of(parameters.family);
            parameters.documents = documents;
            parameters.length_sum = length_sum;
            parameters.k1 = k1.value_or(spec.k1);
            parameters.b = b.value_or(spec.b);
            parameters.delta = delta.value_or(spec.delta);
            parameters.negative_idf = negative_idf;
            new (self) Scorer(parameters);
          },
          "family"_a, nb::kw_only(), "documents"_a, "length_sum"_a, "k1"_a.none() = nb::none(),
          "b"_a.none() = nb::none(), "delta"_a.none() = nb::none(), "negative_idf"_a = 0.0,
          "`documents` (N) and `length_sum` (the sum of dl over them) as the engine counts them; "
          "constants are the engine's unless they are given. `negative_idf` stands for an idf "
          "below "
          "0 (rank-bm25-okapi only). ValueError for an unknown family, k1 < 0, b outside 0 to 1.")
      .def_prop_ro("family", [](const Scorer& s) { return std::string(s.spec().name); })
      .def_prop_ro("k1", [](const Scorer& s) { return s.parameters().k1; })
      .def_prop_ro("b", [](const Scorer& s) { return s.parameters().b; })
      .def_prop_ro("delta", [](const Scorer& s) { return s.parameters().delta; })
      .def_prop_ro("documents", [](const Scorer& s) { return s.parameters().documents; })
      .def_prop_ro("length_sum", [](const Scorer& s) { return s.parameters().length_sum; })
      .def_prop_ro(
          "single", [](const Scorer& s) { return s.spec().sum != ScoreSum::kDouble; },
          "Whether scores are float32 numbers.")
      .def("idf", &Scorer::idf, "df"_a,
           "idf of a word that `df` documents have. ValueError for more than there are.")
      .def("idf_sum", &Scorer::idf_sum, "idfs"_a,
           "idf of a phrase whose words have these, where the engine adds them up.")
      .def("seen_length", &Scorer::seen_length, "length"_a,
           "The length that the formula works with: rounded down to Lucene's byte in the families "
           "lucene and tantivy.")
      .def("tf_part", &Scorer::tf_part, "tf"_a, "length"_a, "The score of a word with an idf of 1.")
      .def(
          "score",
          [](const Scorer& s, double idf, uint32_t tf, uint32_t length, uint32_t count) {
            const ClauseWeight weight = s.weight(idf, count);
            const bool present = tf > 0;
            const double score = present ? s.score(weight, tf, s.norm(length)) : 0;
            return s.sum(&weight, &score, &present, 1);
          },
          "idf"_a, "tf"_a, "length"_a, "count"_a = 1,
          "The score of a query of one clause for a document that has it `tf` times, 0 included; "
          "`count`: how often it stands in the query, where the engine makes that a larger "
          "weight.");

  m.def("text_families", &scoring_family_names, "Names of the formulas of TextScorer.");
  m.def("text_length_byte", &length_to_byte, "length"_a, "Lucene's byte of a length.");
  m.def("text_byte_length", &length_of_byte, "byte"_a, "The length that Lucene's byte stands for.");

  nb::class_<PythonTextIndex>(m, "TextIndex",
                              "The words of one text field at one moment. May be used by any "
                              "number of threads.")
      .def("__init__", &make_index, "segments"_a, "deleted"_a,
           "Its segments (list of TextSegment) and the deleted documents of each (bytes or None; "
           "bit o mod 8 of byte o div 8 for ordinal o, zeros behind the end).")
      .def_prop_ro(
          "documents", [](const PythonTextIndex& s) { return s.index->documents(); },
          "Documents that are not deleted, those without tokens included.")
      .def_prop_ro(
          "length_sum", [](const PythonTextIndex& s) { return s.index->length_sum(); },
          "Tokens of these documents.")
      .def("statistics", &statistics, "terms"_a,
           "df of each term, u32 (n,): how many documents have it that are not deleted.")
      .def(
          "prefix",
          [](const PythonTextIndex& s, const std::string& text, size_t limit) {
            PythonSource source{nb::handle()};
            return source.run([&] { return s.index->prefix(text, limit); });
          },
          "text"_a, "limit"_a,
          "Words that begin so and that a document has, sorted by their UTF-8, at most `limit`.")
      .def(
          "frequencies",
          [](const PythonTextIndex& s, uint32_t slot, const std::vector<std::string>& terms) {
            return s.index->frequencies(slot, terms);
          },
          "slot"_a, "terms"_a,
          "(tf of each term, length) of the document of a slot; None where there is none.")
      .def(
          "mean_okapi_idf",
          [](const PythonTextIndex& s, uint64_t documents) {
            PythonSource source{nb::handle()};
            return source.run([&] { return s.index->mean_okapi_idf(documents); });
          },
          "documents"_a,
          "Mean of log(N - df + 0.5) - log(df + 0.5) over all words, added up in the order in "
          "which they first occur, by slots (rank_bm25's average_idf); 0 without words.")
      .def("search", &search, "query"_a, "scorer"_a, "k"_a, nb::kw_only(), "operator"_a = "or",
           "bits"_a.none() = nb::none(), "ties"_a = true, "prune"_a = true,
           "(slots u32 (n,), scores f64 (n,)), best first, equal scores by slot: the k best, and "
           "with `ties` all behind them whose score equals that of the k-th. The query is a list "
           "of clauses in the order of the text: ('term', [word]), ('prefix', [beginning]) or "
           "('phrase', [words; None for a gap]). `bits`: only slots whose bit is set (bit s mod 8 "
           "of byte s div 8). Documents that match no clause are hits only in the families that "
           "score them. fts5's scores are without their minus. `prune` False scores every "
           "document, for tests.");
}

}  // namespace vdb::bindings
