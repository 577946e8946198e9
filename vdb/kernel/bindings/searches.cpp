#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "bindings/arrays.h"
#include "bindings/bind.h"
#include "bindings/python_source.h"

namespace vdb::bindings {

using namespace nb::literals;

namespace {

// Answers and stats of a filtered search.
std::tuple<HitArrays, Output<uint64_t, 1>, Output<uint8_t, 1>> filtered_search(
    const Index& index, nb::handle fetch, const Rows& queries, const Bits& bits, size_t count,
    uint32_t k, uint32_t ef, uint32_t threads, Duplicates duplicates) {
  check_queries(queries, index.state().shape);
  const FilterSet filter = filter_of(index, bits, count);
  PythonSource source(fetch);
  const auto rows = static_cast<uint32_t>(queries.shape(0));
  k = static_cast<uint32_t>(std::min<size_t>(k, count));
  const Index::SearchResults results = source.run([&] {
    return index.search(source, bytes_of(queries), rows, {k, ef, duplicates}, threads, &filter);
  });
  uint64_t* compared;
  uint8_t* scanned;
  auto compared_out = make_array<uint64_t, 1>({rows}, &compared);
  auto scanned_out = make_array<uint8_t, 1>({rows}, &scanned);
  for (uint32_t i = 0; i < rows; ++i) {
    compared[i] = results.stats[i].distances;
    scanned[i] = results.stats[i].scan;
  }
  return {hit_arrays(results.hits, k), compared_out, scanned_out};
}

HitArrays search(const Index& index, nb::handle fetch, const Rows& queries, uint32_t k, uint32_t ef,
                 uint32_t threads, Duplicates duplicates) {
  check_queries(queries, index.state().shape);
  PythonSource source(fetch);
  k = std::min(k, index.state().slots);
  const Index::SearchResults results = source.run([&] {
    return index.search(source, bytes_of(queries), static_cast<uint32_t>(queries.shape(0)),
                        {k, ef, duplicates}, threads);
  });
  return hit_arrays(results.hits, k);
}

}  // namespace

void bind_searches(nb::class_<Index>& index) {
  index
      .def(
          "search",
          [](const Index& index, nb::object fetch, const Rows& queries, uint32_t k, uint32_t ef,
             uint32_t threads) {
            return search(index, fetch, queries, k, ef, threads, Duplicates::kIncluded);
          },
          "fetch"_a, "queries"_a, "k"_a, "ef"_a, "threads"_a = 1,
          "(slots u32 (n, k), values f64 (n, k), counts u32 (n,)), best first, ties by slot; k is "
          "cut to the number of slots.")
      .def(
          "search_nodes",
          [](const Index& index, nb::object fetch, const Rows& queries, uint32_t k, uint32_t ef,
             uint32_t threads) {
            return search(index, fetch, queries, k, ef, threads, Duplicates::kExcluded);
          },
          "fetch"_a, "queries"_a, "k"_a, "ef"_a, "threads"_a = 1,
          "As search, but of vectors that are equal number for number only the node that stands "
          "for them.")
      .def(
          "count_distances",
          [](const Index& index, nb::object fetch, const Rows& queries, uint32_t k, uint32_t ef,
             uint32_t threads) {
            check_queries(queries, index.state().shape);
            PythonSource source(fetch);
            const Index::SearchResults results = source.run([&] {
              return index.search(source, bytes_of(queries),
                                  static_cast<uint32_t>(queries.shape(0)), {k, ef}, threads);
            });
            std::vector<uint32_t> distances;
            for (const SearchStats& stats : results.stats)
              distances.push_back(static_cast<uint32_t>(stats.distances));
            return slot_array(distances);
          },
          "fetch"_a, "queries"_a, "k"_a, "ef"_a, "threads"_a = 1,
          "How many distances each of these searches computes, u32 (n,).")
      .def(
          "scan",
          [](const Index& index, nb::object fetch, const Rows& queries, uint32_t k,
             uint32_t threads, const std::optional<std::string>& metric) {
            check_queries(queries, index.state().shape);
            PythonSource source(fetch);
            k = std::min(k, index.state().slots);
            std::optional<Metric> other;
            if (metric) other = metric_named(*metric, index.state().shape.dtype);
            const Index::Hits hits = source.run([&] {
              return index.scan(source, bytes_of(queries), static_cast<uint32_t>(queries.shape(0)),
                                k, threads, nullptr, other);
            });
            return hit_arrays(hits, k);
          },
          "fetch"_a, "queries"_a, "k"_a, "threads"_a = 1, "metric"_a.none() = nb::none(),
          "As search, exactly; under another metric than the index's own when one is named.")
      .def(
          "scan_filtered",
          [](const Index& index, nb::object fetch, const Rows& queries, const Bits& bits,
             size_t count, uint32_t k, uint32_t threads) {
            check_queries(queries, index.state().shape);
            const FilterSet filter = filter_of(index, bits, count);
            PythonSource source(fetch);
            k = static_cast<uint32_t>(std::min<size_t>(k, count));
            const Index::Hits hits = source.run([&] {
              return index.scan(source, bytes_of(queries), static_cast<uint32_t>(queries.shape(0)),
                                k, threads, &filter);
            });
            return hit_arrays(hits, k);
          },
          "fetch"_a, "queries"_a, "bits"_a, "count"_a, "k"_a, "threads"_a = 1,
          "As search, exactly, among the slots whose bits are set, `count` of them; k is cut to "
          "`count`.")
      .def(
          "search_filtered",
          [](const Index& index, nb::object fetch, const Rows& queries, const Bits& bits,
             size_t count, uint32_t k, uint32_t ef, uint32_t threads) {
            auto [hits, compared, scanned] = filtered_search(index, fetch, queries, bits, count, k,
                                                             ef, threads, Duplicates::kIncluded);
            return std::tuple_cat(hits, std::make_tuple(compared, scanned));
          },
          "fetch"_a, "queries"_a, "bits"_a, "count"_a, "k"_a, "ef"_a, "threads"_a = 1,
          "As search, among the slots whose bits are set, `count` of them; and (compared u64 (n,), "
          "scanned u8 (n,)): vectors each query was compared with, and whether they were scanned "
          "because a walk did not do. k is cut to `count`.")
      .def(
          "search_nodes_filtered",
          [](const Index& index, nb::object fetch, const Rows& queries, const Bits& bits,
             size_t count, uint32_t k, uint32_t ef, uint32_t threads) {
            auto [hits, compared, failed] = filtered_search(index, fetch, queries, bits, count, k,
                                                            ef, threads, Duplicates::kExcluded);
            return std::tuple_cat(hits, std::make_tuple(failed));
          },
          "fetch"_a, "queries"_a, "bits"_a, "count"_a, "k"_a, "ef"_a, "threads"_a = 1,
          "As search_nodes, among the slots whose bits are set, `count` of them: nodes that stand "
          "for one at least; and failed u8 (n,): queries for which a walk did not do, which have "
          "no "
          "hits.");
}

}  // namespace vdb::bindings
