#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "bindings/arrays.h"
#include "bindings/bind.h"
#include "bindings/python_source.h"
#include "search/filtered_scan.h"

namespace vdb::bindings {

using namespace nb::literals;

void bind_searches(nb::class_<Index>& index) {
  index
      .def(
          "search",
          [](const Index& index, nb::object fetch, const Rows& queries, uint32_t k, uint32_t ef,
             uint32_t threads) {
            check_queries(queries, index.state().shape);
            PythonSource source(fetch);
            k = std::min(k, index.state().slots);
            const auto answers = source.run([&] {
              return index.search(source, bytes_of(queries),
                                  static_cast<uint32_t>(queries.shape(0)), k, ef, threads);
            });
            return answer_arrays(answers, k);
          },
          "fetch"_a, "queries"_a, "k"_a, "ef"_a, "threads"_a = 1,
          "(slots u32 (n, k), values f64 (n, k), counts u32 (n,)), best first, ties by slot; k is "
          "cut to the number of slots.")
      .def(
          "count_distances",
          [](const Index& index, nb::object fetch, const Rows& queries, uint32_t k, uint32_t ef,
             uint32_t threads) {
            check_queries(queries, index.state().shape);
            PythonSource source(fetch);
            std::vector<uint32_t> computed;
            source.run([&] {
              return index.search(source, bytes_of(queries),
                                  static_cast<uint32_t>(queries.shape(0)), k, ef, threads,
                                  &computed);
            });
            return slot_array(computed);
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
            const auto answers = source.run([&] {
              return index.scan(source, bytes_of(queries), static_cast<uint32_t>(queries.shape(0)),
                                k, threads, other);
            });
            return answer_arrays(answers, k);
          },
          "fetch"_a, "queries"_a, "k"_a, "threads"_a = 1, "metric"_a.none() = nb::none(),
          "The same, exactly; under another metric than the index's own when one is named.")
      .def(
          "scan_allowed",
          [](const Index& index, nb::object fetch, const Rows& queries, const Bits& bits,
             size_t count, uint32_t k, uint32_t threads) {
            check_queries(queries, index.state().shape);
            const Allowed allowed = allowed_of(index, bits, count);
            PythonSource source(fetch);
            k = static_cast<uint32_t>(std::min<size_t>(k, count));
            const auto answers = source.run([&] {
              return index.scan_allowed(source, bytes_of(queries),
                                        static_cast<uint32_t>(queries.shape(0)), allowed, k,
                                        threads);
            });
            return answer_arrays(answers, k);
          },
          "fetch"_a, "queries"_a, "bits"_a, "count"_a, "k"_a, "threads"_a = 1,
          "The same, exactly, among the slots whose bits are set, `count` of them; k is cut to "
          "that.")
      .def(
          "search_among",
          [](const Index& index, nb::object fetch, const Rows& queries, const Bits& bits,
             size_t count, uint32_t k, uint32_t ef, uint32_t threads) {
            check_queries(queries, index.state().shape);
            const Allowed allowed = allowed_of(index, bits, count);
            PythonSource source(fetch);
            const auto rows = static_cast<uint32_t>(queries.shape(0));
            k = static_cast<uint32_t>(std::min<size_t>(k, count));
            uint64_t* compared;
            uint8_t* switched;
            auto compared_out = make_array<uint64_t, 1>({rows}, &compared);
            auto switched_out = make_array<uint8_t, 1>({rows}, &switched);
            const auto answers = source.run([&] {
              return index.search_among(source, bytes_of(queries), rows, allowed, k, ef, threads,
                                        compared, switched);
            });
            return std::tuple_cat(answer_arrays(answers, k),
                                  std::make_tuple(compared_out, switched_out));
          },
          "fetch"_a, "queries"_a, "bits"_a, "count"_a, "k"_a, "ef"_a, "threads"_a = 1,
          "Through the graph among the slots whose bits are set, `count` of them; and (compared "
          "u64 (n,), switched u8 (n,)): vectors each query was compared with, and whether the walk "
          "gave way to a scan. k is cut to `count`.");
}

}  // namespace vdb::bindings
